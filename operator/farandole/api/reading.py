"""Reading a document: from YAML text to a Model, or to all that is wrong with it."""

from __future__ import annotations

import json

from pydantic import ValidationError
from ruamel.yaml import YAML

from farandole.api.errors import DocumentError, Problem
from farandole.api.model import Model


def read_model(text: str, source: str) -> Model:
    """Read a Model document; `source` names it in messages.

    Raises DocumentError with all problems at once.
    """
    value = YAML(typ="safe", pure=True).load(text)
    try:
        return Model.model_validate_json(json.dumps(value), by_alias=True, by_name=False)
    except ValidationError as error:
        problems = [
            Problem(".".join(map(str, e["loc"])), repr(e["input"])[:60], e["msg"])
            for e in error.errors()
        ]
        raise DocumentError(source, tuple(problems)) from None
