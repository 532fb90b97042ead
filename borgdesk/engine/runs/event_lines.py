"""Serialises events to lines of JSON and back: the format of a run's ``events.jsonl``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from borgdesk.domain import events
from borgdesk.domain.events import Event
from borgdesk.domain.reason_json import as_json, from_json
from borgdesk.domain.reasons import Reason, text

_KINDS: Mapping[str, type] = {
    "queued": events.RunQueued,
    "turn-awaited": events.TurnAwaited,
    "armed": events.RunArmed,
    "recovery": events.RecoveryBegan,
    "step": events.StepBegan,
    "script-started": events.ExecutionStarted,
    "script-ended": events.ExecutionEnded,
    "still-owed": events.StillOwed,
    "borg-began": events.BorgBegan,
    "borg-ended": events.BorgEnded,
    "progress": events.BorgProgressed,
    "settled": events.OutcomeSettled,
    "stop-asked": events.StopAsked,
    "ended": events.RunEnded,
}
_WORDS = {kind: word for word, kind in _KINDS.items()}


def is_kept(event: Event) -> bool:
    """Return whether an event can be written as a line; output cannot."""
    return type(event) in _WORDS


def line_of(event: Event) -> bytes:
    """Serialise an event to a line, without fields that have their default."""
    kind: type = type(event)
    values = {"event": _WORDS[kind]}
    for name, default in _defaults(kind):
        value = getattr(event, name)
        if value is not default and value != default:
            values[name] = value
    return _encode(values).encode() + b"\n"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Reason):
        return {"code": value.code, "values": dict(value.values)}
    if is_dataclass(value):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    raise TypeError(f"{type(value).__name__} has no form in JSON")


_encode = json.JSONEncoder(separators=(",", ":"), default=_plain, check_circular=False).encode
"""In ASCII, which escapes lone surrogates, as in file names."""


def events_in(text: bytes) -> Iterator[Event]:
    """Parse complete lines; unknown events, for example of newer versions, are skipped."""
    for line in text.split(b"\n"):
        event = _event(line) if line else None
        if event is not None:
            yield event


def _event(line: bytes) -> Event | None:
    try:
        values = json.loads(line)
        kind = _KINDS[values.pop("event")]
        hints = _hints(kind)
        event: Event = kind(**{name: _value(hints[name], value) for name, value in values.items() if name in hints})
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return event


@cache
def _defaults(kind: type) -> tuple[tuple[str, object], ...]:
    """Return the fields of an event type; a missing default compares equal to nothing."""
    return tuple((one.name, one.default) for one in fields(kind))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, value: Any) -> Any:
    """Convert a JSON value to the type of a field.

    Raises:
        ValueError, TypeError, KeyError: it does not fit.
    """
    if get_origin(hint) in (Union, UnionType):
        return None if value is None else _value(get_args(hint)[0], value)
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], one) for one in _members(value))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    if hint is Reason:
        return from_json([value])[0]
    if hint is datetime:
        return datetime.fromisoformat(value)
    if is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        return hint(**{name: _value(hints[name], one) for name, one in value.items() if name in hints})
    if hint is float and isinstance(value, int):
        return float(value)
    hint = getattr(hint, "__supertype__", hint)  # a NewType id
    if not isinstance(value, hint):
        raise TypeError(f"{value!r} is no {hint}")
    return value


def _members(value: Any) -> Any:
    """Return the members of a list; what went wrong was written as a sentence before it had codes."""
    return as_json([text(value)]) if isinstance(value, str) else value
