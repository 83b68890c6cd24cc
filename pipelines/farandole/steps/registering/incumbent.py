"""The version that serves now, found by the document's alias."""

from __future__ import annotations

from pathlib import Path

from farandole.api import Model
from farandole.registry.champion import Champion, champion
from farandole.registry.tracking import open_tracker
from farandole.steps.place import Place


def open_champion(place: Place, model: Model) -> Champion | None:
    """Find the version that the document's alias points at, None where there is none."""
    if "://" not in place.tracking and not (Path(place.tracking) / "mlflow.db").exists():
        return None
    tracker = open_tracker(place.tracking)
    return champion(tracker, model.registered_model, model.spec.promotion.alias)
