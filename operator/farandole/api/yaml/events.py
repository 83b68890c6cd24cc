"""YAML text to parse events, or to what is wrong with the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import Event, ScalarEvent

from farandole.api.errors import DocumentError, Problem

LARGEST = 500_000
"""Characters of a text; a cluster's database refuses objects above 1.5 MB."""

_STRANGE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def yaml_events(text: str, source: str) -> Iterator[Event]:
    """Give the events of a YAML text one by one; raises DocumentError where it is no YAML."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    _check_characters(text, source)
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        raise _not_yaml(text, source, error) from None
    except YAMLError as error:
        raise refusal(source, str(error), "YAML") from None


def is_nothing(event: Event) -> bool:
    """Whether a document that begins with this event is empty."""
    return isinstance(event, ScalarEvent) and event.value == "" and event.style is None


def refusal(
    source: str, received: str, expected: str, advice: str = "", line: int | None = None
) -> DocumentError:
    """Refuse a text as a whole."""
    return DocumentError(source, (Problem("", received, expected, advice, line),))


def _check_characters(text: str, source: str) -> None:
    if len(text) > LARGEST:
        raise refusal(source, f"{len(text):,} characters", f"a document of at most {LARGEST:,}")
    for number, line in enumerate(text.split("\n"), start=1):
        strange = _STRANGE.search(line)
        if strange:
            received = f"the character U+{ord(strange[0]):04X}"
            raise refusal(source, received, "text", 'write it as "\\u...." in quotes', number)
        if line.startswith("%"):
            raise refusal(source, f"the directive {line}", "none", "leave the line out", number)


def _not_yaml(text: str, source: str, error: MarkedYAMLError) -> DocumentError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else None
    written = text.split("\n")[line - 1] if line else ""
    advice = "write spaces instead of tabs" if "\t" in written else ""
    reason = " ".join(part for part in (error.problem, error.context) if part)
    return refusal(source, f"{written.strip()[:60]!r}: {reason}", "YAML", advice, line)
