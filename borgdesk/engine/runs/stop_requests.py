"""Lets other processes ask a run to stop, through a named pipe in the run's folder."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from borgdesk import private
from borgdesk.domain.events import StopAsked, Tell
from borgdesk.domain.ids import RunId
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.event_delivery import tell
from borgdesk.engine.runs.event_log import EventLog
from borgdesk.engine.runs.run_folders import now

_log = logging.getLogger(__name__)

_ASK = b"s"
_GLANCE = 200
"""Milliseconds between two polls of this process's own cancellation flag: signal handlers set it, and must not need a
lock. A request from another process is noticed at once."""


def requests_in(folder: Path) -> Path:
    """Return the pipe in a run's folder."""
    return folder / "stop"


def ask_to_stop(folder: Path) -> bool:
    """Ask the process of a run to stop it, the second time to hurry; return whether it receives the request.

    It does not if the process is dead, or the file system of the folder does not support pipes.
    """
    try:
        pipe = os.open(requests_in(folder), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.write(pipe, _ASK) == len(_ASK)
    except OSError:
        return False
    finally:
        os.close(pipe)


class StopRequests:
    """Accepts stop requests of other processes while entered; whoever asked, all listeners of the run are told."""

    def __init__(self, folder: Path, run_id: RunId, cancel: Cancel, listener: Tell) -> None:
        self._folder, self._run_id, self._cancel, self._listener = folder, run_id, cancel, listener
        self._told = 0
        """Number of events sent: one for the stop, one for the hurry."""
        self._pipe: int | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"requests to stop run {run_id}", daemon=True)

    def __enter__(self) -> Self:
        try:
            self._pipe = self._open()
        except OSError as error:
            _log.warning("run %d can be asked to stop by its own process only: %s", self._run_id, error)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        if self._pipe is not None:
            with contextlib.suppress(OSError):
                requests_in(self._folder).unlink()
            with contextlib.suppress(OSError):
                os.write(self._pipe, b"\0")
        self._thread.join()
        if self._pipe is not None:
            os.close(self._pipe)

    def _open(self) -> int:
        path = requests_in(self._folder)
        private.make_folder(self._folder)
        path.unlink(missing_ok=True)
        os.mkfifo(path, private.FILE)
        # Read-write, so that opening does not block, and there is no end of file after a writer.
        return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def _work(self) -> None:
        while not self._over.is_set():
            for _ in range(self._wait()):
                self._cancel.ask()
            self._tell()

    def _wait(self) -> int:
        """Wait for a while; return the number of requests received."""
        if self._pipe is None:
            self._over.wait(_GLANCE / 1000)
            return 0
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        if not poll.poll(_GLANCE):
            return 0
        try:
            return os.read(self._pipe, 64).count(_ASK)
        except OSError:
            return 0

    def _tell(self) -> None:
        asked = int(self._cancel.asked) + int(self._cancel.hurried)
        if asked > self._told:
            self._told = asked
            event = StopAsked(self._run_id, hurried=self._cancel.hurried, at=now())
            with EventLog(self._folder) as events:
                events.append(event)
            tell(self._listener, event)
