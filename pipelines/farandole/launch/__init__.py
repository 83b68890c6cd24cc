"""Launch: start, follow and end distributed programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from farandole.launch.here import RankError, ring, ring_available

__all__ = ["RankError", "ring", "ring_available"]


def __getattr__(name: str) -> Any:
    """Import on first use: a rank's supervisor loads this room and wants nothing more."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from farandole.launch import here

    return getattr(here, name)
