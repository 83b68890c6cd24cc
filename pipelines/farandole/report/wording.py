"""Figures as the page shows them."""

from __future__ import annotations

import re

_ACRONYMS = {"roc": "ROC", "auc": "AUC", "rmse": "RMSE", "mae": "MAE", "f1": "F1", "r2": "R²"}


def figure(value: float) -> str:
    """Three decimals below ten, none from a hundred on: `0.957`, `24,310`."""
    size = abs(value)
    return f"{value:,.{3 if size < 10 else 2 if size < 100 else 0}f}"


def signed(value: float) -> str:
    """A difference with its sign: `+0.129`, `−0.012`."""
    sign = "−" if value < 0 else "+" if value > 0 else ""
    return f"{sign}{figure(abs(value))}"


def count(value: int) -> str:
    """Thousands apart: `12,345`."""
    return f"{value:,}"


def share(value: float) -> str:
    """A share of one, to a tenth of a percent: `12.3 %`, `95.0 %`."""
    return f"{100 * value:.1f} %"


def percent(value: float) -> str:
    """A share that a person chose, as they would write it: `95 %`, `99.9 %`."""
    return f"{100 * value:.4g} %"


def duration(seconds: float) -> str:
    """A time that a person can picture: `0.4 s`, `42 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def moment(seconds: float) -> str:
    """A time within a step: `12.3 ms`, `0.26 ms`, `1.4 s`."""
    if seconds >= 1:
        return duration(seconds)
    return f"{1e3 * seconds:.3g} ms"


def size(amount: float) -> str:
    """Bytes by thousands: `4.2 kB`, `2.2 MB`, `2.6 GB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if amount >= factor:
            return f"{amount / factor:.3g} {unit}"
    return f"{amount:.0f} bytes"


def money(amount: float) -> str:
    """Two decimals, or two digits of what is less: `12.40`, `0.0049`."""
    return f"{amount:,.2f}" if amount >= 0.1 or amount == 0 else f"{amount:.2g}"


def words(name: str) -> str:
    """A camelCase name as words: `balancedAccuracy` is `balanced accuracy`, `rocAuc` `ROC AUC`."""
    parts = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)
    return " ".join(_ACRONYMS.get(part.lower(), part.lower()) for part in parts) or name
