"""Lists the scripts that are owed now, in runs that are under way and in those that were interrupted."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.domain.decisions import LaneState, decide
from borgdesk.domain.downtime import left_down
from borgdesk.domain.history import Execution, Run
from borgdesk.domain.run import ExecutionStatus, Outcome, RunStatus
from borgdesk.engine.runs.remains import is_dead
from borgdesk.engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class OwedScript:
    """A script that has to run because scripts before the work have begun."""

    run: Run
    execution: Execution
    under_way: bool
    """Whether the run is alive and will execute it; otherwise a recovery will."""


def owed_scripts(workspace: Workspace) -> list[OwedScript]:
    """Return the owed scripts of all runs, the oldest run first."""
    runs = workspace.store.runs
    found = [*runs.unfinished(), *runs.owing()]
    return [script for one in sorted(found, key=lambda run: run.id) for script in _owed_in(runs.get(one.id))]


def runs_that_left_something_down(workspace: Workspace) -> list[Run]:
    """Return the newest backup of each repository if it failed to start again what it had stopped.

    Older ones are over: whoever lives with that may have stopped the services since.
    """
    store = workspace.store
    newest = [store.runs.newest(repository.id) for repository in store.repositories.list()]
    runs = [store.runs.get(run.id, with_output=False) for run in newest if run is not None]
    return [run for run in runs if left_down(run.executions)]


def _owed_in(run: Run) -> list[OwedScript]:
    has_begun = any(one.started_at is not None for one in run.executions)
    if run.status is RunStatus.QUEUED or not has_begun:
        return []
    outcome = run.outcome or Outcome.INTERRUPTED
    under_way = not run.status.is_final and not is_dead(run)
    return [OwedScript(run, one, under_way) for one in run.executions if _is_owed(one, outcome, tainted=run.tainted)]


def _is_owed(execution: Execution, outcome: Outcome, *, tainted: bool) -> bool:
    planned, status = execution.planned, execution.status
    if not planned.hook.is_post or status not in (ExecutionStatus.PENDING, ExecutionStatus.RUNNING):
        return False
    return decide(planned.hook, planned.policy, LaneState(), outcome, tainted=tainted).run
