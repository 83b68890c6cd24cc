"""The reference page of the documents, written from their models."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from pydantic.fields import FieldInfo

from farandole.api.model import Model
from farandole.api.part import NotYet, OneOf, Part
from farandole.api.shape import Shape, fields_of, shape_of_field

_HEAD = """\
# The Model document

This page is written from the models in `farandole.api` (`farandole.api.reference.markdown`); a
test holds the two equal. Fields are camelCase. No field takes two types, none may be empty (leave
the line out for its default), and a union is a map with exactly one of its fields. Only
`spec.recipe` determines what is trained: see
[decision 0002](../decisions/0002-identity-excludes-location.md).
"""


def markdown() -> str:
    """Write the reference page: every part, every field, what it holds, its default."""
    sections = (_section(part) for part in _parts(Model, set()))
    return "\n".join([_HEAD, *sections])


def _parts(part: type[Part], seen: set[type[Part]]) -> Iterator[type[Part]]:
    """Give a part and all parts inside, each once, in the order of a document."""
    if part in seen:
        return
    seen.add(part)
    if fields_of(part):
        yield part
    for field in fields_of(part).values():
        inner = _inner(shape_of_field(field))
        if inner is not None:
            yield from _parts(inner, seen)


def _inner(shape: Shape) -> type[Part] | None:
    return _inner(shape.item) if shape.item is not None else shape.part


def _section(part: type[Part]) -> str:
    rows = "\n".join(_row(name, field) for name, field in fields_of(part).items())
    rule = "\nExactly one of its branches is written.\n" if issubclass(part, OneOf) else ""
    about = (part.__doc__ or "").strip()
    return f"""\
## {part.__name__}

{about}
{rule}
| field | holds | default | about |
|---|---|---|---|
{rows}
"""


def _row(name: str, field: FieldInfo) -> str:
    shape = shape_of_field(field)
    about = (field.description or "").replace("|", "\\|")
    return f"| `{name}` | {_holds(shape, field)} | {_default(field)} | {about} |"


def _holds(shape: Shape, field: FieldInfo) -> str:
    if any(isinstance(mark, NotYet) for mark in field.metadata):
        return "not yet served"
    if shape.part is not None:
        return _link(shape.part)
    if shape.item is not None:
        inner = _link(shape.item.part) if shape.item.part is not None else str(shape.item)
        return f"{'a list of' if shape.form == 'list' else 'a map of names to'} {inner}"
    return str(shape).replace("|", "\\|")


def _link(part: type[Part]) -> str:
    return f"[{part.__name__}](#{part.__name__.lower()})" if fields_of(part) else "`{}`"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None:
        return ""
    if isinstance(value, Part):
        value = value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return f"`{json.dumps(value)}`"


if __name__ == "__main__":
    sys.stdout.write(markdown())
