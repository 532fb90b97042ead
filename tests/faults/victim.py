"""A run to which something happens at a given step. Started by the matrix, as a process of its own.

It listens to the run's events like a window does, and strikes when the run is exactly where it is told to strike. The
steps are named in :data:`STEPS`; ``pre2`` and the like strike while that script runs, after it printed its first line.
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
from borgdesk.domain.run import RunStatus, Step, Trigger, exit_code_of
from borgdesk.engine import backup, maintain, output, process, procfs
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.workspace import Workspace

STEPS = (
    "queued", "arming", "pre1", "between-pre", "pre2", "create", "post1", "between-post", "prune", "report",
)  # fmt: skip
SCRIPTS = ("pre1", "pre2", "post1", "report")


class Striker:
    """Waits for the step and then strikes, once."""

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
            case "between-pre":
                return isinstance(event, ExecutionEnded) and event.name == "pre1"
            case "between-post":
                return isinstance(event, ExecutionEnded) and event.name == "post1"
            case "create":
                return isinstance(event, BorgProgressed) and self._in is Step.CREATE
            case "prune":
                return isinstance(event, OutputPrinted) and self._in is Step.RETENTION
            case "nothing":
                return False
            case script:
                return isinstance(event, OutputPrinted) and self._running == script

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
    """The guardians that the process *pid* has started."""
    found = []
    for child in _children(pid):
        with contextlib.suppress(OSError):
            if b"guardian" in Path(f"/proc/{child.pid}/cmdline").read_bytes():
                found.append(child.pid)
    return found


def _borgs() -> list[int]:
    marker = frozenset({"BORGDESK_EXECUTION_ID=borg", f"BORGDESK_HOME={os.environ['BORGDESK_HOME']}"})
    return [p.pid for p in _children(os.getpid()) if procfs.has_marker(p.pid, marker)]


def _break_next_call(step: str) -> None:
    """Make our own code raise, once, where it works next: on what is heard, on Borg's answer, at the next start."""
    owner, name = {
        "queued": (backup, "Watch"),
        "create": (backup, "parse_create"),
        "prune": (maintain, "_do"),
    }.get(step, (output.Capture, "feed") if step in SCRIPTS else (process, "run"))
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
    run = backup.run(workspace, repository, Trigger.CLI, Striker(order["step"], order["fault"], cancel), cancel)
    with contextlib.suppress(BrokenPipeError):
        print(run.status, run.error or "")
    return exit_code_of(RunStatus(run.status))


if __name__ == "__main__":
    sys.exit(main())
