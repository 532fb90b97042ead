"""Lists the scripts that are owed now: by runs under way and interrupted ones, and what failed to start again."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.domain.decisions import LaneState, decide
from borgdesk.domain.downtime import found_stopped, left_down
from borgdesk.domain.history import Execution, Run
from borgdesk.domain.run import ExecutionStatus, Outcome, RunStatus
from borgdesk.engine.runs.remains import is_dead
from borgdesk.engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class OwedScript:
    """A script that has to run because scripts before the work have begun, or that ran and failed to undo them."""

    run: Run
    execution: Execution
    under_way: bool
    """Whether the run is alive and will execute it; otherwise a recovery will, unless it has failed."""
    has_failed: bool = False
    """Whether it had its turn and failed, so that what the run stopped may be down until somebody sees to it."""


def owed_scripts(workspace: Workspace) -> list[OwedScript]:
    """Return the owed scripts of all runs, the oldest run first.

    Scripts that failed to start something again are among them until the user has seen that, as in the window.
    """
    runs = workspace.store.runs
    found = [*runs.unfinished(), *runs.owing()]
    owed = [script for one in found for script in _owed_in(runs.get(one.id))]
    failed = [OwedScript(run, one, under_way=False, has_failed=True) for run, one in _unseen_failures(workspace)]
    return sorted([*owed, *failed], key=lambda script: script.run.id)


def runs_that_left_something_down(workspace: Workspace) -> list[Run]:
    """Return the runs that failed to start again what they had stopped, the oldest first.

    These are the newest backup of each repository, and all others of which the user has not been told yet. Older ones
    are over: whoever knows of that and lives with it may have stopped the services since.
    """
    store = workspace.store
    newest = [store.runs.newest(repository.id) for repository in store.repositories.list()]
    runs = {run.id: store.runs.get(run.id, with_output=False) for run in newest if run is not None}
    runs |= {run.id: run for run, _script in _unseen_failures(workspace)}
    return [run for _id, run in sorted(runs.items()) if left_down(run.executions)]


def _unseen_failures(workspace: Workspace) -> list[tuple[Run, Execution]]:
    return [(run, one) for run in workspace.store.runs.untold() for one in left_down(run.executions)]


def _owed_in(run: Run) -> list[OwedScript]:
    has_begun = any(one.started_at is not None or found_stopped(one) for one in run.executions)
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
