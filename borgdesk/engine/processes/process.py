"""Starts programs: followed to their end, for a quick answer, or detached. No other module starts any.

What callers need to know of a running program is in :mod:`borgdesk.engine.processes.child`.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from borgdesk import private
from borgdesk.domain.events import Stream
from borgdesk.engine.processes.child import (
    CHUNK,
    DRAIN,
    GLANCE,
    TERM_THEN_KILL,
    Ending,
    Listen,
    Program,
    Rung,
    StopReason,
    Watch,
    end_families,
    end_trees,
    ending,
    follow,
    in_folder,
    kill_family,
)
from borgdesk.engine.processes.memory_file import memory_file
from borgdesk.engine.processes.start_errors import (
    EndUnknown,
    Shortage,
    StartFailed,
    check_platform,
    is_shortage,
    located,
    shortage_told_apart,
    start_failed,
)
from borgdesk.translation import _

__all__ = [
    "DRAIN",
    "TERM_THEN_KILL",
    "Detached",
    "EndUnknown",
    "Ending",
    "Listen",
    "Program",
    "Rung",
    "Shortage",
    "StartFailed",
    "StopReason",
    "Watch",
    "all_as_bytes",
    "answers",
    "as_bytes",
    "capture",
    "check_platform",
    "end_families",
    "end_trees",
    "ending",
    "follow",
    "in_folder",
    "is_shortage",
    "kill_family",
    "located",
    "run",
    "shortage_told_apart",
    "start_failed",
]

_log = logging.getLogger(__name__)


_LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes that a program run for a quick answer may print. ShellCheck prints a few hundred per line of a script."""


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


# A terminal sends ^C to all processes in its foreground group, including a child that has not reached its own session
# yet. A child created by vfork dies of it, whatever our signal handlers; one created by fork still has our handler
# then. With a terminal that justifies the 5 ms that a fork of a large process takes. The documentation of subprocess
# names this switch.
subprocess._USE_VFORK = not _has_terminal()  # type: ignore[misc]


def as_bytes(word: str) -> bytes:
    """Encode a variable or an argument as the system does.

    A character missing from the locale's encoding (ISO 8859-1 has no “) must not keep a script from starting.
    """
    try:
        return os.fsencode(word)
    except UnicodeEncodeError:
        return word.encode("utf-8", "surrogateescape")


def all_as_bytes(words: Sequence[str]) -> list[bytes]:
    """As :func:`as_bytes` for words without NUL, all at once, which takes a tenth of the time."""
    try:
        return os.fsencode("\0".join(words)).split(b"\0") if words else []
    except UnicodeEncodeError:
        return [as_bytes(word) for word in words]


def run(program: Program, listen: Listen, watch: Watch, ladder: Sequence[Rung] = TERM_THEN_KILL) -> Ending:
    """Run *program* to its end in a session of its own, with empty stdin, and pass on its output.

    Returns in bounded time after the program exited or *watch* asked to stop it. Then no process of its tree is left,
    except for those that closed its output before it exited normally (a service that was started).

    Raises:
        StartFailed: there is no such program, it is not executable, or its environment is too large.
        Shortage: the system lacks resources for it now.
    """
    return follow(_Own(program), program, listen, watch, ladder)


def capture(
    argv: Sequence[str], environment: Mapping[str, str], timeout: float, stdin: bytes = b""
) -> tuple[int, bytes, bytes]:
    """Run a program for a quick answer, with *stdin* as its input; return its exit code and both outputs.

    Raises:
        StartFailed: it could not be started, did not answer within *timeout* seconds, or printed too much.
    """
    late = time.monotonic() + timeout
    try:
        with memory_file("stdin", stdin) as source:
            popen = subprocess.Popen(
                argv, env=dict(environment), stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
    except OSError as error:
        raise start_failed(argv[0], error) from error
    try:
        stdout, stderr = _read_all(popen, argv[0], late)
        code = popen.wait(max(late - time.monotonic(), 0))
    except (TimeoutError, subprocess.TimeoutExpired):
        raise StartFailed(
            _("{program} did not respond within {seconds:.0f} seconds.").format(program=argv[0], seconds=timeout)
        ) from None
    finally:
        leave(popen)
    return code, stdout, stderr


def _read_all(popen: subprocess.Popen[bytes], name: str, late: float) -> tuple[bytes, bytes]:
    """Read both outputs to their end."""
    assert popen.stdout is not None
    assert popen.stderr is not None
    pipes = popen.stdout.fileno(), popen.stderr.fileno()
    heard = {pipe: bytearray() for pipe in pipes}
    poll, left = select.poll(), set(pipes)
    for pipe in pipes:
        poll.register(pipe, select.POLLIN)
    while left:
        ready = poll.poll(max(late - time.monotonic(), 0) * 1000)
        if not ready:
            raise TimeoutError
        for pipe, _event in ready:
            chunk = os.read(pipe, CHUNK)
            heard[pipe] += chunk
            if len(heard[pipe]) > _LARGEST_ANSWER:
                raise StartFailed(_("{program} answers without end and was ended.").format(program=name))
            if not chunk:
                poll.unregister(pipe)
                left.remove(pipe)
    return bytes(heard[pipes[0]]), bytes(heard[pipes[1]])


def answers(
    argv: Sequence[str], environment: Mapping[str, str], patience: float, stop: Callable[[], bool]
) -> Iterator[bytes]:
    """Yield the lines that a small program prints, each within *patience* seconds of the previous one.

    Ends with the program, when a line is late, or when *stop* returns True. The program is then killed; one that hangs
    in the kernel (a dead network disk) cannot be, and is abandoned.

    Raises:
        StartFailed: it could not be started.
    """
    try:
        popen = subprocess.Popen(
            argv,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
    except OSError as error:
        raise start_failed(argv[0], error) from error
    assert popen.stdout is not None
    try:
        pipe, buffered = popen.stdout.fileno(), b""
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        late = time.monotonic() + patience
        while (left := late - time.monotonic()) > 0 and not stop():
            if not poll.poll(1000 * min(left, GLANCE)):
                continue
            chunk = os.read(pipe, CHUNK)
            if not chunk:
                break
            *lines, buffered = (buffered + chunk).split(b"\n")
            yield from lines
            late = time.monotonic() + patience
    finally:
        leave(popen)


_abandoned: set[subprocess.Popen[bytes]] = set()
"""Programs that were killed and hang in the kernel. Nobody waits for them, but one whose disk is back has ended."""


def _abandon(popen: subprocess.Popen[bytes]) -> None:
    _abandoned.add(popen)


def _collect_abandoned() -> None:
    """Collect the exit codes of those that have ended since, or they stay in the table of processes."""
    for popen in list(_abandoned):
        if popen.poll() is not None:
            _abandoned.discard(popen)


@atexit.register
def _let_abandoned_go() -> None:
    _collect_abandoned()
    for popen in _abandoned:
        _let_go(popen)


def _let_go(popen: subprocess.Popen[bytes]) -> None:
    """Do not let subprocess complain that nobody waits for it: this process ends before it."""
    popen.returncode = 0


def leave(popen: subprocess.Popen[bytes]) -> None:
    """Kill a program that is no longer needed, without waiting for it."""
    _collect_abandoned()
    popen.kill()
    for pipe in (popen.stdin, popen.stdout, popen.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        popen.wait(1)
    except subprocess.TimeoutExpired:
        _abandon(popen)


class Detached:
    """A program in a session of its own that survives us."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], pass_fds: Sequence[int], log: Path) -> None:
        """Start it with its output appended to *log*, or discarded if that cannot be written.

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
            raise start_failed(argv[0], error) from error

    @property
    def pid(self) -> int:
        """Its pid."""
        return self._popen.pid

    def kill(self) -> None:
        """Kill it at once; one that hangs in the kernel is abandoned."""
        self._popen.kill()
        if not self.wait(DRAIN):
            _abandon(self._popen)

    def let_go(self) -> None:
        """Do not watch it any more: this process ends before it."""
        _let_go(self._popen)

    def resume(self) -> None:
        """Resume it if it was stopped (SIGSTOP)."""
        self._popen.send_signal(signal.SIGCONT)

    def wait(self, seconds: float) -> bool:
        """Wait at most *seconds* for its end; return whether it has ended."""
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def _appending(log: Path) -> IO[bytes]:
    try:
        return private.append(log)
    except OSError as error:
        _log.warning("%s cannot be written: %s", log, error.strerror)
        return open(os.devnull, "wb")  # noqa: PTH123 - a device, not a path of ours


class _Own:
    """A program that we started ourselves."""

    def __init__(self, program: Program) -> None:
        self._popen = _popen(program)
        self._began = time.monotonic()
        stdout, stderr = self._popen.stdout, self._popen.stderr
        assert stdout is not None
        assert stderr is not None
        self.outputs = {stdout.fileno(): Stream.STDOUT, stderr.fileno(): Stream.STDERR}
        try:
            with shortage_told_apart(program.argv[0]):
                self.exit = os.pidfd_open(self.pid)
        except BaseException:
            # A program that is not watched must not run.
            kill_family(self.roots(), program.marker)
            self.exit = -1
            self.close()
            raise

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def roots(self) -> frozenset[int]:
        # The pid cannot be reused as long as we have not waited for the process.
        return frozenset({self.pid})

    def code(self, patience: float) -> int:
        try:
            return self._popen.wait(patience)
        except subprocess.TimeoutExpired:  # it hangs in the kernel, see _kill
            return -signal.SIGKILL

    def close(self) -> None:
        self.code(DRAIN)
        if self._popen.returncode is None:
            _abandon(self._popen)
        if self.exit >= 0:
            os.close(self.exit)
        for pipe in (self._popen.stdout, self._popen.stderr):
            assert pipe is not None
            pipe.close()


def _popen(program: Program) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            program.argv,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=program.cwd,
            pass_fds=program.pass_fds,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise start_failed(program.argv[0], error) from error
