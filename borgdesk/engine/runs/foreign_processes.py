"""Waits for processes that a script started as another user, which cannot be killed.

Otherwise a service that such a process is still stopping would be stopped after it was started again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from borgdesk.domain.history import Execution
from borgdesk.domain.reasons import Code, Reason
from borgdesk.engine.processes.process_tree import ProcessTree, name_of
from borgdesk.engine.processes.procfs import Process
from borgdesk.engine.runs.active_run import ActiveRun

_GLANCE = 0.1


def not_ended(found: Iterable[Process]) -> Reason:
    """Return the reason that names the processes that were not killed with their script."""
    return Reason(Code.NOT_ENDED, {"programs": tuple(sorted(map(name_of, found)))})


def wait_for_what_is_left(active: ActiveRun) -> None:
    """Wait, before the first script after the backup, for processes left running by scripts before it.

    For each of them the limit is the timeout of its script; a second stop request ends the wait.
    """
    for execution in active.executions:
        tree = active.left_running.get(execution.id)
        if tree is not None:
            _wait(active, execution, tree)


def _wait(active: ActiveRun, execution: Execution, tree: ProcessTree) -> None:
    end = time.monotonic() + execution.planned.policy.timeout
    found = tree.look()
    if found:
        active.log.line(f"waiting for {', '.join(map(name_of, found))} of “{execution.planned.name}”")
    while found and time.monotonic() < end and not active.cancel.hurried:
        time.sleep(_GLANCE)
        found = tree.look()
    if found:
        names = tuple(map(name_of, found))
        active.note(Reason(Code.STILL_RUNNING, {"programs": names, "script": execution.planned.name}))
