"""Formats lists of words as parts of sentences."""

from __future__ import annotations

from collections.abc import Iterable

from borgdesk.translation import _


def listed(names: Iterable[str]) -> str:
    """Join names with "and": "a", "a and b", "a, b and c"."""
    *some, last = [*names] or [""]
    return _("{some} and {last}").format(some=", ".join(some), last=last) if some else last


def either(names: Iterable[str]) -> str:
    """Join alternatives with "or": "a", "a or b", "a, b or c"."""
    *some, last = [*names] or [""]
    return _("{some} or {last}").format(some=", ".join(some), last=last) if some else last


def quoted(name: str) -> str:
    """Put a name in the quotation marks of the language."""
    return _("“{name}”").format(name=name)
