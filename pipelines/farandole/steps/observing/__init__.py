"""Observing a training from beside it: which checkpoint is next, what it is worth, what is said."""
