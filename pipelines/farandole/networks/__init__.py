"""Networks: pretrained and declared, their optimizers, losses and export.

Others may use `pretrained` (featurizer, featurizer_spec), `declared` (LaneContext, build),
`builder` (builder_digest), `optimization` (optimizer, schedule, loss, class_weights), `space`
(suggest) and `export` (export). Only the first, `builder`, `schedules` and `space` are without
TensorFlow, so nothing is imported here.
"""

__all__ = ["builder", "declared", "export", "optimization", "pretrained", "space"]
