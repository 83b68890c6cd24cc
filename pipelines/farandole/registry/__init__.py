"""The registry: MLflow tracking, registration, aliases, lineage, and the registered artifact."""
