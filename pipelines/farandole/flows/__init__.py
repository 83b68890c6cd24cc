"""Flows: the one Kubeflow pipeline and the runner that executes it on this machine.

Importing a module of this room loads no TensorFlow and no MLflow; only `compiling`, `components`,
`pipeline` and the runner's own process load kfp.
"""

__all__ = [
    "answer",
    "compiling",
    "components",
    "document",
    "drawing",
    "events",
    "hearing",
    "local",
    "pipeline",
    "processes",
    "runner",
    "state",
]
