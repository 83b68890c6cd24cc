"""Layers: `dropout`, `augment`, `normalization` belong to lanes; `plain` are those of Keras."""
