"""A Model document as the text that pipelines carry."""

from __future__ import annotations

from farandole.api import Model, canonical


def canonical_document(model: Model) -> str:
    """Return the canonical JSON of a document: no defaults, sorted keys."""
    written = model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return canonical(written).decode()
