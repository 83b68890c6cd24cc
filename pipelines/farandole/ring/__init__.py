"""The ring: exact, resumable training of one Keras model on any number of ranks.

Everything here is imported on first use, so that importing this room loads no TensorFlow. A program
that a launcher started joins its ring with `farandole.ring.connect.connect()`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from farandole.ring.callbacks import MetricReduction, WarmUp
    from farandole.ring.collective import Collective, SingleProcess
    from farandole.ring.determinism import make_deterministic
    from farandole.ring.lanes import Lanes, check_ranks, lanes_of
    from farandole.ring.learner import Epoch, Fitted, Learner, Rows, Settings
    from farandole.ring.leaving import leave, leave_after
    from farandole.ring.optimizer import DistributedOptimizer, broadcast
    from farandole.ring.stop_request import StopRequest, stop_on_signals
    from farandole.ring.training import fit

_HOMES = {
    "callbacks": ("MetricReduction", "WarmUp"),
    "collective": ("Collective", "SingleProcess"),
    "determinism": ("make_deterministic",),
    "lanes": ("Lanes", "check_ranks", "lanes_of"),
    "learner": ("Epoch", "Fitted", "Learner", "Rows", "Settings"),
    "leaving": ("leave", "leave_after"),
    "optimizer": ("DistributedOptimizer", "broadcast"),
    "stop_request": ("StopRequest", "stop_on_signals"),
    "training": ("fit",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Collective",
    "DistributedOptimizer",
    "Epoch",
    "Fitted",
    "Lanes",
    "Learner",
    "MetricReduction",
    "Rows",
    "Settings",
    "SingleProcess",
    "StopRequest",
    "WarmUp",
    "broadcast",
    "check_ranks",
    "fit",
    "lanes_of",
    "leave",
    "leave_after",
    "make_deterministic",
    "stop_on_signals",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for from the module that holds it (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
