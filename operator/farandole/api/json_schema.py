"""The JSON schema of the documents, for editors and checkers."""

from __future__ import annotations

from typing import Any

from farandole.api.model import Model


def schema() -> dict[str, Any]:
    """Give the JSON schema (draft 2020-12) of a Model document, in its YAML names.

    What JSON schema cannot say, such as lanes that divide globalBatch, only `read_model` checks.
    """
    written: dict[str, Any] = _without_nothing(Model.model_json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **written}


def _without_nothing(value: Any) -> Any:
    """Take out null, which no document may hold, and titles, which only repeat names."""
    if isinstance(value, list):
        return [_without_nothing(item) for item in value]
    if not isinstance(value, dict):
        return value
    branches = [branch for branch in value.get("anyOf", ()) if branch != {"type": "null"}]
    if len(branches) == 1:
        value = {key: item for key, item in value.items() if key != "anyOf"} | branches[0]
    return {
        key: _without_nothing(item)
        for key, item in value.items()
        if item is not None and not (key == "title" and isinstance(item, str))
    }
