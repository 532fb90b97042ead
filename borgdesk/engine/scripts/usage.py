"""Where a script is used, and the history of its executions."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.history import Execution
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.run import ExecutionStatus
from borgdesk.domain.script import Revision
from borgdesk.engine.workspace import Workspace

_RUNS = 30


@dataclass(frozen=True, slots=True)
class Usage:
    """Where a script is used, and its last executions."""

    assignments: tuple[Assignment, ...]
    executions: tuple[Execution, ...]
    """In runs and tests, newest first, without output and without skipped ones."""
    revisions: tuple[Revision, ...]


def usage(workspace: Workspace, script_id: ScriptId) -> Usage:
    """Return the places of a script and its last runs and tests."""
    store = workspace.store
    found = [
        execution
        for run in store.runs.list(script=script_id, limit=_RUNS)
        for execution in store.executions.of_run(run.id)
        if execution.planned.script_id == script_id and execution.status is not ExecutionStatus.SKIPPED
    ]
    found += store.executions.tests(script_id, _RUNS)
    return Usage(
        tuple(store.assignments.for_script(script_id)),
        tuple(sorted(found, key=lambda one: one.id, reverse=True)),
        tuple(store.revisions.list(script_id)),
    )
