"""The form in which reasons and notes are stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from borgdesk.domain.reasons import Code, Reason, text


def as_json(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Return the JSON form in which reasons are stored."""
    return [{"code": reason.code, "values": dict(reason.values)} for reason in reasons]


def from_json(kept: Iterable[Mapping[str, Any]]) -> tuple[Reason, ...]:
    """Return the reasons stored by :func:`as_json`. Codes of newer versions are shown as they are."""
    return tuple(map(_reason, kept))


def _reason(kept: Mapping[str, Any]) -> Reason:
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in kept["values"].items()}
    try:
        return Reason(Code(kept["code"]), values)
    except ValueError:
        return text(str(kept["code"]))
