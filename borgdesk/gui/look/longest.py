"""The longest texts of columns whose texts are of a kind, such as dates and states, and may not be cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.run import ExecutionStatus, Hook, RunStatus, Trigger
from borgdesk.gui.look import words

_MOMENT = datetime(2028, 12, 28, 22, 58, tzinfo=UTC)
_AGES = (timedelta(seconds=1), timedelta(minutes=58), timedelta(hours=22), timedelta(days=12), timedelta(days=55))


def moments() -> list[str]:
    """Return the longest of :func:`words.moment`."""
    return [words.moment(_MOMENT)]


def ages() -> list[str]:
    """Return the longest of :func:`words.ago`."""
    return [words.ago(_MOMENT - age, _MOMENT) for age in (*_AGES, timedelta(days=300))]


def sizes() -> list[str]:
    """Return the longest of :func:`words.size`."""
    return [words.size(size) for size in (888, 888_800_000)]


def run_states() -> list[str]:
    """Return all of :func:`words.run_status`."""
    return [words.run_status(status) for status in RunStatus]


def execution_states() -> list[str]:
    """Return all of :func:`words.execution_status`."""
    return [words.execution_status(status) for status in ExecutionStatus]


def triggers() -> list[str]:
    """Return all of :func:`words.trigger`."""
    return [words.trigger(trigger) for trigger in Trigger]


def lanes() -> list[str]:
    """Return the names of all lanes."""
    return [lane_title(hook) for hook in Hook]
