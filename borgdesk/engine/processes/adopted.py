"""Scripts that were started by a supervisor whose master has died: watched until they end, by another process."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from pathlib import Path

from borgdesk.domain.events import Stream
from borgdesk.domain.history import ProcessIdentity
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.process import EndUnknown
from borgdesk.engine.processes.script_records import Began, read_record
from borgdesk.translation import _


def is_watched(began: Began) -> bool:
    """Return whether the supervisor that started a script is still alive."""
    pid, started = began.supervisor
    return procfs.is_alive(ProcessIdentity(pid, started, began.boot_id))


class Adopted:
    """A script that a supervisor started for a master that has died."""

    def __init__(self, began: Began, record: Path) -> None:
        """Open what is needed to watch it, as far as it still exists."""
        self.pid = began.script[0]
        self.exit = -1
        self.outputs: dict[int, Stream] = {}
        self._began = began
        self._record = record
        supervisor_pid = began.supervisor[0]
        self._supervisor = os.pidfd_open(supervisor_pid)
        try:
            for stream, pipe in ((Stream.STDOUT, began.stdout), (Stream.STDERR, began.stderr)):
                with contextlib.suppress(FileNotFoundError):  # it has just ended
                    self.outputs[os.open(f"/proc/{supervisor_pid}/fd/{pipe}", os.O_RDONLY | os.O_CLOEXEC)] = stream
            try:
                self.exit = os.pidfd_open(self.pid)
            except ProcessLookupError:
                self.exit = os.dup(self._supervisor)
        except BaseException:
            self.close()
            raise

    @property
    def elapsed(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._began.at

    def roots(self) -> frozenset[int]:
        """Its pid, unless that has been reused."""
        return self._began.session()

    def code(self, patience: float) -> int:
        """Return its exit code from its record, negative for a signal.

        Raises:
            EndUnknown: its supervisor was killed before it could write it.
        """
        end = time.monotonic() + patience
        gone = select.poll()
        gone.register(self._supervisor, select.POLLIN)
        while True:
            over = bool(gone.poll(10)) or time.monotonic() >= end
            record = read_record(self._record)
            if record is not None and record.ended is not None:
                return record.ended.code
            if over:
                return self._code_without_record()

    def _code_without_record(self) -> int:
        code = procfs.code_of_zombie(*self._began.script)
        if code is None:
            raise EndUnknown(_("its supervisor was ended"))
        # It was stopped, and has no more to report.
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._supervisor, signal.SIGKILL)
        return code

    def close(self) -> None:
        """Close its descriptors."""
        for descriptor in (self.exit, self._supervisor, *self.outputs):
            if descriptor >= 0:
                os.close(descriptor)
