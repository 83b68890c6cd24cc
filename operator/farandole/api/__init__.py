"""The documents: what a person declares, its identity, and what can be wrong with it."""
