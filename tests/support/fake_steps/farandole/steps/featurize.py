# mypy: ignore-errors
# mypy takes the real steps for these, whose names they bear.
from __future__ import annotations

from farandole.api.progress import Progress
from farandole.steps import prepare
from farandole.steps.behaviour import behave
from farandole.steps.place import StepOutputs


class Parameters(prepare.Parameters):
    """What the steps before have left."""

    prepared: prepare.Outputs


class Outputs(StepOutputs):
    """Where the work lies."""

    key: str


def run(parameters: Parameters, progress: Progress) -> Outputs:
    behave("featurize", parameters.place, progress)
    return Outputs(key="a 'quoted' \"key\" of python3, ünïcode")
