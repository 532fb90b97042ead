"""The master's side of a supervisor: starts it, sends it requests and receives the exit codes."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Self

from borgdesk.domain.events import Stream
from borgdesk.engine.processes import logout_signals, process, procfs, supervisor
from borgdesk.engine.processes.markers import marked
from borgdesk.engine.processes.process import Detached, EndUnknown, Listen, Program, Shortage, StartFailed, Watch
from borgdesk.engine.processes.procfs import Marker
from borgdesk.engine.processes.script_records import read_record
from borgdesk.translation import _

_log = logging.getLogger(__name__)

_PATIENCE = 20.0
"""Seconds to wait for an answer of a supervisor; it normally takes milliseconds."""

_FAREWELL = 2.0
"""Seconds to wait until an idle supervisor has exited."""

_DEFAULT = ",".join(str(int(number)) for number in (signal.SIGPIPE, signal.SIGXFSZ))
"""Signals that Python ignores; scripts must not inherit that."""

_SPARE = 4
"""Descriptors reserved for what is opened after a script has started: it must not run unwatched."""


class _NoAnswer(EndUnknown):
    """The supervisor is alive but does not answer."""


class _Silence(Shortage):
    """A script was not started because its supervisor did not answer in time."""


class Request(NamedTuple):
    """A request to a supervisor to start a script."""

    program: Program
    record: Path
    message: tuple[bytes, ...]
    """What is sent to the supervisor."""


class _Started(NamedTuple):
    """A started script, as reported by its supervisor."""

    pid: int
    ticks: int
    """Clock ticks from boot to its start."""
    stdout: int
    """The supervisor's descriptor of the read end."""
    stderr: int


def _nothing() -> None:
    """Do nothing meanwhile."""


class Supervisor:
    """The supervisor of one run's scripts, started on demand, and again if it was killed."""

    def __init__(self, environment: Mapping[str, str], marker: Marker, log: Path) -> None:
        """Prepare it: *environment* is the user's, *marker* identifies it, and its error messages go to *log*."""
        self._environment = dict(environment) | marked(marker)
        self._log = log
        self._process: Detached | None = None
        self._commands = self._replies = -1
        self._pid = 0
        self._at_root = False
        """Whether scripts start in the root folder because their own working directory does not respond."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(self) -> None:
        """Start it without waiting until it is ready.

        Raises:
            StartFailed: it could not be started.
        """
        if self._process is not None:
            return
        argv = [sys.executable, "-I", "-S", str(Path(supervisor.__file__).resolve())]
        with process.shortage_told_apart(_("The supervisor of scripts")):
            reading, self._commands = os.pipe()
            try:
                self._replies, writing = os.pipe()
            except OSError:
                os.close(reading)
                self._close_pipes()
                raise
        try:
            words = [*argv, str(reading), str(writing), _DEFAULT]
            # The process that knows how scripts end must survive a logout; the scripts do not inherit the blocked
            # signals.
            with logout_signals.blocked():
                self._process = Detached(words, self._environment, (reading, writing), self._log)
        except StartFailed:
            self._close_pipes()
            raise
        finally:
            os.close(reading)
            os.close(writing)
        self._pid = 0

    def confirm(self) -> None:
        """Wait until it is ready.

        Raises:
            StartFailed: it could not be started, or this system lacks what it needs.
        """
        self.prepare()
        if self._pid:
            return
        try:
            answer = self.answer(_PATIENCE)
        except EndUnknown as error:
            self.abandon()
            raise Shortage(_("The supervisor of scripts did not start: {error}").format(error=error)) from error
        self._pid = int(answer[1].partition(b":")[0])

    def run(
        self, request: Request, listen: Listen, watch: Watch, meanwhile: Callable[[], None] = _nothing
    ) -> process.Ending:
        """Run a script as :func:`process.run` does, with its start and end written to its record.

        *meanwhile* is called while the script is being started, and must be quick.

        Raises:
            StartFailed: it cannot be started.
            Shortage: it was not started, or was killed right away, but a retry may succeed.
            EndUnknown: it ended, and its exit status is lost.
        """
        program = request.program
        with process.shortage_told_apart(program.argv[0]), _reserved():
            started = self._start_where_possible(request, meanwhile)
        running = _Supervised(self, program, request.record, started)
        return process.follow(running, program, listen, watch)

    def _start_where_possible(self, request: Request, meanwhile: Callable[[], None]) -> _Started:
        if not self._at_root:
            try:
                return self._start(request, meanwhile)
            except _Silence as silence:
                # The home folder may be on a disk that no longer responds. The supervisor was killed before it started
                # anything.
                _log.warning("%s; it is tried at the root", silence)
                self._at_root = True
        return self._start(request_for(replace(request.program, cwd=Path("/")), request.record), meanwhile)

    def _start(self, request: Request, meanwhile: Callable[[], None]) -> _Started:
        program = request.program
        for _attempt in range(2):
            self.confirm()
            try:
                supervisor.send(self._commands, request.message)
                break
            except BrokenPipeError:
                # It was killed while idle, before it read the whole message.
                self.abandon()
        meanwhile()
        try:
            kind, *answer = self.answer(_PATIENCE)
        except EndUnknown as error:
            self.abandon()
            process.end_families([program.marker], grace=0)
            kind_of_trouble = _Silence if isinstance(error, _NoAnswer) else Shortage
            raise kind_of_trouble(
                _("{program} could not be started: {error}").format(program=program.argv[0], error=error)
            ) from error
        if kind == supervisor.NOT_STARTED:
            number = int(answer[0])
            raise process.start_failed(program.argv[0], OSError(number, os.strerror(number)))
        pid, _colon, ticks = answer[0].partition(b":")
        return _Started(int(pid), int(ticks), int(answer[1]), int(answer[2]))

    def open_pipe(self, number: int) -> int:
        """Open a pipe that the supervisor reads, in this process."""
        return os.open(f"/proc/{self._pid}/fd/{number}", os.O_RDONLY | os.O_CLOEXEC)

    def answer(self, patience: float) -> tuple[bytes, ...]:
        """Return its next answer.

        Raises:
            EndUnknown: it is gone, or does not answer.
        """
        events = select.poll()
        events.register(self._replies, select.POLLIN)
        if not events.poll(patience * 1000):
            raise _NoAnswer(_("its supervisor is not responding"))
        answer = supervisor.receive(self._replies)
        if answer is None:
            raise EndUnknown(_("its supervisor was ended"))
        return answer

    def release(self) -> None:
        """Tell it that we know the exit status."""
        with contextlib.suppress(BrokenPipeError):
            supervisor.send(self._commands, supervisor.RELEASE)

    def abandon(self) -> None:
        """Stop using this supervisor; the next script gets a new one."""
        self._close_pipes()
        gone, self._process, self._pid = self._process, None, 0
        if gone is not None and not gone.wait(_FAREWELL):
            gone.kill()

    def close(self) -> None:
        """Let it exit."""
        self.abandon()

    def _close_pipes(self) -> None:
        for descriptor in (self._commands, self._replies):
            if descriptor >= 0:
                os.close(descriptor)
        self._commands = self._replies = -1


def request_for(program: Program, record: Path) -> Request:
    """Return the request to start *program*, with its start and end written to *record*.

    Raises:
        StartFailed: there is no such program, or a value cannot be passed.
    """
    first, *others = program.argv
    argv = [process.located(first, program.environment), *others]
    environment = [f"{name}={value}" for name, value in program.environment.items()]
    if any("\0" in word for word in (*argv, *environment)):
        raise StartFailed(_("{program} could not be started: a value contains a NUL character.").format(program=first))
    folder = os.fsencode(program.cwd)
    message = supervisor.request(
        os.fsencode(record), folder, process.all_as_bytes(argv), process.all_as_bytes(environment)
    )
    return Request(program, record, message)


@contextlib.contextmanager
def _reserved() -> Iterator[None]:
    """Reserve descriptors meanwhile for what is opened afterwards."""
    kept: list[int] = []
    try:
        for _one in range(_SPARE):
            kept.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))  # noqa: PERF401 - those before an error too
        yield
    finally:
        for descriptor in kept:
            os.close(descriptor)


class _Supervised:
    """A script that our supervisor has just started."""

    def __init__(self, master: Supervisor, program: Program, record: Path, started: _Started) -> None:
        """Open what is needed to watch it.

        Raises:
            Shortage: that is not possible; the script was killed.
            EndUnknown: its supervisor is gone already; the script was killed.
        """
        self.pid = started.pid
        self.exit = -1
        self.outputs: dict[int, Stream] = {}
        self._master = master
        self._record = record
        self._code: int | None = None
        self._is_silent = False
        """Whether its supervisor does not respond: it was killed or stopped."""
        self._started = started.ticks
        self._began = time.monotonic()
        try:
            with process.shortage_told_apart(program.argv[0]):
                self.outputs[master.open_pipe(started.stdout)] = Stream.STDOUT
                self.outputs[master.open_pipe(started.stderr)] = Stream.STDERR
                self.exit = os.pidfd_open(self.pid)
        except BaseException as error:
            # A script that is not watched must not run.
            process.kill_family(self.roots(), program.marker)
            self.close()
            if isinstance(error, FileNotFoundError | ProcessLookupError):
                raise EndUnknown(_("its supervisor was ended")) from error
            raise

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def roots(self) -> frozenset[int]:
        # The supervisor reaps it only after we know the exit status, so the pid cannot be reused before that.
        return frozenset({self.pid})

    def code(self, patience: float) -> int:
        if self._code is None:
            self._code = self._ask(patience)
        return self._code

    def _ask(self, patience: float) -> int:
        try:
            return int(self._master.answer(patience)[1])
        except EndUnknown:
            self._is_silent = True
            record = read_record(self._record)
            code = record.ended.code if record and record.ended else procfs.code_of_zombie(self.pid, self._started)
            if code is None:
                raise
            return code

    def close(self) -> None:
        try:
            self.code(process.DRAIN)
        except EndUnknown as error:
            _log.warning("a script is over: %s", error)
        if self._is_silent:
            # It may recover at any time and must not be used for the next script then.
            self._master.abandon()
        else:
            self._master.release()
        for descriptor in (self.exit, *self.outputs):
            if descriptor >= 0:
                os.close(descriptor)
