"""Flows: the one Kubeflow pipeline and the runner that executes it on this machine."""
