"""Recipes with other parameters, for tuning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from farandole.api.errors import DocumentError, Problem
from farandole.api.recipe import Recipe


def recipe_at(recipe: Recipe, parameters: Mapping[str, Any]) -> Recipe:
    """Give the recipe with other values at camelCase paths such as `network.layers[0].dense.units`.

    Raises DocumentError where a path does not exist or a value does not fit.
    """
    content = recipe.to_json()
    for path, value in parameters.items():
        *way, last = re.findall(r"[^.\[\]]+", path)
        place: Any = content
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        place[last] = int(value) if isinstance(value, float) and value.is_integer() else value
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        raise DocumentError("parameters", (Problem("", str(error), ""),)) from None
