"""`farandole predict`: a registered model on files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from farandole.cli.chatter import Shown, without_chatter
from farandole.cli.consoles import err, out
from farandole.cli.ending import ending
from farandole.cli.figures import decimals, figure
from farandole.cli.options import STATE, Json, StateFolder, registered
from farandole.cli.watching import watching
from farandole.flows.events import Started
from farandole.flows.state import State

if TYPE_CHECKING:
    from farandole.registry import Prediction


def predict(
    model: Annotated[
        str,
        typer.Argument(
            help="NAME, NAME@alias, NAME/version, or a model folder.",
            metavar="MODEL",
            autocompletion=registered,
        ),
    ],
    inputs: Annotated[
        list[Path], typer.Argument(help="Pictures, folders of them, or CSV and Parquet tables.")
    ],
    top: Annotated[int, typer.Option(help="Classes told for each input.", min=1)] = 5,
    state: StateFolder = STATE,
    json: Json = False,
) -> None:
    """Predict files with a registered model, from nothing but its artifact."""
    with ending(json):
        predictions = _predictions(model, inputs, top, State(state), silent=json)
        if json:
            lines = (each.model_dump_json(exclude_none=True) for each in predictions)
            typer.echo("[" + ",".join(lines) + "]")
        else:
            out().print(predictions_table(predictions))


def _predictions(
    model: str, inputs: list[Path], top: int, state: State, silent: bool
) -> list[Prediction]:
    with without_chatter() as real, watching(err(real), silent) as watch:
        watch(Started("predict"))
        from farandole import registry

        folder = (Path(model) / "MLmodel").is_file()
        tracker = None if folder else registry.open_tracker(state.tracking())
        return registry.predict(model, inputs, top, tracker, Shown("predict", watch))


def predictions_table(predictions: list[Prediction]) -> Table:
    """Lay out predictions, one input a line, the most probable class first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    regression = any(each.value is not None for each in predictions)
    places = decimals(each.value for each in predictions if each.value is not None)
    table.add_column("input", overflow="fold")
    table.add_column("value" if regression else "label", justify="right" if regression else "left")
    if not regression:
        table.add_column("probability", overflow="fold")
    for each in predictions:
        if each.value is not None:
            table.add_row(each.input, figure(each.value, places))
        else:
            table.add_row(each.input, each.label, _probabilities(each))
    return table


def _probabilities(prediction: Prediction) -> str:
    return ", ".join(f"{each.label} {each.probability:.1%}" for each in prediction.probabilities)
