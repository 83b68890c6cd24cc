"""One bar of the training's time, cut where it went."""

from __future__ import annotations

from dataclasses import dataclass

from farandole.report.sections import Efficiency

WORDS = {
    "compute": "computing",
    "input": "waiting for rows",
    "reduction": "summing gradients",
    "waiting": "waiting for slower ranks",
    "validation": "validation",
    "checkpoint": "checkpoints",
    "digest": "comparing weights",
    "tracing": "compiling the first step",
    "resume": "getting the first weights",
    "other": "everything else",
}
COLOURS = ("compute", "input", "reduction", "waiting", "validation", "checkpoint")
LEAST = 0.0005  # a share that would be shown as 0.0 %


@dataclass(frozen=True)
class Piece:
    """One kind of time; `series` is its colour, None the one of small things."""

    name: str
    seconds: float
    share: float
    series: int | None


@dataclass(frozen=True)
class Stack:
    """The pieces in the order of a step, and what they are in words."""

    pieces: tuple[Piece, ...]
    says: str


def stack(efficiency: Efficiency) -> Stack:
    """Cut the training's time; what took next to none of it is left out."""
    total = efficiency.total
    pieces = tuple(
        Piece(name, seconds, seconds / total, COLOURS.index(what) if what in COLOURS else None)
        for what, name in WORDS.items()
        if total and (seconds := efficiency.seconds.get(what, 0.0)) / total >= LEAST
    )
    says = ", ".join(f"{piece.name} {100 * piece.share:.1f} %" for piece in pieces)
    return Stack(pieces, says)
