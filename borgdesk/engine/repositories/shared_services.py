"""Finds runs that would pull something from under each other.

They stop the same services, mount the same disk or make the same snapshot: the first to end would start, unmount or
drop what the other still reads. What they share, they stop together: see :mod:`borgdesk.domain.holds`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from borgdesk.domain.assignment import Assignment, resolve_values, split_secrets
from borgdesk.domain.errors import BorgDeskError, StoreUnusable
from borgdesk.domain.history import PlannedScript, Run
from borgdesk.domain.holds import undoes, with_holds
from borgdesk.domain.ids import AssignmentId, ExecutionId, ScriptId
from borgdesk.domain.parameters import parse_header
from borgdesk.domain.run import ExecutionStatus, Hook, RunStatus
from borgdesk.domain.script import normalized, sha256_of
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
    hold: str | None = None
    """The key of what it stops together with other runs."""


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
    return [one for one in begins if any(undoes(one.name, other.name) for other in starts)]


def _waiting(store: Store, run: Run) -> list[_Script]:
    """Return what a run that waits would do: it takes what is assigned when its turn comes."""
    if run.repository_id is None:
        return []
    assigned = [one for one in store.assignments.list(run.repository_id) if one.enabled and one.hook in run.kind.lanes]
    holds = _holds(store, assigned)
    return [
        _Script(one.script_id, one.script, one.hook, one.parameters, is_ahead=True, hold=holds.get(one.id))
        for one in assigned
    ]


def _holds(store: Store, assigned: Iterable[Assignment]) -> Mapping[AssignmentId | None, str]:
    """Return the keys that a run which takes these scripts now would get."""
    shared = {one.id: one.shared for one in assigned if one.shared is not None}
    if not shared:
        return {}
    planned = with_holds([_planned(store, one) for one in assigned if one.id in shared], shared)
    return {one.assignment_id: one.hold.key for one in planned if one.hold is not None}


def _planned(store: Store, one: Assignment) -> PlannedScript:
    try:
        text = store.scripts.content(one.script_id)
        revision, header = sha256_of(normalized(text)), parse_header(text.decode("utf-8", "replace"))
        values = split_secrets(header, resolve_values(header, one.parameters)[0], one.secrets)[0]
    except StoreUnusable:
        raise
    except BorgDeskError:
        revision, values = None, dict(one.parameters)
    return PlannedScript(
        one.script, one.hook, one.order, one.effective, revision,
        script_id=one.script_id, assignment_id=one.id, values=values, secrets=one.secrets,
    )  # fmt: skip


def _armed(store: Store, run: Run, again: Collection[ExecutionId]) -> list[_Script]:
    executions = store.runs.get(run.id, with_output=False).executions
    return [
        _Script(
            one.planned.script_id,
            one.planned.name,
            one.planned.hook,
            one.planned.values,
            one.status in _AHEAD or one.id in again,
            None if one.planned.hold is None else one.planned.hold.key,
        )
        for one in executions
    ]


def _meet(some: Iterable[_Script], others: Iterable[_Script]) -> bool:
    theirs = [*others]
    return any(
        one.id == other.id and not _are_apart(one.values, other.values) and not _is_shared(one, other)
        for one in some
        for other in theirs
    )


def _is_shared(one: _Script, other: _Script) -> bool:
    return one.hold is not None and one.hold == other.hold


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
