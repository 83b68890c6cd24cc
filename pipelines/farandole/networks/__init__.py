"""Networks: pretrained and declared, their losses, optimizers, schedules, spaces and export.

Others may use `pretrained` (featurizer, featurizer_spec), `declared` (build), `lane_context`
(LaneContext), `builder` (builder_digest), `losses`, `optimization` (optimizer), `schedules`,
`class_balance`, `space` (suggest) and `export`. TensorFlow comes with a module that needs it, not
with this one.
"""

__all__ = [
    "builder",
    "class_balance",
    "declared",
    "export",
    "lane_context",
    "losses",
    "optimization",
    "pretrained",
    "schedules",
    "space",
]
