"""Finds what is stopped for backups but not for restores, and has it stopped for restores as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.downtime import is_pair, is_stopping
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.run import Hook
from borgdesk.engine.lanes.copying import assign_in, copies
from borgdesk.engine.workspace import Workspace

_IN_RESTORES = {
    Hook.PRE_BACKUP: Hook.PRE_RESTORE,
    Hook.POST_BACKUP: Hook.POST_RESTORE,
    Hook.POST_RUN: Hook.POST_RESTORE,
}


def running_during_restores(workspace: Workspace, repository_id: RepositoryId) -> list[Assignment]:
    """Return the scripts that stop something for a backup, and start it again, but have no place in restores.

    A script that is switched off there was decided about.

    Raises:
        StoreUnusable: the store cannot be read.
    """
    assigned = workspace.store.assignments.list(repository_id)
    there = {one.script_id for one in assigned if one.hook is Hook.PRE_RESTORE}
    mine = [one for one in assigned if one.enabled and one.hook in _IN_RESTORES]
    starts = [one for one in mine if one.hook.is_post]
    stops = [
        one
        for one in mine
        if one.hook.is_pre and one.script_id not in there and is_stopping(one.script) and _started_by(one, starts)
    ]
    return [*stops, *(one for one in starts if any(is_pair(stop.script, one.script) for stop in stops))]


def stop_for_restores(workspace: Workspace, repository_id: RepositoryId) -> None:
    """Assign those scripts, with their options and secret values, to the lanes of restores: all of them, or none.

    Raises:
        NotFound: a script or the repository was removed.
        SecretsUnavailable: a secret value cannot be read or stored.
    """
    wanted = copies(workspace, running_during_restores(workspace, repository_id))
    assign_in(workspace, [replace(one, hook=_IN_RESTORES[one.hook]) for one in wanted], [repository_id])


def _started_by(stop: Assignment, starts: Sequence[Assignment]) -> bool:
    return any(is_pair(stop.script, one.script) for one in starts)
