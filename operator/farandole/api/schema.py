"""The JSON schema of the documents."""

from __future__ import annotations

from typing import Any

from farandole.api.model import Model


def schema() -> dict[str, Any]:
    """Give the JSON schema of a Model document, in its camelCase names."""
    return Model.model_json_schema(by_alias=True)
