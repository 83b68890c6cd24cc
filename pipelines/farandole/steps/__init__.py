"""Steps: one program each, typed parameters in, typed outputs out."""
