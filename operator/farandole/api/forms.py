"""Texts of a fixed form, and the words for each form."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

_DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_LABEL_VALUE = r"^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$"
_LABEL_KEY = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"
_BUILDER = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*$"
_SHA256 = r"^[0-9a-f]{64}$"
_REGISTERED = r"^[^\s/:]([^/:]*[^\s/:])?$"
_ALIAS = r"^[A-Za-z][A-Za-z0-9_.-]*$"
_CURRENCY = r"^[A-Z]{3}$"
_TIME_ZONE = r"^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$"

_WORDS = {
    _DNS_LABEL: "small letters, digits and '-', at most 63, that begins and ends with a letter "
    "or digit",
    _LABEL_VALUE: "letters, digits, '-', '_' and '.', at most 63",
    _LABEL_KEY: "letters, digits, '-', '_' and '.', at most 63, behind an optional prefix/",
    _BUILDER: "the form module:function",
    _SHA256: "64 hexadecimal digits",
    _REGISTERED: "any characters but / and :, without spaces at its ends",
    _ALIAS: "letters, digits, '-', '_' and '.', that begins with a letter",
    _CURRENCY: "three capital letters, as in EUR",
    _TIME_ZONE: "the form Europe/Berlin",
}

DnsLabel = Annotated[str, Field(max_length=63, pattern=_DNS_LABEL)]
LabelKey = Annotated[str, Field(max_length=317, pattern=_LABEL_KEY)]
LabelValue = Annotated[str, Field(max_length=63, pattern=_LABEL_VALUE)]
Builder = Annotated[str, Field(max_length=253, pattern=_BUILDER)]
Sha256 = Annotated[str, Field(pattern=_SHA256)]
RegisteredName = Annotated[str, Field(max_length=250, pattern=_REGISTERED)]
Alias = Annotated[str, Field(max_length=255, pattern=_ALIAS)]
Currency = Annotated[str, Field(pattern=_CURRENCY)]
TimeZone = Annotated[str, Field(max_length=64, pattern=_TIME_ZONE)]


def words_of_pattern(pattern: str) -> str:
    """Say what a pattern asks for."""
    return _WORDS.get(pattern, f"the form {pattern}")
