"""Pre-forked victims: processes forked from one that has imported all of BorgDesk.

A campaign kills thousands of them, and importing would take longer than their work. The nursery reads a line of JSON
for each on standard input and answers with its pid::

{"act": "run" | "recover" | "window", "repositories": [name, ...], "environment": {...}}
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from borgdesk.domain.run import Trigger
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import backup, recovery
from borgdesk.engine.workspace import Workspace

ROOT = Path(__file__).parent.parent.parent


class Nursery:
    """Client of the process from which victims are forked."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, environment: Mapping[str, str], act: str, *repositories: str) -> Victim:
        """Start a process; *act* is "run", "recover", or "window", which opens one and starts a backup in it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"act": act, "repositories": repositories, "environment": dict(environment)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Victim(int(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate(timeout=60)


class Victim:
    """One forked process. It is not our child, so that only the fact of its end is known, not its exit status."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        try:
            self._descriptor: int | None = os.pidfd_open(pid)
        except ProcessLookupError:
            self._descriptor = None

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end; return whether it has ended."""
        if self._descriptor is None:
            return True
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        ended = bool(poll.poll(None if seconds is None else seconds * 1000))
        if ended:
            os.close(self._descriptor)
            self._descriptor = None
        return ended

    def kill(self) -> bool:
        """Send SIGKILL; return whether it still existed."""
        if self._descriptor is None or self.wait(0):
            return False
        signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
        self.wait()
        return True


def _run(names: list[str]) -> None:
    workspace = Workspace.open()
    repositories = [workspace.store.repositories.get(name) for name in names]
    threads = [
        threading.Thread(target=backup.run, args=(workspace, one, Trigger.CLI, lambda _: None, Cancel()))
        for one in repositories[1:]
    ]
    for thread in threads:
        thread.start()
    backup.run(workspace, repositories[0], Trigger.CLI, lambda _: None, Cancel())
    for thread in threads:
        thread.join()


def _open_window(names: list[str]) -> None:
    """Open the real window, drawn in memory, start a backup once it is ready, and leave the window open."""
    from PySide6.QtCore import QTimer

    from borgdesk import app
    from borgdesk.paths import Paths

    application = app.make_application()
    opened = app.Application(application, Paths.from_environment(os.environ))
    timer = QTimer(interval=10)

    def start() -> None:
        if opened.shell is not None:
            timer.stop()
            for one in Workspace.open().store.repositories.list():
                if one.name in names:
                    opened.shell.requests.back_up(one.id)

    timer.timeout.connect(start)
    timer.start()
    application.exec()


def _live(order: dict[str, Any]) -> None:
    """Execute the order in the forked process."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nowhere, descriptor)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir("/")
    match order["act"]:
        case "run":
            _run(order["repositories"])
        case "window":
            _open_window(order["repositories"])
        case _:
            recovery.recover_all(Workspace.open())


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                _live(order)
                code = 0
            finally:
                os._exit(code)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
