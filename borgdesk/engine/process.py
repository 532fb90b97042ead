"""One child process: started, listened to, stopped with its whole tree. The only module that starts programs."""

from __future__ import annotations

import logging
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import IO, Self

from borgdesk.domain.events import Stream
from borgdesk.engine import procfs

_log = logging.getLogger(__name__)

TERM_GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL."""

DRAIN = 2.0
"""Seconds for which the pipes are read after the program exited and left somebody holding them."""

_GLANCE = 0.1
"""Seconds between two looks at the stop condition."""

_KILL_ATTEMPT = 5.0
"""Seconds of trying to kill what does not die."""

_CHUNK = 65536
"""Bytes a read: the size of a Linux pipe."""


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


# A terminal's ^C goes to all processes of ours, also to a program between its start and its session of its own. A child
# made by vfork dies of it, however we handle the signal; one made by fork still has our handler then. With a terminal
# that is worth the 5 ms which a fork of a large process takes. subprocess' documentation names the switch.
subprocess._USE_VFORK = not _has_terminal()  # type: ignore[misc]


class StopReason(Enum):
    """Why a program was stopped before it ended by itself."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"


@dataclass(frozen=True, slots=True)
class Program:
    """What to start, and how its tree is recognised."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    marker: procfs.Marker
    """Of its environment; nobody else's has it."""
    pass_fds: Sequence[int] = ()
    cwd: Path | None = None
    """The user's home where nothing is said."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of stopping a program: a signal, and how long it may take to work."""

    signal: signal.Signals
    patience: float
    """Seconds until the next rung."""
    whole_tree: bool = True
    satisfied: Callable[[], bool] = field(default=lambda: False)
    """Says that the next rung may come already."""


TERM_THEN_KILL = (Rung(signal.SIGTERM, TERM_GRACE),)
"""How scripts are stopped. SIGKILL to the whole tree is always what follows the last rung."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program ended."""

    exit_code: int
    """As a shell says it: 128 + N for a program that was killed by signal N."""
    signal: int | None = None
    """The signal that killed it."""
    stopped: StopReason | None = None
    left_behind: int = 0
    """Processes that still held its output after it had exited, and were ended."""


class StartFailed(Exception):
    """The program could not be started; the message is a sentence."""


Listen = Callable[[Stream, bytes], None]
Watch = Callable[[float], StopReason | None]
"""Asked about every 0.1 s with the seconds since the start: should the program be stopped, and why?"""


def run(program: Program, listen: Listen, watch: Watch, ladder: Sequence[Rung] = TERM_THEN_KILL) -> Ending:
    """Run *program* to its end in a session of its own, with empty input, handing on what it prints.

    It returns in bounded time after the program exited or *watch* asked to stop it; then no process of its tree is
    left but those that detached themselves from its output before a normal end (a service that was started).

    Raises:
        StartFailed: there is no such program, it is not executable, or its environment is too long.
    """
    with _Child(program, listen) as child:
        stopped = child.until_exit(watch)
        if stopped is None:
            left_behind = child.drain()
            return _ending(child.exit_code(), left_behind=left_behind)
        child.stop(ladder)
        return _ending(child.exit_code(), stopped)


def _ending(code: int, stopped: StopReason | None = None, left_behind: int = 0) -> Ending:
    if code < 0:
        return Ending(128 - code, -code, stopped, left_behind)
    return Ending(code, None, stopped, left_behind)


def capture(
    argv: Sequence[str], environment: Mapping[str, str], timeout: float, stdin: bytes | None = None
) -> tuple[int, bytes, bytes]:
    """Run a program that answers quickly, giving it *stdin* to read; its exit code and both outputs.

    Raises:
        StartFailed: it could not be started, or did not answer within *timeout* seconds.
    """
    try:
        done = subprocess.run(
            argv,
            env=dict(environment),
            capture_output=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL if stdin is None else None,
            input=stdin,
        )
    except subprocess.TimeoutExpired:
        raise StartFailed(f"{argv[0]} did not answer within {timeout:.0f} seconds.") from None
    except OSError as error:
        raise StartFailed(_start_sentence(argv[0], error)) from error
    return done.returncode, done.stdout, done.stderr


class Detached:
    """A program in a session of its own that goes on when we die."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], pass_fds: Sequence[int], log: Path) -> None:
        """Start it; what it prints goes to the end of *log*, or nowhere when that cannot be written.

        Raises:
            StartFailed: it could not be started.
        """
        try:
            with _appending(log) as output:
                self._popen = subprocess.Popen(
                    argv,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=pass_fds,
                    start_new_session=True,
                    cwd="/",
                )
        except OSError as error:
            raise StartFailed(_start_sentence(argv[0], error)) from error

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    def wait(self, seconds: float) -> bool:
        """Wait for its end, but not longer than *seconds*; says whether it has ended."""
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def _appending(log: Path) -> IO[bytes]:
    try:
        return log.open("ab")
    except OSError as error:
        _log.warning("%s cannot be written: %s", log, error.strerror)
        return open(os.devnull, "wb")  # noqa: PTH123 - a device, not a path of ours


def end_families(markers: Iterable[procfs.Marker], grace: float) -> int:
    """End processes that were left by programs whose starter died: SIGTERM to all, *grace* seconds, SIGKILL.

    Returns how many there were.
    """
    markers = tuple(markers)

    def members() -> set[procfs.Process]:
        return {process for marker in markers for process in procfs.family(frozenset(), marker)}

    found = members()
    for process in procfs.parents_first(found):
        procfs.send(process, signal.SIGTERM)
    end = time.monotonic() + grace
    while members() and time.monotonic() < end:
        time.sleep(_GLANCE / 2)
    _kill(members)
    return len(found)


def _kill(members: Callable[[], set[procfs.Process]]) -> None:
    """SIGKILL until nobody is left, since a process may fork between the look and the blow.

    Who hangs in the kernel (a dead network disk) or became another user cannot be killed: that ends the attempt.
    """
    end = time.monotonic() + _KILL_ATTEMPT
    while (found := members()) and time.monotonic() < end:
        for process in procfs.parents_first(found):
            procfs.send(process, signal.SIGKILL)
        time.sleep(0.01)


class _Child:
    """A started program with its two pipes, while it is of interest."""

    def __init__(self, program: Program, listen: Listen) -> None:
        self._program = program
        self._listen = listen
        self._popen = _popen(program)
        self._began = time.monotonic()
        self._selector = selectors.DefaultSelector()
        self._streams: dict[IO[bytes], Stream] = {}
        for stream, pipe in ((Stream.STDOUT, self._popen.stdout), (Stream.STDERR, self._popen.stderr)):
            assert pipe is not None
            self._streams[pipe] = stream
            self._selector.register(pipe, selectors.EVENT_READ, pipe)
        self._inodes = frozenset(os.fstat(pipe.fileno()).st_ino for pipe in self._streams)
        self._exit = os.pidfd_open(self._popen.pid)
        self._selector.register(self._exit, selectors.EVENT_READ, None)
        self._exited = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._popen.poll() is None:
            # An exception in our own code: what was started must not outlive our interest in it.
            _kill(self._tree)
            self.exit_code()
        self._selector.close()
        os.close(self._exit)
        for pipe in list(self._streams):
            pipe.close()

    def exit_code(self) -> int:
        try:
            return self._popen.wait(DRAIN)
        except subprocess.TimeoutExpired:  # it hangs in the kernel, see _kill
            return -signal.SIGKILL

    def until_exit(self, watch: Watch) -> StopReason | None:
        """Listen until the program exits, or until *watch* gives a reason to stop it."""
        while self._runs():
            self._read(_GLANCE)
            reason = watch(time.monotonic() - self._began)
            if reason is not None and self._runs():
                return reason
        return None

    def _runs(self) -> bool:
        return not self._exited

    def drain(self) -> int:
        """Listen to what is still in the pipes; end who keeps them open for too long, and say how many that were."""
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
        """Climb the ladder until nobody of the tree is left, listening all the while."""
        for rung in ladder:
            targets = self._tree() if rung.whole_tree else {p for p in self._tree() if p.pid == self._popen.pid}
            for process in procfs.parents_first(targets):
                procfs.send(process, rung.signal)
            if self._until(self._gone, rung.patience, rung.satisfied):
                break
        _kill(self._tree)
        self._until(lambda: not self._streams, DRAIN)

    def _gone(self) -> bool:
        return self._exited and not self._tree()

    def _until(self, done: Callable[[], bool], seconds: float, enough: Callable[[], bool] = lambda: False) -> bool:
        """Listen until *done* or *enough*, at most *seconds*; says whether it is done."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if done():
                return True
            if enough():
                return False
            self._read(min(left, _GLANCE))
        return done()

    def _tree(self) -> set[procfs.Process]:
        # The pid belongs to us for as long as we have not waited for it, so it cannot be somebody else's.
        return procfs.family(frozenset({self._popen.pid}), self._program.marker) | self._holders()

    def _holders(self) -> set[procfs.Process]:
        return {p for p in procfs.processes() if p.pid != os.getpid() and procfs.holds_pipe(p.pid, self._inodes)}

    def _read(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                self._exited = True
                self._selector.unregister(self._exit)
            else:
                self._read_pipe(key.data)

    def _hear(self, stream: Stream, chunk: bytes) -> None:
        try:
            self._listen(stream, chunk)
        except Exception:
            # A defect in what becomes of the output is no reason to kill the program that prints it.
            _log.exception("output of %s was lost", self._program.argv[0])

    def _read_pipe(self, pipe: IO[bytes]) -> None:
        chunk = os.read(pipe.fileno(), _CHUNK)
        if chunk:
            self._hear(self._streams[pipe], chunk)
        else:
            self._selector.unregister(pipe)
            del self._streams[pipe]
            pipe.close()


def _popen(program: Program) -> subprocess.Popen[bytes]:
    home = program.cwd or Path(program.environment.get("HOME", "/"))
    try:
        return subprocess.Popen(
            program.argv,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=home if home.is_dir() else "/",
            pass_fds=program.pass_fds,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise StartFailed(_start_sentence(program.argv[0], error)) from error


def _start_sentence(program: str, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{program} is not on this machine."
    if isinstance(error, PermissionError):
        return f"{program} may not be executed."
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{program} could not be started: {reason}."
