"""What the report, MLflow and the terminal are told of how well a training used its ranks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from farandole.api import Model
from farandole.ring.efficiency import Efficiency
from farandole.ring.scaling import Wire
from farandole.steps.registering.efficiency import (
    efficiency_points,
    efficiency_view,
    training_sentence,
)
from tests.support.api_documents import IMAGES, TABLE, document, read

SECONDS = {
    "input": 1.0,
    "compute": 7.0,
    "reduction": 1.0,
    "waiting": 1.0,
    **dict.fromkeys(("tracing", "checkpoint", "validation", "digest", "resume", "other"), 0.0),
}
FOUND = Efficiency(
    ranks=2,
    steps=101,
    rows_per_step=64.0,
    total=10.0,
    seconds=SECONDS,
    bytes_per_step=4000,
    wire=Wire(latency_seconds=1e-4, bytes_per_second=1e9),
)


def trained(model: Model, found: Efficiency | None = FOUND) -> Any:
    """The parameters of register, of which only these parts are read."""
    return SimpleNamespace(
        trained=SimpleNamespace(efficiency=found, steps=101),
        model=lambda: model,
        recipe=lambda: model.spec.recipe,
    )


def priced() -> Model:
    price = {"amount": 36.0, "currency": "EUR"}
    return read(document(IMAGES, placement={"workers": 2, "pricePerWorkerHour": price}))


def test_the_cost_is_that_of_all_workers_for_the_training() -> None:
    view = efficiency_view(trained(priced()))
    assert view is not None
    assert view.cost is not None
    assert view.cost.amount == pytest.approx(0.2)
    assert (view.cost.currency, view.rows) == ("EUR", "images")


def test_every_figure_becomes_a_metric_once() -> None:
    points = efficiency_points(trained(priced()))
    keys = [point.key for point in points]
    assert len(keys) == len(set(keys))
    assert {"efficiency.share.compute", "efficiency.wire.of_least"} <= set(keys)
    assert {point.step for point in points} == {101}
    cost = next(point.value for point in points if point.key == "efficiency.cost_EUR")
    assert cost == pytest.approx(0.2)


def test_the_sentence_names_speed_ranks_and_cost() -> None:
    said = training_sentence(trained(priced()))
    assert said == "646 images/s on 2 ranks, parallel efficiency 80.0 %, about 0.20 EUR"
    table = training_sentence(trained(read(document(TABLE))))
    assert table == "646 rows/s on 2 ranks, parallel efficiency 80.0 %"


def test_a_training_from_before_tells_nothing() -> None:
    older = trained(priced(), found=None)
    assert (efficiency_view(older), efficiency_points(older)) == (None, [])
    assert training_sentence(older) is None
