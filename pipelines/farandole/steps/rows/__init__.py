"""Rows as networks, baselines and the registered artifact take them."""
