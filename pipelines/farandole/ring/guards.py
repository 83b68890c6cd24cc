"""Guards: numbers that are not finite, and ranks that drift apart, stop the run and say where."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farandole.api.errors import RingError

Digests = Mapping[str, str]  # variable name -> digest of its bytes
SHOWN = 5
DIGITS = 12
"""Digits of a row's digest that are shown: enough for `farandole lineage --row`."""


@dataclass(frozen=True)
class Seen:
    """What one rank found not to be finite in its own share of a step."""

    rank: int
    rows: tuple[str, ...]
    variables: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one clause."""
        rows = [row[:DIGITS] if len(row) == 64 else row for row in self.rows]
        found = [f"the loss of {_listed(rows)}"] if rows else []
        found += [f"the gradient of {_listed(self.variables)}"] if self.variables else []
        return f"rank {self.rank}: {' and '.join(found)}"


def look(
    rank: int,
    ids: Sequence[str],
    inputs: Sequence[NDArray[Any]],
    losses: NDArray[Any],
    gradients: Mapping[str, NDArray[Any]],
) -> Seen:
    """Find what is not finite on this rank; `ids` name the rows of `inputs` and `losses` [n].

    An empty id is a filler at the end of an epoch: it has no row that anybody could look at.
    A row whose own values are not finite comes before rows whose loss is not: in a network with
    batch normalization the first spoils the loss of all others.
    """
    spoiled = np.any([_spoiled(values) for values in inputs], axis=0)
    wrong_rows = spoiled if spoiled.any() else ~np.isfinite(losses)
    rows = tuple(ids[int(i)] for i in np.flatnonzero(wrong_rows) if ids[int(i)])
    wrong = tuple(name for name, value in gradients.items() if not np.all(np.isfinite(value)))
    return Seen(rank, rows, wrong)


def not_finite(step: int, seen: Sequence[Seen]) -> RingError:
    """Describe a step whose loss or gradient is NaN or infinite, by what each rank found."""
    found = [str(each) for each in seen if each.rows or each.variables]
    where = "; ".join(found) or "the sum over ranks, each of which was finite"
    rows = any(each.rows for each in seen)
    advice = "look at these rows, " if rows else ""
    return RingError(
        f"step {step}: expected finite numbers, received NaN or infinity in {where}; "
        f"{advice}lower the learning rate or set training.clipNorm"
    )


def digests(variables: Mapping[str, NDArray[Any]]) -> Digests:
    """Return a digest of each variable's bytes."""
    return {
        name: hashlib.sha256(_bytes(value).data).hexdigest()[:16]
        for name, value in variables.items()
    }


def check_agreement(told: Sequence[Digests], step: int, agreed: int) -> None:
    """Refuse ranks whose weights differ; `told` is each rank's digests.

    `agreed` is the last step at which they did not differ. Raises `RingError` naming the first
    variable that differs, the steps between, and the ranks.
    """
    for position, names in enumerate(zip(*told, strict=True)):
        values = [list(each.values())[position] for each in told]
        if len(set(values)) > 1:
            raise RingError(_divergence(names[0], values, step, agreed))


def _bytes(value: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(value).reshape(-1).view(np.uint8)


def _divergence(name: str, values: list[str], step: int, agreed: int) -> str:
    most, count = Counter(values).most_common(1)[0]
    groups = {value: [str(r) for r, v in enumerate(values) if v == value] for value in values}
    with_most = _ranks(groups.pop(most))
    others = " and ".join(_ranks(ranks) for ranks in groups.values())
    whose = (
        f"{others} from {with_most}"
        if count * 2 > len(values)
        else f"{with_most} and {others} from each other"
    )
    return (
        f"step {step}: expected the same weights on all ranks, received a different {name} "
        f"({whose}); they agreed at step {agreed}. The checkpoints up to that step are sound: "
        "run again to resume; if it happens twice, suspect memory or a layer that depends on the "
        "rank"
    )


def _spoiled(values: NDArray[Any]) -> NDArray[np.bool_]:
    if not np.issubdtype(values.dtype, np.floating):
        return np.zeros(len(values), np.bool_)
    finite: NDArray[np.bool_] = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    return ~finite


def _ranks(ranks: Sequence[str]) -> str:
    return f"rank{'s' if len(ranks) > 1 else ''} {' and '.join(ranks)}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
