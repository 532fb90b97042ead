"""A run with a fault at a given step, started by the matrix as a separate process.

It listens to the run's events like a window does, and acts exactly when the run reaches the given step. The steps are
named in :data:`STEPS`; ``pre2`` and the like act while that script runs, after it printed its first line.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from borgdesk.domain.events import (
    BorgProgressed,
    Event,
    ExecutionEnded,
    ExecutionStarted,
    OutputPrinted,
    StepBegan,
    TurnAwaited,
)
from borgdesk.domain.exit_codes import exit_code_of
from borgdesk.domain.history import Execution
from borgdesk.domain.run import RunStatus, Step, Trigger
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.supervisor_client import Supervisor
from borgdesk.engine.runs import backup, output_capture, retention, script_execution
from borgdesk.engine.workspace import Workspace
from tests.command_lines import command_line
from tests.listening import InStep

STEPS = (
    "queued", "arming", "pre1", "between-pre", "pre2", "create", "post1", "between-post", "prune", "report",
)  # fmt: skip
SCRIPTS = ("pre1", "pre2", "post1", "report")


class Striker:
    """Waits for the step and then acts, once."""

    def __init__(self, step: str, fault: str, cancel: Cancel) -> None:
        self._step = step
        self._fault = fault
        self._cancel = cancel
        self._running: str | None = None
        self._in: Step | None = None
        self._struck = False

    def __call__(self, event: Event) -> None:
        match event:
            case StepBegan(_, step):
                self._in = step
            case ExecutionStarted():
                self._running = event.name
            case ExecutionEnded():
                self._running = None
        if not self._struck and self._is_there(event):
            self._struck = True
            self._strike()

    def _is_there(self, event: Event) -> bool:
        match self._step:
            case "queued":
                return isinstance(event, TurnAwaited)
            case "arming":
                return isinstance(event, StepBegan) and event.step is Step.PRE_BACKUP
            case "create":
                return isinstance(event, BorgProgressed) and self._in is Step.CREATE
            case "prune":
                return isinstance(event, OutputPrinted) and self._in is Step.RETENTION
            case "nothing" | "between-pre" | "between-post":
                return False
            case script:
                return isinstance(event, OutputPrinted) and self._running == script

    def strike_at_end_of(self, name: str) -> None:
        """Act when a script has ended and nobody has recorded that."""
        self._strike_before("_record", name)

    def strike_before_start_of(self, name: str) -> None:
        """Act when a script is about to be started and that is recorded."""
        self._strike_before("request_of", name)

    def _strike_before(self, step: str, name: str) -> None:
        original: Callable[..., Any] = getattr(script_execution, step)

        def struck(active: object, execution: Execution, *others: object) -> Any:
            if execution.planned.name == name and not self._struck:
                self._struck = True
                self._strike()
            return original(active, execution, *others)

        setattr(script_execution, step, struck)

    def _strike(self) -> None:
        Path(os.environ["BORGDESK_HOME"], "struck").write_text(str(time.clock_gettime(time.CLOCK_BOOTTIME)))
        match self._fault:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "kill-both":
                for guardian in guardians_of(os.getpid()):
                    os.kill(guardian, signal.SIGKILL)
                os.kill(os.getpid(), signal.SIGKILL)
            case "sigterm":
                os.kill(os.getpid(), signal.SIGTERM)
            case "cancel":
                self._cancel.ask()
            case "exception":
                _break_next_call(self._step)
            case "borg-killed":
                for borg in _borgs():
                    os.kill(borg, signal.SIGKILL)


def _children(pid: int) -> list[procfs.Process]:
    return [p for p in procfs.processes() if p.parent == pid]


def guardians_of(pid: int) -> list[int]:
    """Return the guardians that the process *pid* has started."""
    found = []
    for child in _children(pid):
        with contextlib.suppress(OSError):
            if b"guardian" in command_line(child.pid):
                found.append(child.pid)
    return found


def _borgs() -> list[int]:
    marker = frozenset({"BORGDESK_EXECUTION_ID=borg", f"BORGDESK_HOME={os.environ['BORGDESK_HOME']}"})
    return [p.pid for p in _children(os.getpid()) if procfs.has_marker(p.pid, marker)]


def _break_next_call(step: str) -> None:
    """Make our own code raise once, at its next use: an event, Borg's answer, or the next start."""
    owner, name = {
        "queued": (backup, "GuardianClient"),
        "create": (backup, "parse_create"),
        "prune": (retention, "_answered"),
    }.get(step, (output_capture.Capture, "feed") if step in SCRIPTS else (Supervisor, "run"))
    original: Callable[..., Any] = getattr(owner, name)

    def broken(*_: object, **__: object) -> NoReturn:
        setattr(owner, name, original)
        raise RuntimeError("a defect, made for a test")

    setattr(owner, name, broken)


def main() -> int:
    order = json.loads(sys.argv[1])
    cancel = Cancel()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: cancel.ask())
    workspace = Workspace.open()
    repository = workspace.store.repositories.get("Documents")
    striker = Striker(order["step"], order["fault"], cancel)
    if order["step"].endswith("-ended"):
        striker.strike_at_end_of(order["step"].removesuffix("-ended"))
    elif order["step"].startswith("between-"):
        striker.strike_before_start_of(f"{order['step'].removeprefix('between-')}2")
    run = backup.run(workspace, repository, Trigger.CLI, InStep(striker), cancel)
    with contextlib.suppress(BrokenPipeError):
        print(run.status, run.error or "")
    return exit_code_of(RunStatus(run.status))


if __name__ == "__main__":
    sys.exit(main())
