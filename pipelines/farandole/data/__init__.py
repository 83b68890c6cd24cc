"""Data: readers, splits, shards, stores, and what is fitted on train rows.

Others may use `store` (open_store), `sealing` (sealed, seal_process), `prepare` (prepare,
fingerprint, open_prepared), `manifest`, `row`, `arrays`, `augment`, `pictures`, `feature_cache`
(FeatureCache), `drift` (statistics, compare), and the two files that travel inside registered
models: `decode` and `encoder`. Each is imported by its own name, so that none costs another's time.
"""

__all__ = [
    "arrays",
    "augment",
    "decode",
    "drift",
    "encoder",
    "feature_cache",
    "manifest",
    "pictures",
    "prepare",
    "row",
    "sealing",
    "store",
]
