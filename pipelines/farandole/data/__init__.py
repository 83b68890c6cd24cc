"""Data: readers, splits, shards, stores, and what is fitted on train rows."""
