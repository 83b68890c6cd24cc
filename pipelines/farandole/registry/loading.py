"""Where a model is meant by what a person types, and loading it from there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farandole.api.errors import DataError
from farandole.registry.artifact import BUNDLE
from farandole.registry.client import load_mlflow
from farandole.registry.tracking import Tracker, Version

if TYPE_CHECKING:
    import pandas as pd

REFERENCE = re.compile(r"(?:models:/)?(?P<name>[^/@:]+)(?:@(?P<alias>[\w-]+)|/(?P<number>\d+))?")
ALIAS = "champion"


@dataclass(frozen=True)
class LoadedModel:
    """An artifact on this machine; its network is loaded when the first row is predicted."""

    folder: Path

    @cached_property
    def bundle(self) -> dict[str, Any]:
        """The artifact's settings: kind, task, metric, classes, threshold, columns, identity."""
        settings: dict[str, Any] = json.loads((self.folder / BUNDLE).read_text(encoding="utf-8"))
        return settings

    @cached_property
    def _model(self) -> Any:
        return load_mlflow().pyfunc.load_model(str(self.folder))

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Predict raw rows: column `image`, or the table's columns; the index is kept.

        Returns `label`, `probability_<class>`... and `identity`, or `value` and `identity`.
        Raises DataError naming every row, by its index, that cannot be read.
        """
        model = self._model
        from mlflow.exceptions import MlflowException

        try:
            predicted: pd.DataFrame = model.predict(rows)
        except MlflowException as error:
            raise DataError(error.message) from error
        return predicted


def find(reference: str, tracker: Tracker | None) -> LoadedModel:
    """Find a model by its folder, `name`, `name@alias`, `name/number`, or as MLflow writes those.

    A name alone means its champion. Raises DataError when there is none such.
    """
    folder = Path(reference)
    if (folder / "MLmodel").is_file():
        return LoadedModel(folder)
    parts = REFERENCE.fullmatch(reference)
    if parts is None or tracker is None:
        raise DataError(
            f"{reference}: expected a model folder with a file MLmodel, name@alias or name/version"
        )
    version = _version(parts, tracker)
    if version is None:
        raise DataError(f"{reference}: expected a registered version, {_known(reference, tracker)}")
    return LoadedModel(tracker.fetch(version))


def _version(parts: re.Match[str], tracker: Tracker) -> Version | None:
    if parts["number"]:
        return tracker.version(parts["name"], int(parts["number"]))
    return tracker.at(parts["name"], parts["alias"] or ALIAS)


def _known(reference: str, tracker: Tracker) -> str:
    known = sorted(
        form
        for version in tracker.versions()
        for form in (
            f"{version.name}/{version.number}",
            *(f"{version.name}@{alias}" for alias in version.aliases),
        )
    )
    if not known:
        return "received a registry without any; --state names the folder that it lies in"
    near = get_close_matches(reference.removeprefix("models:/"), known, n=1, cutoff=0.5)
    advice = f"; did you mean {near[0]}?" if near else ""
    return f"registered are {', '.join(known)}{advice}"
