"""Test rows are closed to the processes of tune and train."""

from __future__ import annotations

from pathlib import Path

from farandole.data.sealing import seal_process, sealed
from farandole.data.store import Store
from farandole.steps import tune


def close_test_rows(store: Store, parameters: tune.Parameters) -> Store:
    """Return a store that refuses test rows, and keep this process from opening them otherwise."""
    denied = [
        f"{parameters.prepared.prefix}/test",
        f"{parameters.featurized.arrays}/test",
        "features",  # the cache holds features of every split
    ]
    places = [place for prefix in denied for place in store.places(prefix)]
    seal_process([*places, *_sources(parameters)])
    return sealed(store, denied)


def _sources(parameters: tune.Parameters) -> list[Path]:
    data = parameters.recipe().data
    named = [source for source in (data.images, data.table) if source and "://" not in source]
    return [Path(parameters.place.folder) / source for source in named]
