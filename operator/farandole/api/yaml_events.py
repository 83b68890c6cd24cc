"""YAML text to the events of its one document, or to what is wrong with the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import DocumentEndEvent, DocumentStartEvent, Event, ScalarEvent

from farandole.api.errors import DocumentError, Problem

LARGEST = 1_000_000
"""Bytes of a document; a cluster's database refuses objects above 1.5 MB."""

_STRANGE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def document_events(text: str, source: str) -> Sequence[Event]:
    """Give the events of the one document of a YAML text.

    Raises DocumentError for a text that is no YAML, and for none or several documents.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    _check_characters(text, source)
    documents = [events for events in _documents(_events(text, source)) if not _is_empty(events)]
    if not documents:
        raise _refusal(source, "an empty text", "a document that begins with apiVersion", "")
    if len(documents) > 1:
        line = documents[1][0].start_mark.line + 1
        received = f"{len(documents)} documents"
        advice = "give each document a file of its own"
        raise _refusal(source, received, "one document a file", advice, line)
    return documents[0]


def _check_characters(text: str, source: str) -> None:
    if len(text) > LARGEST:
        received = f"{len(text):,} characters"
        raise _refusal(source, received, f"a document of at most {LARGEST:,}", "")
    for number, line in enumerate(text.split("\n"), start=1):
        strange = _STRANGE.search(line)
        if strange:
            received = f"the character U+{ord(strange[0]):04X}"
            raise _refusal(source, received, "text", 'write it as "\\u...." in quotes', number)
        if line.startswith("%"):
            raise _refusal(source, f"the directive {line}", "none", "leave the line out", number)


def _events(text: str, source: str) -> list[Event]:
    try:
        return list(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        raise _not_yaml(text, source, error) from None
    except YAMLError as error:
        raise _refusal(source, str(error), "YAML", "") from None


def _not_yaml(text: str, source: str, error: MarkedYAMLError) -> DocumentError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else None
    written = text.split("\n")[line - 1] if line else ""
    advice = "write spaces instead of tabs" if "\t" in written else ""
    reason = " ".join(part for part in (error.problem, error.context) if part)
    return _refusal(source, f"{written.strip()[:60]!r}: {reason}", "YAML", advice, line)


def _documents(events: Sequence[Event]) -> list[Sequence[Event]]:
    starts = [i for i, event in enumerate(events) if isinstance(event, DocumentStartEvent)]
    ends = [i for i, event in enumerate(events) if isinstance(event, DocumentEndEvent)]
    return [events[start + 1 : end] for start, end in zip(starts, ends, strict=True)]


def _is_empty(events: Sequence[Event]) -> bool:
    first = events[0]
    return isinstance(first, ScalarEvent) and first.value == "" and first.style is None


def _refusal(
    source: str, received: str, expected: str, advice: str, line: int | None = None
) -> DocumentError:
    return DocumentError(source, (Problem("", received, expected, advice, line),))
