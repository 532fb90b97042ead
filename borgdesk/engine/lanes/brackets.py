"""Pairs of scripts in the lanes that stop something and start it again, with how long it was down lately."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.downtime import Side, is_pair
from borgdesk.domain.ids import AssignmentId, RepositoryId
from borgdesk.domain.run import ExecutionStatus, Hook
from borgdesk.engine.workspace import Workspace

Recent = Sequence[Mapping[AssignmentId, Side]]
"""The scripts of the newest backups, newest first."""

_RUNS = 30


@dataclass(frozen=True, slots=True)
class Bracket:
    """What one script stops and another starts again."""

    stopping: AssignmentId
    starting: AssignmentId
    latest: float | None = None
    """Seconds that it was down in the newest backup in which both scripts succeeded; None if there is none."""
    longest: float | None = None
    """The most seconds in recent backups."""


def read_recent(workspace: Workspace, repository_id: RepositoryId) -> Recent:
    """Return the scripts of the newest backups of a repository.

    Raises:
        StoreUnusable: the history cannot be read.
    """
    return workspace.store.executions.latest(repository_id, _RUNS)


def brackets(assignments: Sequence[Assignment], recent: Recent = ()) -> tuple[Bracket, ...]:
    """Return the pairs of enabled scripts around a backup, by the position of the first; each script is in one."""
    after = [one for one in assignments if one.hook in (Hook.POST_BACKUP, Hook.POST_RUN) and one.enabled]
    found = []
    for one in assignments:
        if one.hook is not Hook.PRE_BACKUP or not one.enabled:
            continue
        start = next((other for other in after if is_pair(one.script, other.script)), None)
        if start is not None:
            after.remove(start)
            times = _times(one.id, start.id, recent)
            found.append(Bracket(one.id, start.id, times[0] if times else None, max(times, default=None)))
    return tuple(found)


def _times(stopping: AssignmentId, starting: AssignmentId, recent: Recent) -> list[float]:
    """Return the seconds between the ends of two scripts, in those backups in which both succeeded."""
    found = []
    for run in recent:
        stop, start = run.get(stopping), run.get(starting)
        if stop is None or start is None or {stop.status, start.status} != {ExecutionStatus.SUCCESS}:
            continue
        if stop.finished_at is not None and start.finished_at is not None:
            found.append(max(0.0, (start.finished_at - stop.finished_at).total_seconds()))
    return found
