from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from farandole.api import Model, schema
from farandole.api.reference import markdown
from tests.support.api_documents import IMAGES, PIXELS, RICH, TABLE, altered, document, read

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "document.md"


def properties() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give every field of every part: part, name, schema."""
    whole = schema()
    for part, content in (("Model", whole), *whole["$defs"].items()):
        for name, field in content.get("properties", {}).items():
            yield part, name, field


def test_every_field_has_a_description() -> None:
    parts = schema()["$defs"]
    bare = [
        (part, name)
        for part, name, field in properties()
        if not (field.get("description") or parts[field["$ref"].split("/")[-1]]["description"])
    ]
    assert not bare
    assert len(list(properties())) > 150


def test_every_name_is_camel_case_and_no_boolean_of_yaml_1_1() -> None:
    names = {name for _, name, _ in properties()}
    values = {value for _, _, field in properties() for value in field.get("enum", ())}
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9]*", name) for name in names)
    assert not {str(word).lower() for word in names | values} & {"on", "off", "yes", "no", "y", "n"}


def test_no_field_takes_two_types_or_nothing() -> None:
    for part, name, field in properties():
        assert "anyOf" not in field, (part, name)
        assert not isinstance(field.get("type"), list), (part, name)


def test_every_list_map_and_text_is_bounded() -> None:
    bound = {"array": "maxItems", "object": "maxProperties"}
    for part, name, field in properties():
        wanted = bound.get(field.get("type", ""))
        assert wanted is None or wanted in field, (part, name)
        free = field.get("type") == "string" and not {"enum", "const", "maxLength"} & set(field)
        assert not free or "pattern" in field, (part, name)


def test_every_number_has_both_bounds() -> None:
    low, high = {"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"}
    for part, name, field in properties():
        if field.get("type") in ("integer", "number") and "enum" not in field:
            assert low & set(field), (part, name)
            assert high & set(field), (part, name)


@pytest.mark.parametrize("recipe", [IMAGES, TABLE, PIXELS, RICH])
def test_the_schema_accepts_what_is_read(recipe: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema())
    checker = Draft202012Validator(schema())
    checker.validate(document(recipe))
    checker.validate(read(document(recipe)).to_json())


@pytest.mark.parametrize(
    "path, value",
    [
        ("spec.recipe.training.lane", 3),
        ("spec.recipe.training.epochs", 0),
        ("spec.recipe.training.optimizer", {"sgd": {}, "adam": {}}),
        ("spec.recipe.training.optimizer", {}),
        ("spec.recipe.data.ratings", "a.csv"),
        ("spec.recipe.task.kind", "RatingPrediction"),
        ("spec.recipe.training.lanes", None),
        ("spec.placement.template", {}),
        ("metadata.name", "A"),
    ],
)
def test_the_schema_refuses_what_it_can_tell(path: str, value: Any) -> None:
    assert not Draft202012Validator(schema()).is_valid(altered(document(IMAGES), path, value))


def test_the_reference_page_is_what_the_models_say() -> None:
    """Mend with: python -m farandole.api.reference > docs/reference/document.md."""
    assert REFERENCE.read_text("utf-8") == markdown()


def test_the_reference_page_names_every_field_once_a_part() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", markdown(), re.MULTILINE)
    assert len(rows) == len(list(properties()))


def test_the_links_of_the_reference_page_lead_to_headings() -> None:
    page = markdown()
    headings = {heading.lower() for heading in re.findall(r"^## (\w+)$", page, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", page)) <= headings
    assert Model.__name__.lower() in headings
