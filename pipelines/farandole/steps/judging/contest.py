"""The candidate against the champion, on test rows that neither has seen."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from farandole.api import Recipe, identity
from farandole.api.promotion import Gate
from farandole.data.prepare import Prepared
from farandole.data.row import Row
from farandole.evaluation.champion import (
    ChampionComparison,
    against_champion,
    incomparable,
    not_comparable,
)
from farandole.evaluation.objective import Objective
from farandole.evaluation.overlap import unseen
from farandole.evaluation.predictions import Labels, Predictions
from farandole.registry.champion import Champion
from farandole.steps.fitting.fit import Fit
from farandole.steps.rows.dataset import Dataset
from farandole.steps.rows.raw_rows import raw_rows


def compare_with(
    incumbent: Champion,
    recipe: Recipe,
    gate: Gate,
    prepared: Prepared,
    test: Dataset,
    fitted: Fit,
    only_data_changed: bool,
) -> ChampionComparison:
    """Compare with the champion on test rows that the champion has not seen either."""
    index = new_to(incumbent.seen, test.rows)
    rows = test.take(index) if len(index) else None
    version = str(incumbent.version.number)
    mine = Objective(recipe.task.kind, recipe.metric, prepared.manifest.classes)
    theirs = Objective(incumbent.task, incumbent.metric, incumbent.classes)
    reason = not_comparable(mine, theirs, rows.held_out() if rows is not None else None)
    if reason is not None or rows is None:
        return incomparable(version, reason or "no test row is new to it")
    return against_champion(
        recipe.metric,
        version,
        rows.held_out(),
        fitted.predict(rows),
        _predict(incumbent, prepared, index),
        gate,
        not only_data_changed,
    )


def new_to(seen: Collection[str], rows: Sequence[Row]) -> Labels:
    """Return the positions of rows whose duplicate cluster has no row among the digests `seen`."""
    known = {row.cluster for row in rows if row.digest in seen}
    return np.flatnonzero(unseen([row.cluster for row in rows], known))


def _predict(incumbent: Champion, prepared: Prepared, index: Labels) -> Predictions:
    said = incumbent.model.predict(raw_rows(prepared, "test", index.tolist()))
    if not incumbent.classes:
        return Predictions(said["value"].to_numpy(np.float64))
    columns = [f"probability_{name}" for name in incumbent.classes]
    threshold = incumbent.model.bundle["threshold"]
    return Predictions(said[columns].to_numpy(np.float64), threshold)


def only_data_changed(
    champion: str, champion_data: str, declared: Recipe, builder: str | None
) -> bool:
    """Whether the document `declared`, on the champion's data, has the champion's own identity."""
    return identity(declared, champion_data, builder) == champion
