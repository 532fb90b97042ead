"""A running child process: reads its output, watches it, and stops it together with its process tree."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Protocol

from borgdesk.domain.events import Stream
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.process_tree import ProcessTree
from borgdesk.engine.processes.start_errors import EndUnknown, shortage_told_apart

_log = logging.getLogger(__name__)

TERM_GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL."""

DRAIN = 2.0
"""Seconds to keep reading the pipes after the program exited while other processes hold them open."""

GLANCE = 0.1
"""Seconds between two polls of the stop condition."""

_KILL_ATTEMPT = 5.0
"""Seconds to keep trying to kill a process that does not die."""

CHUNK = 65536
"""Bytes per read: the capacity of a Linux pipe."""


class StopReason(Enum):
    """Why a program was stopped before it ended by itself."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"


@dataclass(frozen=True, slots=True)
class Program:
    """What to start, and how to recognise its process tree."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    marker: procfs.Marker
    """Environment entries that no other process has."""
    pass_fds: Sequence[int] = ()
    cwd: Path = Path("/")
    """Its working directory. Whoever starts it enters that first, and hangs if it is on a disk that does not respond;
    so it is the user's home only where somebody has looked at that."""


def in_folder(folder: str, argv: Sequence[str]) -> list[str]:
    """Return a command that runs *argv* in a folder of the user's: a shell enters it, which can be given up."""
    return ["/bin/sh", "-c", 'cd -- "$0" && exec "$@"', folder, *argv]


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of stopping a program: a signal, and the time it may take to work."""

    signal: signal.Signals
    patience: float
    """Seconds until the next rung."""
    whole_tree: bool = True
    satisfied: Callable[[], bool] = field(default=lambda: False)
    """Returns whether the next rung may follow immediately."""


TERM_THEN_KILL = (Rung(signal.SIGTERM, TERM_GRACE),)
"""How scripts are stopped. SIGKILL to the whole tree always follows the last rung."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a program."""

    exit_code: int
    """As a shell reports it: 128 + N for a program killed by signal N."""
    signal: int | None = None
    """The signal that killed it."""
    stopped: StopReason | None = None
    left_behind: int = 0
    """Number of processes that still held its output after it had exited, and were killed."""
    left_running: ProcessTree | None = None
    """Processes that could not be killed when it was stopped because they belong to another user."""


Listen = Callable[[Stream, bytes], None]
Watch = Callable[[float], StopReason | None]
"""Called about every 0.1 s with the seconds since the start; returns a reason to stop the program, or None."""


class Running(Protocol):
    """A program that was started, by us or by a supervisor."""

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its session."""

    @property
    def exit(self) -> int:
        """A descriptor that becomes readable when it has ended."""

    @property
    def outputs(self) -> Mapping[int, Stream]:
        """The read ends of its outputs."""

    @property
    def elapsed(self) -> float:
        """Seconds since its start."""

    def roots(self) -> frozenset[int]:
        """Its process id, as long as it cannot be reused."""

    def code(self, patience: float) -> int:
        """Return its exit code, negative for a signal, waiting at most *patience* seconds.

        Raises:
            EndUnknown: the exit status is lost.
        """

    def close(self) -> None:
        """Release its resources after it has ended."""


def follow(
    running: Running, program: Program, listen: Listen, watch: Watch, ladder: Sequence[Rung] = TERM_THEN_KILL
) -> Ending:
    """Follow a started program to its end, as :func:`run` does. If anything is raised, it is killed.

    Raises:
        Shortage: the system lacks resources to watch it.
        EndUnknown: it ended, and its exit status is lost.
    """
    child = _Child(running, program, listen)
    try:
        with shortage_told_apart(program.argv[0]):
            child.attach()
        stopped = child.until_exit(watch)
        if stopped is None:
            left_behind = child.drain()
            return ending(child.exit_code(), left_behind=left_behind)
        _log.debug("stopping %s (%d): %s", program.argv[0], running.pid, stopped.value)
        child.stop(ladder)
        try:
            ended = ending(child.exit_code(), stopped)
        except EndUnknown:
            ended = ending(-signal.SIGKILL, stopped)
        return replace(ended, left_running=child.left_running())
    finally:
        child.close()


def ending(code: int, stopped: StopReason | None = None, left_behind: int = 0) -> Ending:
    """Return the ending for an exit code, negative for a signal."""
    if code < 0:
        return Ending(128 - code, -code, stopped, left_behind)
    return Ending(code, None, stopped, left_behind)


def end_families(markers: Iterable[procfs.Marker], grace: float) -> int:
    """As :func:`end_trees`, for all processes that carry one of *markers*."""
    return end_trees([ProcessTree(marker) for marker in markers], grace)


def end_trees(trees: Sequence[ProcessTree], grace: float) -> int:
    """End processes left by programs whose starter died: SIGTERM to all, *grace* seconds, SIGKILL.

    Returns how many there were. Processes that changed to another user cannot be killed and remain in their tree.
    """

    def members() -> set[procfs.Process]:
        return {process for tree in trees for process in tree.look()}

    found = members()
    for process in procfs.parents_first(found):
        procfs.send(process, signal.SIGTERM)
    end = time.monotonic() + grace
    while _endable(members()) and time.monotonic() < end:
        time.sleep(GLANCE / 2)
    _kill(members)
    return len(found)


def _endable(found: Iterable[procfs.Process]) -> bool:
    return any(procfs.may_be_signalled(process) for process in found)


def kill_family(roots: frozenset[int], marker: procfs.Marker) -> None:
    """Send SIGKILL to all that descend from *roots*, are in their sessions, or carry *marker*."""
    _kill(lambda: procfs.family(roots, marker))


def _kill(members: Callable[[], set[procfs.Process]]) -> None:
    """Send SIGKILL until no process is left, since one may fork between the look and the signal.

    Processes that hang in the kernel (a dead network disk) or changed to another user cannot be killed; then it gives
    up.
    """
    end = time.monotonic() + _KILL_ATTEMPT
    while time.monotonic() < end:
        try:
            found = members()
            for process in procfs.parents_first(found):
                procfs.send(process, signal.SIGKILL)
        except OSError as error:
            # Without a free descriptor no process can be found; another thread may release one.
            _log.warning("processes cannot be looked at: %s", error)
        else:
            if not _endable(found):
                return
        time.sleep(0.01)


class _Child:
    """A program with its two pipes while it is being followed."""

    def __init__(self, running: Running, program: Program, listen: Listen) -> None:
        self._running = running
        self._program = program
        self._listen = listen
        self._poll: select.poll | None = None
        self._streams = dict(running.outputs)
        self._inodes: frozenset[int] = frozenset()
        self._exited = False
        self._members = ProcessTree(program.marker, running.roots)

    def attach(self) -> None:
        """Start to read its output."""
        self._inodes = frozenset(os.fstat(pipe).st_ino for pipe in self._streams)
        self._poll = select.poll()
        for descriptor in (*self._streams, self._running.exit):
            self._poll.register(descriptor, select.POLLIN)

    def close(self) -> None:
        """Stop following it."""
        try:
            if not self._exited:
                # After an exception in our own code, the program must not outlive our interest in it.
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._running.exit, signal.SIGKILL)
                _kill(self._tree)
        finally:
            self._running.close()

    def exit_code(self) -> int:
        return self._running.code(DRAIN)

    def until_exit(self, watch: Watch) -> StopReason | None:
        """Read its output until it exits, or until *watch* returns a reason to stop it."""
        while self._runs():
            self._read(GLANCE)
            reason = watch(self._running.elapsed)
            if reason is not None and self._runs():
                return reason
        return None

    def _runs(self) -> bool:
        return not self._exited

    def drain(self) -> int:
        """Read the rest of the pipes; kill processes that hold them open for too long, and return their number."""
        end = time.monotonic() + DRAIN
        while self._streams and (left := end - time.monotonic()) > 0:
            self._read(left)
        if not self._streams:
            return 0
        holders = self._holders()
        for process in holders:
            procfs.send(process, signal.SIGTERM)
        self._until(lambda: not self._holders(), DRAIN)
        _kill(self._holders)
        return len(holders)

    def stop(self, ladder: Sequence[Rung]) -> None:
        """Climb the ladder until no process of the tree is left, reading output all the while."""
        for rung in ladder:
            targets = self._tree() if rung.whole_tree else {p for p in self._tree() if p.pid == self._running.pid}
            for process in procfs.parents_first(targets):
                procfs.send(process, rung.signal)
            if self._until(self._gone, rung.patience, rung.satisfied):
                break
        _kill(self._tree)
        self._until(lambda: not self._streams, DRAIN)

    def left_running(self) -> ProcessTree | None:
        """Return the processes of the tree that could not be killed, for further observation."""
        return self._members if self._tree() else None

    def _gone(self) -> bool:
        return self._exited and not _endable(self._tree())

    def _until(self, done: Callable[[], bool], seconds: float, enough: Callable[[], bool] = lambda: False) -> bool:
        """Read output until *done* or *enough*, at most *seconds*; return whether it is done."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if done():
                return True
            if enough():
                return False
            self._read(min(left, GLANCE))
        return done()

    def _tree(self) -> set[procfs.Process]:
        return self._members.look() | self._holders()

    def _holders(self) -> set[procfs.Process]:
        return {p for p in procfs.processes() if p.pid != os.getpid() and procfs.holds_pipe(p.pid, self._inodes)}

    def _read(self, seconds: float) -> None:
        assert self._poll is not None
        for descriptor, _ in self._poll.poll(seconds * 1000):
            if descriptor in self._streams:
                self._read_pipe(descriptor)
            else:
                self._exited = True
                self._poll.unregister(descriptor)

    def _hear(self, stream: Stream, chunk: bytes) -> None:
        try:
            self._listen(stream, chunk)
        except Exception:
            # An error in handling the output is no reason to kill the program that prints it.
            _log.exception("output of %s was lost", self._program.argv[0])

    def _read_pipe(self, pipe: int) -> None:
        assert self._poll is not None
        chunk = os.read(pipe, CHUNK)
        if chunk:
            self._hear(self._streams[pipe], chunk)
        else:
            self._poll.unregister(pipe)
            del self._streams[pipe]
