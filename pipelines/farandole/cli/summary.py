"""How a run ended, as a person reads it at the end of `farandole run`."""

from __future__ import annotations

import shlex

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from farandole.api import Gain, Outcome
from farandole.cli.figures import decimals, duration, figure
from farandole.cli.options import STATE
from farandole.flows.local import Ran
from farandole.flows.state import State

KNOWN = "Trained before: nothing was computed. Another training.seed trains again on purpose."


def summary(ran: Ran, state: State, confidence: float) -> RenderableType:
    """Lay out the decision, the rivals it rests on, and where everything lies."""
    outcome = ran.outcome
    parts: list[RenderableType] = [Text(), headline(outcome, ran.known)]
    if outcome.value is not None:
        parts += [Text(), Padding(rivals_table(outcome, confidence), (0, 0, 0, 2))]
    return Group(*parts, Text(), Padding(places_table(ran, state), (0, 0, 0, 2)))


def headline(outcome: Outcome, known: bool) -> Text:
    """Say what was decided."""
    style = "bold red" if outcome.refused else "bold green"
    line = Text.assemble((f"{outcome.name}: ", "bold"), (outcome.sentence, style))
    if known:
        line.append(f"\n{KNOWN}", style="dim")
    return line


def rivals_table(outcome: Outcome, confidence: float) -> Table:
    """Lay out the model and each rival on the same test rows, with the gain's interval."""
    gains = outcome.gains
    rivals = [*outcome.baselines, *(name for name in gains if name not in outcome.baselines)]
    value = outcome.value or 0.0
    places = decimals([value, *outcome.baselines.values()])
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    table.add_column(outcome.metric, justify="right")
    table.add_column("gain", justify="right")
    table.add_column(f"{confidence * 100:.4g} % interval", no_wrap=True)
    table.add_column("")
    table.add_row(Text("this model", "bold"), Text(figure(value, places), "bold"))
    for name in rivals:
        rival = outcome.baselines.get(name)
        shown = "" if rival is None else figure(rival, places)
        table.add_row(escape(name), shown, *_gain(gains.get(name), places))
    return table


def places_table(ran: Ran, state: State) -> Table:
    """Say what was registered, where to look, and where the time went."""
    outcome = ran.outcome
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("registered", Text(_registered(outcome)))
    if ran.report is not None:
        table.add_row("report", Text(str(ran.report)))
    table.add_row("curves", Text(f"farandole ui{_state_option(state)}"))
    if outcome.left_out:
        table.add_row("left out", f"{outcome.left_out:,} rows; the report lists them")
    table.add_row("identity", outcome.identity[:16])
    if ran.seconds:
        table.add_row("time", f"{duration(ran.elapsed)}: {_steps(ran.seconds)}")
    elif outcome.seconds:
        table.add_row("time then", _steps(outcome.seconds))
    if outcome.training:
        table.add_row("training", Text(outcome.training))
    return table


def _gain(gain: Gain | None, places: int) -> tuple[str, str, Text]:
    if gain is None:
        return "", "", Text("not compared", "dim")
    bounds = f"{_signed(gain.low, places)} to {_signed(gain.high, places)}"
    return _signed(gain.difference, places), bounds, _standing(gain)


def _standing(gain: Gain) -> Text:
    if gain.low > 0:
        return Text("better", "green")
    return Text("worse", "red") if gain.high < 0 else Text("may be chance", "yellow")


def _signed(value: float, places: int) -> str:
    return f"{value:+,.{places}f}"


def _registered(outcome: Outcome) -> str:
    if outcome.version is None:
        return f"nothing under {outcome.registered_model}"
    version = f"{outcome.registered_model} version {outcome.version}"
    if outcome.alias is None:
        return f"{version}; no alias was moved"
    return f"{version}, alias {outcome.alias}"


def _steps(seconds: dict[str, float]) -> str:
    return " · ".join(f"{step} {duration(spent)}" for step, spent in seconds.items())


def _state_option(state: State) -> str:
    return (
        ""
        if state.folder.absolute() == STATE.absolute()
        else f" --state {shlex.quote(str(state.folder))}"
    )
