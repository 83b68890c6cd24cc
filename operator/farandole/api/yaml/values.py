"""YAML text to JSON values, as kubectl would send them, with the line of every value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from farandole.api.errors import DocumentError, Problem
from farandole.api.paths import Loc, path_of
from farandole.api.yaml.events import is_nothing, refusal, yaml_events
from farandole.api.yaml.plain import AmbiguousScalarError, read_plain

MOST_VALUES = 100_000
DEEPEST = 64

_ANCHOR = re.compile(r"^[A-Za-z0-9_-]+$")
_ALIKE = "a value that all readers of YAML take alike"


class Unreadable(Enum):
    """Stands where a value could not be read; its problem is told already."""

    VALUE = "unreadable"


@dataclass(frozen=True)
class YamlValues:
    """A document as JSON values, the lines of its places, and the problems of reading it.

    A place with a problem holds Unreadable.VALUE where its value could not be told.
    """

    value: Any
    lines: dict[Loc, int]
    problems: dict[Loc, Problem]


def read_yaml(text: str, source: str) -> YamlValues:
    """Read the one document of a YAML text.

    Raises DocumentError where the text cannot be read on: no YAML, none or several documents.
    """
    documents: list[YamlValues] = []
    events = yaml_events(text, source)
    for event in events:
        if isinstance(event, DocumentStartEvent) and not is_nothing(first := next(events)):
            composer = _Composer(source, events)
            value = composer.value((), first)
            documents.append(YamlValues(value, composer.lines, composer.problems))
    if not documents:
        raise refusal(source, "an empty text", "a document that begins with apiVersion")
    if len(documents) > 1:
        received, advice = f"{len(documents)} documents", "give each a file of its own"
        line = documents[1].lines[()]
        raise refusal(source, received, "one document a file", advice, line)
    return documents[0]


@dataclass
class _Composer:
    """Builds values from events: anchors, merges and duplicate keys are its business."""

    source: str
    events: Iterator[Event]
    lines: dict[Loc, int] = field(default_factory=dict)
    problems: dict[Loc, Problem] = field(default_factory=dict)
    anchors: dict[str, Any] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    count: int = 0

    def next(self) -> Any:
        return next(self.events)

    def value(self, loc: Loc, event: Any) -> Any:
        self.lines.setdefault(loc, event.start_mark.line + 1)
        self._count(loc, event, 1)
        if isinstance(event, AliasEvent):
            return self._alias(loc, event)
        return self._anchored(loc, event) if event.anchor else self._untagged(loc, event)

    def _anchored(self, loc: Loc, event: Any) -> Any:
        if not _ANCHOR.match(event.anchor):
            raise self._fatal(loc, event, f"&{event.anchor}", "letters, digits, _ and - behind &")
        self.open.add(event.anchor)
        value = self._untagged(loc, event)
        self.open.discard(event.anchor)
        self.anchors[event.anchor] = value
        return value

    def _untagged(self, loc: Loc, event: Any) -> Any:
        if event.tag is not None:
            self._problem(loc, event, f"the tag {event.tag}", "no tag", "leave it out")
        if isinstance(event, MappingStartEvent):
            return self._mapping(loc)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(loc)
        return self._scalar(loc, event)

    def _scalar(self, loc: Loc, event: Any) -> Any:
        if event.tag is not None:
            return Unreadable.VALUE
        if event.style is not None:
            return event.value
        try:
            return read_plain(event.value)
        except AmbiguousScalarError as error:
            self._problem(loc, event, error.received, _ALIKE, error.advice)
            return Unreadable.VALUE

    def _sequence(self, loc: Loc) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self.next(), SequenceEndEvent):
            items.append(self.value((*loc, len(items)), event))
        return items

    def _mapping(self, loc: Loc) -> dict[str, Any]:
        content: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while not isinstance(event := self.next(), MappingEndEvent):
            if _is_merge(event):
                merged = self._merge(loc, event, content, merged)
                continue
            key = self._key(loc, event)
            value = self.value((*loc, key), self.next())
            if key in content:
                self._again((*loc, key), event)
            else:
                content[key] = value
        return merged | content

    def _key(self, loc: Loc, event: Event) -> str:
        if not isinstance(event, ScalarEvent):
            raise self._fatal(loc, event, "a list, a map or an alias as key", "a text as key")
        if event.anchor or event.tag:
            raise self._fatal(loc, event, f"an anchor or a tag at the key {event.value}", "none")
        key = _plain_key(event)
        if key is None:
            advice = f'write "{event.value}" in quotes'
            self._problem((*loc, event.value), event, f"the key {event.value}", _ALIKE, advice)
        self.lines.setdefault((*loc, event.value), event.start_mark.line + 1)
        return str(event.value)

    def _again(self, loc: Loc, event: Event) -> None:
        received = f"{loc[-1]} a second time, on line {event.start_mark.line + 1}"
        self._problem(loc, event, received, f"{loc[-1]} once", "keep one of the two")

    def _merge(
        self, loc: Loc, event: Event, content: dict[str, Any], before: dict[str, Any]
    ) -> dict[str, Any]:
        value = self.value((*loc, "<<"), self.next())
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise self._fatal((*loc, "<<"), event, "no map behind <<", "a map, or a list of maps")
        if content or before:
            expected = "<< once, before all other keys"
            self._problem((*loc, "<<"), event, "<< after other keys", expected, "")
        merged: dict[str, Any] = {}
        for source in reversed(sources):
            merged |= source
        return before | merged

    def _alias(self, loc: Loc, event: AliasEvent) -> Any:
        if event.anchor in self.open:
            raise self._fatal(loc, event, f"*{event.anchor} inside itself", "an anchor before it")
        if event.anchor not in self.anchors:
            raise self._fatal(loc, event, f"*{event.anchor}", f"&{event.anchor} before it")
        value = self.anchors[event.anchor]
        self._count(loc, event, _size(value, MOST_VALUES))
        return value

    def _count(self, loc: Loc, event: Event, more: int) -> None:
        self.count += more
        if self.count > MOST_VALUES:
            expected = f"at most {MOST_VALUES:,} values, those behind aliases counted"
            raise self._fatal(loc, event, "more values", expected)
        if len(loc) > DEEPEST:
            raise self._fatal(loc[:3], event, f"more than {DEEPEST} levels", "fewer levels")

    def _problem(self, loc: Loc, event: Event, received: str, expected: str, advice: str) -> None:
        line = event.start_mark.line + 1
        self.problems[loc] = Problem(path_of(loc), received, expected, advice, line)

    def _fatal(self, loc: Loc, event: Event, received: str, expected: str) -> DocumentError:
        line = event.start_mark.line + 1
        return DocumentError(self.source, (Problem(path_of(loc), received, expected, "", line),))


def _is_merge(event: Event) -> bool:
    return isinstance(event, ScalarEvent) and event.value == "<<" and event.style is None


def _plain_key(event: ScalarEvent) -> str | None:
    if event.style is not None:
        return str(event.value)
    try:
        value = read_plain(event.value)
    except AmbiguousScalarError:
        return None
    return value if isinstance(value, str) else None


def _size(value: Any, most: int) -> int:
    """Count the values inside, up to about `most`; aliases behind aliases count again."""
    size, stack = 0, [value]
    while stack and size <= most:
        item = stack.pop()
        size += 1
        stack.extend(
            item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        )
    return size
