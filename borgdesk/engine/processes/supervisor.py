"""The supervisor: a small process that is the parent of a run's scripts and records their exit codes.

It outlives its master, so that an exit code is not lost when the master dies. It starts scripts one after the other, as
told through a pipe, and records the end of each one as soon as it happens. It also keeps the read ends of the scripts'
outputs open, so that no script dies of a broken pipe when the master dies; the next master continues to read through
``/proc/PID/fd``. Once the master is gone, the supervisor stays only until the current script has ended and its output
was read.

This module runs as a program, so it imports only the standard library, and nothing that slows its start down. Masters
use :func:`send`, :func:`receive` and the constants below.
"""

from __future__ import annotations

import os
import select
import sys
import time

READY, STARTED, NOT_STARTED, ENDED = b"ready", b"started", b"not started", b"ended"
RELEASE = (b"",)
"""From the master: it knows the exit status."""

HALF = 256
"""Bytes of each half of a record, for start and end. Both are allocated at the start, so that the end can be written
even if the disk has become full."""

_LINGER = 30.0
"""Seconds that unread output is kept after script and master are gone."""

_KILL = 9
"""SIGKILL, by number since importing ``signal`` takes longer than all other imports together."""

_TICK = 1.0
_FULL_FOR = 30
"""Ticks after which unread output of a script without a master is discarded, since the script would block for ever."""


def send(descriptor: int, fields: tuple[bytes, ...]) -> None:
    """Write one message: byte strings without NUL.

    Raises:
        OSError: the reader is gone.
    """
    rest = memoryview(framed(b"\0".join(fields)))
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def framed(body: bytes) -> bytes:
    """Return a message with its length prefix."""
    return len(body).to_bytes(8, "big") + body


def receive(descriptor: int) -> tuple[bytes, ...] | None:
    """Read one message; None if the writer is gone. An incomplete message counts as none."""
    head = _read(descriptor, 8)
    body = None if head is None else _read(descriptor, int.from_bytes(head, "big"))
    return None if body is None else tuple(body.split(b"\0"))


def _read(descriptor: int, size: int) -> bytes | None:
    pieces = []
    while size:
        piece = os.read(descriptor, min(size, 1 << 20))
        if not piece:
            return None
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def identity(pid: int) -> bytes:
    """Return a process as written in records: its pid and the clock ticks from boot to its start."""
    stat = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    try:
        fields = os.read(stat, 4096).rpartition(b") ")[2].split()
    finally:
        os.close(stat)
    return b"%d:%s" % (pid, fields[19])


def boot() -> bytes:
    """Return the id of the current boot."""
    with open("/proc/sys/kernel/random/boot_id", "rb") as file:  # noqa: PTH123 - pathlib takes time to import
        return file.read().strip()


def request(record: bytes, folder: bytes, argv: list[bytes], environment: list[bytes]) -> tuple[bytes, ...]:
    """Return the message that starts a script: its record, working directory, argv and environment."""
    return (record, folder, b"%d" % len(argv), *argv, *environment)


def serve(commands: int, replies: int, defaults: tuple[int, ...]) -> None:
    """Serve the master until it is gone. The signals *defaults* are ignored here and reset to default in scripts."""
    own = identity(os.getpid())
    # Part of each record, read in advance so that scripts do not wait for it.
    me = own + b" " + boot()
    # Try what a script needs before the first one.
    os.close(os.pidfd_open(os.getpid()))
    _reply(replies, READY, own)
    while (message := receive(commands)) is not None:
        if message != RELEASE and not _supervise(message, commands, replies, defaults, me):
            break


def _supervise(message: tuple[bytes, ...], commands: int, replies: int, defaults: tuple[int, ...], me: bytes) -> bool:
    """Start a script and wait for its end; return whether the master is still alive."""
    try:
        script = _Script(message, defaults, me)
    except OSError as error:
        _reply(replies, NOT_STARTED, b"%d" % (error.errno or 0))
        return True
    try:
        _reply(replies, STARTED, script.identity, *(b"%d" % pipe for pipe in script.outputs))
        script.wait(commands)
        code = script.write_end()
        _reply(replies, ENDED, b"%d" % code)
        if receive(commands) is not None:
            return True
        script.linger()
        return False
    finally:
        script.forget()


def _reply(replies: int, *fields: bytes) -> None:
    try:  # noqa: SIM105 - contextlib takes time to import
        send(replies, fields)
    except OSError:
        pass  # the master is gone, which the next read notices


class _Script:
    """A running script."""

    def __init__(self, message: tuple[bytes, ...], defaults: tuple[int, ...], me: bytes) -> None:
        """Start it.

        Raises:
            OSError: it was not started.
        """
        record, folder, count, *words = message
        argv, environment = words[: int(count)], words[int(count) :]
        self._record = _new_record(record, me)
        self.outputs: list[int] = []
        self.pid = 0
        self._exit = -1
        self._end = b""
        try:
            self._start(folder, argv, environment, defaults)
            self._exit = os.pidfd_open(self.pid)
            self.identity = identity(self.pid)
        except BaseException:
            self._undo(record)
            raise
        began = (self.identity, *(b"%d" % pipe for pipe in self.outputs), b"%.3f" % time.monotonic())
        self._write(0, b" ".join((b"running", me, *began)))

    def _start(self, folder: bytes, argv: list[bytes], environment: list[bytes], defaults: tuple[int, ...]) -> None:
        try:
            os.chdir(folder)
        except OSError:
            os.chdir("/")
        writing: list[int] = []
        try:
            for _ in range(2):
                pipe, end = os.pipe()
                self.outputs.append(pipe)
                writing.append(end)
            # Reserved for the next descriptor: what was started must be watched.
            spare = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
            try:
                self.pid = os.posix_spawn(
                    argv[0],
                    argv,
                    dict(entry.split(b"=", 1) for entry in environment),
                    file_actions=[
                        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                        (os.POSIX_SPAWN_DUP2, writing[0], 1),
                        (os.POSIX_SPAWN_DUP2, writing[1], 2),
                    ],
                    setsid=True,
                    setsigmask=(),
                    setsigdef=defaults,
                )
            finally:
                os.close(spare)
        finally:
            for end in writing:
                os.close(end)

    def _undo(self, record: bytes) -> None:
        """Kill a script that cannot be watched, and remove its record, as if it had not been started."""
        if self.pid:
            os.kill(self.pid, _KILL)
            os.waitpid(self.pid, 0)
            self.pid = 0
        self._close()
        if self._record >= 0:
            os.unlink(record)  # noqa: PTH108

    def _write(self, place: int, text: bytes) -> None:
        if self._record >= 0:
            try:  # noqa: SIM105
                os.pwrite(self._record, text.ljust(HALF - 1) + b"\n", place)
            except OSError:
                pass  # better a script without a record than none

    def wait(self, commands: int) -> None:
        """Wait for its end. Without a master, discard unread output if it blocks the script."""
        events = select.poll()
        events.register(self._exit, select.POLLIN)
        events.register(commands, 0)  # hang-ups are always reported
        while True:
            ready = dict(events.poll())
            if self._exit in ready:
                return
            if commands in ready:
                self._wait_alone()
                return

    def _wait_alone(self) -> None:
        events = select.poll()
        events.register(self._exit, select.POLLIN)
        full_for = 0
        while not events.poll(_TICK * 1000):
            full_for = full_for + 1 if any(map(_is_full, self.outputs)) else 0
            if full_for > _FULL_FOR:
                for pipe in filter(_is_full, self.outputs):
                    os.read(pipe, 1 << 20)
                full_for = _FULL_FOR

    def write_end(self) -> int:
        """Record and return its exit code, negative for a signal. It stays a zombie, so its pid is not reused."""
        result = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        assert result is not None
        code = result.si_status if result.si_code == os.CLD_EXITED else -result.si_status
        self._end = b"ended %d %.3f" % (code, time.time())
        self._write(HALF, self._end)
        return code

    def linger(self) -> None:
        """Without a master, keep the script's last output until somebody has read it."""
        self._write(HALF, self._end + b" alone")
        end = time.monotonic() + _LINGER
        unread = select.poll()
        for pipe in self.outputs:
            unread.register(pipe, select.POLLIN)
        while time.monotonic() < end and any(event & select.POLLIN for _, event in unread.poll(0)):
            time.sleep(0.05)

    def forget(self) -> None:
        """Reap it, since its exit status is known."""
        os.waitpid(self.pid, 0)
        self._close()

    def _close(self) -> None:
        for descriptor in (self._record, self._exit, *self.outputs):
            if descriptor >= 0:
                os.close(descriptor)


def _new_record(path: bytes, me: bytes) -> int:
    """Create the record of a script that is about to start; -1 if it cannot be written."""
    try:
        record = _new_file(path)
    except OSError:
        return -1
    try:
        os.write(record, b" ".join((b"starting", me)).ljust(2 * HALF - 1) + b"\n")
    except OSError:
        os.close(record)
        os.unlink(path)  # noqa: PTH108
        return -1
    return record


def _new_file(path: bytes) -> int:
    """Replace the file, since the supervisor of an earlier attempt may still write to the old one."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileExistsError:
        os.unlink(path)  # noqa: PTH108
    except FileNotFoundError:
        os.mkdir(os.path.dirname(path), 0o700)  # noqa: PTH102, PTH120
    return os.open(path, flags, 0o600)


def _is_full(pipe: int) -> bool:
    """Return whether writers to a pipe block."""
    end = os.open(f"/proc/self/fd/{pipe}", os.O_WRONLY | os.O_NONBLOCK)
    try:
        events = select.poll()
        events.register(end, select.POLLOUT)
        return not events.poll(0)
    finally:
        os.close(end)


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), tuple(map(int, sys.argv[3].split(","))))
    os._exit(0)  # skip Python's cleanup, which would delay whoever waits for this exit
