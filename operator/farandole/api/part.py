"""What every part of a document is: a frozen model whose YAML names are camelCase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from farandole.api.errors import Problem

JSON: TypeAlias = "Mapping[str, JSON] | Sequence[JSON] | str | int | float | bool | None"

Name = Annotated[str, Field(min_length=1, max_length=253)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Share = Annotated[float, Field(ge=0, le=1)]


def camel(name: str) -> str:
    """Spell a Python name as YAML does: `global_batch` is `globalBatch`, `conv2d` stays."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


class Part(BaseModel):
    """A part of a document: immutable, of exact types, without unknown fields."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        populate_by_name=True,
        alias_generator=camel,
    )

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong between the fields of this part; paths are relative to it."""
        yield from ()

    def to_json(self) -> dict[str, Any]:
        """Give this part as JSON with every field spelled out; what is not set is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        found = tuple(self.problems())
        if found:
            raise PydanticCustomError("problems", "{text}", _context(found))
        return self


def _one_branch(schema: dict[str, Any], part: type[OneOf]) -> None:
    """Say in the JSON schema that exactly one branch is written."""
    if part.branches():
        schema["oneOf"] = [{"required": [branch]} for branch in part.branches()]


class OneOf(Part):
    """A union: a map with exactly one of its branches, each an object of settings."""

    model_config = ConfigDict(json_schema_extra=_one_branch)

    @classmethod
    def branches(cls) -> tuple[str, ...]:
        """Name the branches as YAML spells them, reserved ones left out."""
        return tuple(
            field.alias or name
            for name, field in cls.model_fields.items()
            if not field.is_required() and not any(isinstance(m, NotYet) for m in field.metadata)
        )

    def chosen(self) -> tuple[str, Part]:
        """Give the one branch that is set: its YAML name and its settings."""
        ((name, settings),) = self._set()
        return name, settings

    def problems(self) -> Iterator[Problem]:
        """Refuse none or several branches."""
        names = [name for name, _ in self._set()]
        if len(names) != 1:
            received = f"both {' and '.join(names)}" if names else "none of them"
            yield Problem("", received, f"exactly one of {', '.join(self.branches())}")

    def _set(self) -> list[tuple[str, Part]]:
        values = ((camel(name), getattr(self, name)) for name in type(self).model_fields)
        return [(name, value) for name, value in values if isinstance(value, Part)]


@dataclass(frozen=True)
class NotYet:
    """Marks a field that a later release serves: known to the schema, refused when written."""

    instead: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Refuse every value but the absent one."""
        return core_schema.no_info_plain_validator_function(
            self._refuse, serialization=core_schema.plain_serializer_function_ser_schema(_same)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say in the schema that no value is accepted yet."""
        return {"not": {}, "x-farandole-not-yet": self.instead}

    def _refuse(self, value: Any) -> None:
        if value is not None:
            raise PydanticCustomError("not_yet", "{instead}", {"instead": self.instead})


def _same(value: Any) -> Any:
    return value


def _context(found: tuple[Problem, ...]) -> dict[str, Any]:
    return {"problems": found, "text": "; ".join(str(problem) for problem in found)}
