"""Finds runs that would pull something from under each other.

They stop the same services, mount the same disk or make the same snapshot: the first to end would start, unmount or
drop what the other still reads.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from borgdesk.domain.downtime import is_pair
from borgdesk.domain.history import Run
from borgdesk.domain.ids import ExecutionId, ScriptId
from borgdesk.domain.run import ExecutionStatus, Hook, RunStatus
from borgdesk.store.store import Store

_UNDONE = (("mount", "unmount"), ("mount", "umount"), ("create", "drop"), ("create", "remove"), ("create", "delete"))
"""Words in the names of a script that makes something for the backup, and of the one that takes it away again."""
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
    """Return which of *others* have stopped or made, or will, something that *run* stops or makes as well.

    Two runs at the same Borg repository are not looked at: they take turns anyway.

    Raises:
        StoreUnusable: the store cannot be read.
    """
    elsewhere = [other for other in others if other.turn != run.turn]
    mine = _stops(store, run) if elsewhere else []
    return [other for other in elsewhere if mine and _meet(mine, _stops(store, other))]


def reading_meanwhile(store: Store, run: Run, again: Collection[ExecutionId], others: Iterable[Run]) -> list[Run]:
    """Return which of *others* have stopped or made what a run that is over would start or drop with *again*.

    Raises:
        StoreUnusable: the store cannot be read.
    """
    elsewhere = [other for other in others if other.turn != run.turn]
    mine = _stops(store, run, again) if elsewhere else []
    return [other for other in elsewhere if mine and _meet(mine, _stops(store, other))]


def _stops(store: Store, run: Run, again: Collection[ExecutionId] = ()) -> list[_Script]:
    """Return the scripts of a run that stop or make what a later script of it has still to start or take away.

    What is to run *again* has not ended.
    """
    scripts = _waiting(store, run) if run.status is RunStatus.QUEUED else _armed(store, run, again)
    starts = [one for one in scripts if one.hook.is_post and one.is_ahead]
    begins = [one for one in scripts if one.hook.is_pre and one.id is not None]
    return [one for one in begins if any(_is_undone(one.name, other.name) for other in starts)]


def _is_undone(first: str, second: str) -> bool:
    """Return whether the second script takes back what the first does, judging by their names."""
    if is_pair(first, second):
        return True
    one, other = first.casefold(), second.casefold()
    return any(re.sub(rf"\b{made}\b", away, one) == other != one for made, away in _UNDONE)


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


def _armed(store: Store, run: Run, again: Collection[ExecutionId]) -> list[_Script]:
    executions = store.runs.get(run.id, with_output=False).executions
    plans = [(one.planned, one.status in _AHEAD or one.id in again) for one in executions]
    return [_Script(one.script_id, one.name, one.hook, one.values, is_ahead) for one, is_ahead in plans]


def _meet(some: Iterable[_Script], others: Iterable[_Script]) -> bool:
    theirs = [*others]
    return any(one.id == other.id and not _are_apart(one.values, other.values) for one in some for other in theirs)


def _are_apart(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Return whether values name different things: two projects, or containers of which none is in both lists.

    A value that is missing on one side says nothing: its default may name everything. Neither do numbers.
    """
    both = [(_words(one[name]), _words(other[name])) for name in one.keys() & other.keys()]
    return any(
        mine and theirs and mine.isdisjoint(theirs) and not all(word.isdigit() for word in mine | theirs)
        for mine, theirs in both
    )


def _words(value: str) -> set[str]:
    """Return the words of a value, paths without what does not change where they lead."""
    return {os.path.normpath(word) if word.startswith("/") else word for word in value.split()}
