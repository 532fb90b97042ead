"""Armed runs that nobody executes, for testing single operations on a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from borgdesk.domain.events import Tell
from borgdesk.domain.history import Execution, ProcessIdentity, Run
from borgdesk.domain.run import Trigger
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.engine.runs.active_run import ActiveRun, SecretValues
from borgdesk.engine.runs.event_delivery import NOBODY
from borgdesk.engine.runs.output_capture import Masker
from borgdesk.engine.runs.planning import plan
from borgdesk.engine.runs.run_folders import log_in, now, run_folder
from borgdesk.engine.runs.run_log import RunLog
from tests.engine.desk import Desk


def armed(desk: Desk, owner: ProcessIdentity | None = None) -> Run:
    """Create a run that *owner*, or this process, has armed."""
    runs, repository = desk.workspace.store.runs, desk.repository
    queued = runs.queue(repository, Trigger.USER, owner or procfs.identity(), now(), turn_of(repository))
    return runs.arm(queued.id, now(), plan(desk.workspace, repository).scripts)


@contextmanager
def active(desk: Desk, cancel: Cancel | None = None, tell: Tell = NOBODY) -> Iterator[ActiveRun]:
    """Provide the state of an armed run in this process."""
    run = armed(desk)
    folder = run_folder(desk.workspace, run.id)
    log = RunLog(log_in(folder))
    secrets: SecretValues = {}
    state = ActiveRun(desk.workspace, run, run.executions, folder, log, Masker([]), secrets, cancel or Cancel(), tell)
    with closing(log), closing(state.events), closing(state.supervisor):
        yield state


def with_execution(active: ActiveRun, name: str, **changes: object) -> Execution:
    """Replace one of the executions and return it."""
    (one,) = [execution for execution in active.executions if execution.planned.name == name]
    changed = replace(one, **changes)  # type: ignore[arg-type]
    active.executions = tuple(changed if execution is one else execution for execution in active.executions)
    return changed
