"""The five fields of a cron schedule."""

from __future__ import annotations

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 7, _WEEKDAYS),
)
_ITEM = re.compile(r"^(?P<low>\*|\w+)(?:-(?P<high>\w+))?(?:/(?P<step>\d+))?$")


def cron_problem(text: str) -> str | None:
    """Say what is wrong with a cron schedule; None when nothing is."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"it has {len(fields)} fields"
    for field, (name, low, high, names) in zip(fields, _FIELDS, strict=True):
        for item in field.split(","):
            if not _fits(item, low, high, names):
                return f'"{item}" is no {name} between {low} and {high}'
    return None


def _fits(item: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    match = _ITEM.match(item)
    if match is None or match["step"] in ("0", "00"):
        return False
    if match["low"] == "*":
        return match["high"] is None
    first = _number(match["low"], low, names)
    last = _number(match["high"], low, names) if match["high"] else first
    return first is not None and last is not None and low <= first <= last <= high


def _number(text: str, low: int, names: tuple[str, ...]) -> int | None:
    if text.lower() in names:
        return names.index(text.lower()) + low
    return int(text) if text.isascii() and text.isdigit() else None
