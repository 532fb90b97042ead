"""Finds runs that stop the same services: the first to end would start them while the other still reads their files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from borgdesk.domain.downtime import is_pair, is_stopping
from borgdesk.domain.history import Run
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.run import ExecutionStatus, Hook, RunStatus
from borgdesk.store.store import Store

_AHEAD = (ExecutionStatus.PENDING, ExecutionStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class _Script:
    """A script of a run, waiting or armed, as far as it matters here."""

    id: ScriptId | None
    name: str
    hook: Hook
    values: Mapping[str, str]
    is_ahead: bool
    """Whether it has not ended yet."""


def stopping_the_same(store: Store, run: Run, others: Iterable[Run]) -> list[Run]:
    """Return which of *others* keep down, or will stop, something that *run* stops as well.

    Two runs at the same Borg repository are not looked at: they take turns anyway.

    Raises:
        StoreUnusable: the store cannot be read.
    """
    elsewhere = [other for other in others if other.turn != run.turn]
    mine = _stops(store, run) if elsewhere else []
    return [other for other in elsewhere if mine and _meet(mine, _stops(store, other))]


def _stops(store: Store, run: Run) -> list[_Script]:
    """Return the scripts of a run that stop what a later script of it has still to start again."""
    scripts = _waiting(store, run) if run.status is RunStatus.QUEUED else _armed(store, run)
    starts = [one for one in scripts if one.hook.is_post and one.is_ahead]
    stops = [one for one in scripts if one.hook.is_pre and one.id is not None and is_stopping(one.name)]
    return [one for one in stops if any(is_pair(one.name, other.name) for other in starts)]


def _waiting(store: Store, run: Run) -> list[_Script]:
    """Return what a run that waits would do: it takes what is assigned when its turn comes."""
    if run.repository_id is None:
        return []
    assigned = store.assignments.list(run.repository_id)
    return [
        _Script(one.script_id, one.script, one.hook, one.parameters, is_ahead=True)
        for one in assigned
        if one.enabled and one.hook in run.kind.lanes
    ]


def _armed(store: Store, run: Run) -> list[_Script]:
    executions = store.runs.get(run.id, with_output=False).executions
    return [
        _Script(one.planned.script_id, one.planned.name, one.planned.hook, one.planned.values, one.status in _AHEAD)
        for one in executions
    ]


def _meet(some: Iterable[_Script], others: Iterable[_Script]) -> bool:
    theirs = [*others]
    return any(one.id == other.id and not _are_apart(one.values, other.values) for one in some for other in theirs)


def _are_apart(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Return whether values name different things: two projects, or containers of which none is in both lists.

    A value that is missing on one side says nothing: its default may name everything. Neither do numbers.
    """
    both = [(set(one[name].split()), set(other[name].split())) for name in one.keys() & other.keys()]
    return any(
        mine and theirs and mine.isdisjoint(theirs) and not all(word.isdigit() for word in mine | theirs)
        for mine, theirs in both
    )
