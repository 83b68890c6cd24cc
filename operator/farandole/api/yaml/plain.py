"""What an unquoted YAML value is: read only where every reader agrees.

A document reaches a cluster through kubectl, which reads YAML with Go's sigs.k8s.io/yaml: mostly
YAML 1.1, where `on` is true, 017 is fifteen and 1_000 a thousand. YAML 1.2 says otherwise. Both
rules stand here, and a value that they read differently is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from math import isinf
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

_NULLS = ("", "~", "null", "Null", "NULL")
_TRUE = ("true", "True", "TRUE")
_FALSE = ("false", "False", "FALSE")
_TRUE_TO_GO = (*_TRUE, "y", "Y", "yes", "Yes", "YES", "on", "On", "ON")
_FALSE_TO_GO = (*_FALSE, "n", "N", "no", "No", "NO", "off", "Off", "OFF")
_NOT_FINITE = re.compile(r"^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$")

_DECIMAL = re.compile(r"^[-+]?[0-9]+$")
_FLOAT = re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_BASES = (
    (re.compile(r"^[-+]?0[xX][0-9a-fA-F]+$"), 16),
    (re.compile(r"^[-+]?0[bB][01]+$"), 2),
    (re.compile(r"^[-+]?0[oO]?[0-7]+$"), 8),
)


class AmbiguousScalarError(ValueError):
    """An unquoted value that readers of YAML take differently."""

    def __init__(self, received: str, advice: str) -> None:
        self.received = received
        self.advice = advice
        super().__init__(f"{received}; {advice}")


def read_plain(text: str) -> Scalar:
    """Give the value of an unquoted scalar; integral floats come as int, as in JSON from kubectl.

    Raises AmbiguousScalarError where YAML 1.2 and kubectl differ, and for what is not finite.
    """
    here, there = _value(_as_yaml_1_2, text), _value(_as_go, text)
    if _NOT_FINITE.match(text) or here in (float("inf"), float("-inf")):
        raise AmbiguousScalarError(text, "write a finite number")
    if type(here) is type(there) and here == there:
        return here
    received = f"{text}, which is {_written(here)} in YAML 1.2 and {_written(there)} to kubectl"
    raise AmbiguousScalarError(received, f"write {_written(there)} or {_written(here)}, as meant")


def _value(rule: Callable[[str], Scalar], text: str) -> Scalar:
    value = rule(text)
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**63
    return int(value) if whole and isinstance(value, float) else value


def _as_yaml_1_2(text: str) -> Scalar:
    """Follow the core schema of YAML 1.2."""
    if re.match(r"^0o[0-7]+$", text):
        return int(text[2:], 8)
    if re.match(r"^0x[0-9a-fA-F]+$", text):
        return int(text, 16)
    if _DECIMAL.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return _word(text, _TRUE, _FALSE)


def _as_go(text: str) -> Scalar:
    """Follow resolve() of go.yaml.in/yaml/v2 2.4.2."""
    if text.startswith("."):
        return _go_float(re.sub(r"(?<=[0-9])_(?=[0-9])", "", text), otherwise=text)
    if text.startswith(tuple("+-0123456789")):
        plain = text.replace("_", "")
        whole = _go_integer(plain)
        return _go_float(plain, otherwise=text) if whole is None else whole
    return _word(text, _TRUE_TO_GO, _FALSE_TO_GO)


def _go_integer(plain: str) -> int | None:
    """Follow strconv.ParseInt(plain, 0, 64), then ParseUint, which takes no sign."""
    largest = 2**63 - 1 if plain.startswith("+") else 2**64 - 1
    value = _in_its_base(plain)
    return value if value is not None and -(2**63) <= value <= largest else None


def _in_its_base(plain: str) -> int | None:
    for form, base in _BASES:
        if form.match(plain):
            return int(re.sub(r"^([-+]?)0[a-zA-Z]?", r"\1", plain), base)
    return int(plain) if re.match(r"^[-+]?([1-9][0-9]*|0)$", plain) else None


def _go_float(plain: str, otherwise: str) -> Scalar:
    value = float(plain) if _FLOAT.match(plain) else float("inf")
    return otherwise if isinf(value) else value


def _word(text: str, true: tuple[str, ...], false: tuple[str, ...]) -> Scalar:
    if text in _NULLS:
        return None
    return text in true if text in (*true, *false) else text


def _written(value: Scalar) -> str:
    return json.dumps(value, ensure_ascii=False)
