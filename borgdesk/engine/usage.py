"""Where a script is used, and how it went there: its own history."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.history import Execution
from borgdesk.domain.run import ExecutionStatus
from borgdesk.domain.script import Revision
from borgdesk.engine.workspace import Workspace

_RUNS = 30


@dataclass(frozen=True, slots=True)
class Usage:
    """All that is known of a script's use."""

    assignments: tuple[Assignment, ...]
    executions: tuple[Execution, ...]
    """In runs and tests, newest first, without output and without those that were not run."""
    revisions: tuple[Revision, ...]


def usage(workspace: Workspace, script_id: int) -> Usage:
    """Where and how a script was used lately: its last runs and tests."""
    runs = workspace.store.runs
    found = [
        execution
        for run in runs.list(script=script_id, limit=_RUNS)
        for execution in runs.executions(run.id)
        if execution.planned.script_id == script_id and execution.status is not ExecutionStatus.SKIPPED
    ]
    found += runs.tests(script_id, _RUNS)
    return Usage(
        tuple(workspace.store.assignments.for_script(script_id)),
        tuple(sorted(found, key=lambda one: one.id, reverse=True)),
        tuple(workspace.store.scripts.revisions(script_id)),
    )
