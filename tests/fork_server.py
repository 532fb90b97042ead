"""Runs ``borgdesk`` commands in processes forked from one that has imported all of it but Qt.

Importing takes ten times longer than what most commands do. A forked process differs from one that was started in what
``/proc`` shows as its command line and environment, and in that all modules are loaded. Tests of start-up, imports,
signals and terminals therefore start real ones, and so does one test for every command, in ``tests/cli/test_entry.py``.

The program is the same: ``__main__`` is run as by ``python -W error -m borgdesk``, and Python ends as it always does.
"""

from __future__ import annotations

import atexit
import gc
import io
import json
import os
import pkgutil
import runpy
import select
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import borgdesk

ROOT = Path(__file__).parents[1]
SURROUNDINGS = {"LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
"""What Python itself reads when it starts: see :func:`can_run`."""

_LEFT_OUT = ("borgdesk.__main__", "borgdesk.app", "borgdesk.gui", "borgdesk.store.migrations.")
_IMPORTED_LATER = ("alembic.command", "alembic.config", "sqlalchemy.dialects.sqlite")
"""By functions of ours and of SQLAlchemy."""
_LENGTH = struct.Struct("!I")
_CODE = struct.Struct("!i")
_STREAMS = 3

Files = list[IO[bytes]]


def can_run(environment: Mapping[str, str]) -> bool:
    """Return whether Python would be set up in this environment as the server is."""
    read = {name for name in environment if name.startswith(("PYTHON", "LC_")) or name == "LANG"}
    return {name: environment[name] for name in read} == SURROUNDINGS


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    stdin: bytes = b"",
    timeout: float = 60,
    *,
    folder: Path | None = None,
    module: str = "borgdesk",
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end, like :func:`subprocess.run` with three pipes and a *timeout* in seconds.

    Raises:
        TimeoutExpired: it did not end in time, and was killed.
    """
    assert can_run(environment)
    order = {
        "module": module,
        "arguments": [*arguments],
        "environment": dict(environment),
        "folder": str(folder or Path.cwd()),
        "umask": _umask(),
    }
    until = time.monotonic() + timeout
    reply, their_reply = socket.socketpair()
    with reply, their_reply, _pipes() as (ours, theirs):
        _CLIENT.send(order, [*theirs, their_reply])
        their_reply.close()
        for file in theirs:
            file.close()
        process = _process(reply, timeout)
        try:
            out, err = _communicate(ours, stdin, until)
            return subprocess.CompletedProcess([*arguments], _exit_code(reply, until), out, err)
        except TimeoutError:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, signal.SIGKILL)
            _exit_code(reply, time.monotonic() + timeout)
            raise subprocess.TimeoutExpired([*arguments], timeout) from None
        finally:
            os.close(process)


class _Client:
    """Starts the server of this process with the first command."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None

    def send(self, order: Mapping[str, object], files: Sequence[IO[bytes] | socket.socket]) -> None:
        """Let the server carry out an order, with the streams of the command and the socket for the reply."""
        text = json.dumps(order).encode()
        with self._lock:
            if self._control is None:
                self._control = self._start()
            socket.send_fds(self._control, [_LENGTH.pack(len(text))], [file.fileno() for file in files])
            self._control.sendall(text)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        argv = [sys.executable, "-W", "error", "-m", "tests.fork_server", str(theirs.fileno())]
        environment = {**SURROUNDINGS, "PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        with theirs:
            process = subprocess.Popen(
                argv,
                cwd=ROOT,
                env=environment,
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        atexit.register(process.wait)
        atexit.register(ours.close)
        return ours


_CLIENT = _Client()


def _umask() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1], 8) for line in lines if line.startswith("Umask:"))


@contextmanager
def _pipes() -> Iterator[tuple[Files, Files]]:
    """Provide our ends of the pipes for standard input, output and error, and those of the command."""
    with ExitStack() as opened:
        pipes: list[Files] = []
        for _ in range(_STREAMS):
            ends = zip(os.pipe(), ("rb", "wb"), strict=True)
            pipes.append([opened.enter_context(os.fdopen(end, mode, buffering=0)) for end, mode in ends])
        (their_in, our_in), (our_out, their_out), (our_err, their_err) = pipes
        yield [our_in, our_out, our_err], [their_in, their_out, their_err]


def _communicate(files: Files, text: bytes, until: float) -> tuple[bytes, bytes]:
    """Write *text* to the first file while reading the others, until all of them have ended."""
    stdin, out, err = files
    rest = memoryview(text)
    taken = {out.fileno(): bytearray(), err.fileno(): bytearray()}
    found = [*taken]
    with selectors.DefaultSelector() as waiting:
        waiting.register(stdin, selectors.EVENT_WRITE)
        for descriptor in taken:
            waiting.register(descriptor, selectors.EVENT_READ)
        while waiting.get_map():
            if time.monotonic() >= until:
                raise TimeoutError
            for key, _ in waiting.select(until - time.monotonic()):
                if key.fileobj is stdin:
                    rest = _after_writing(key.fd, rest)
                    if not rest:
                        waiting.unregister(stdin)
                        stdin.close()
                elif piece := os.read(key.fd, 1 << 16):
                    taken[key.fd] += piece
                else:
                    waiting.unregister(key.fd)
    return bytes(taken[found[0]]), bytes(taken[found[1]])


def _after_writing(descriptor: int, text: memoryview) -> memoryview:
    """Write as much as never blocks and return the rest, which is empty if nobody reads any more."""
    try:
        return text[os.write(descriptor, text[: select.PIPE_BUF]) :]
    except BrokenPipeError:
        return text[:0]


def _process(reply: socket.socket, timeout: float) -> int:
    """Return a descriptor of the command's process."""
    reply.settimeout(timeout)
    _, descriptors, _, _ = socket.recv_fds(reply, 1, 1)
    if not descriptors:
        raise RuntimeError("The fork server has ended. See what it said on standard error.")
    return descriptors[0]


def _exit_code(reply: socket.socket, until: float) -> int:
    reply.settimeout(max(0.1, until - time.monotonic()))
    return int(_CODE.unpack(reply.recv(_CODE.size))[0])


class _Server:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._waiting = select.poll()
        self._waiting.register(control, select.POLLIN)
        self._children: dict[int, tuple[int, socket.socket]] = {}
        """By the descriptor that shows their end."""

    def serve(self) -> str:
        """Fork a process for each order. Return its module there, and nothing here once the client is gone."""
        while True:
            for descriptor, _ in self._waiting.poll():
                if descriptor != self._control.fileno():
                    self._report(descriptor)
                    continue
                head, received, _, _ = socket.recv_fds(self._control, _LENGTH.size, _STREAMS + 1)
                if not head:
                    return ""
                (length,) = _LENGTH.unpack(head)
                text = self._control.recv(length, socket.MSG_WAITALL)
                pid = os.fork()
                if pid == 0:
                    self._leave()
                    order = json.loads(text)
                    _become(order, received[:_STREAMS])
                    return str(order["module"])
                self._take(pid, received)

    def _take(self, pid: int, received: Sequence[int]) -> None:
        *streams, answer = received
        for stream in streams:
            os.close(stream)
        reply = socket.socket(fileno=answer)
        ended = os.pidfd_open(pid)
        socket.send_fds(reply, [b"p"], [ended])
        self._children[ended] = (pid, reply)
        self._waiting.register(ended, select.POLLIN)

    def _report(self, ended: int) -> None:
        pid, reply = self._children.pop(ended)
        self._waiting.unregister(ended)
        os.close(ended)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        # A client that has lost its patience is gone.
        with reply, suppress(BrokenPipeError):
            reply.send(_CODE.pack(code))

    def _leave(self) -> None:
        """Let the objects forget their descriptors, which a child closes and uses for other things."""
        self._control.detach()
        for _, reply in self._children.values():
            reply.detach()


def _become(order: Mapping[str, Any], streams: Sequence[int]) -> None:
    """Give this process what a process is started with."""
    for standard, given in enumerate(streams):
        os.dup2(given, standard)
    os.closerange(_STREAMS, os.sysconf("SC_OPEN_MAX"))
    os.chdir(order["folder"])
    os.umask(order["umask"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    sys.argv[1:] = order["arguments"]
    sys.path[0] = str(Path.cwd())
    for standard, name in enumerate(("stdin", "stdout", "stderr")):
        stream = _stream(standard, getattr(sys, name))
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _stream(descriptor: int, like: Any) -> io.TextIOWrapper:
    """Return a new standard stream, set up as Python does it."""
    mode = "rb" if descriptor == 0 else "wb"
    buffer: Any = open(descriptor, mode, closefd=False)  # noqa: SIM115
    lines = descriptor == 2 or buffer.isatty()
    return io.TextIOWrapper(buffer, like.encoding, like.errors, newline="\n", line_buffering=lines)


def _import_everything() -> None:
    for found in pkgutil.walk_packages(borgdesk.__path__, "borgdesk."):
        if not f"{found.name}.".startswith(tuple(f"{name.rstrip('.')}." for name in _LEFT_OUT)):
            import_module(found.name)
    for name in _IMPORTED_LATER:
        import_module(name)


def main() -> None:
    """Serve until the client closes its end of the socket."""
    with socket.socket(fileno=int(sys.argv[1])) as control:
        _import_everything()
        # Nothing of it is garbage, and looking at it would copy its memory.
        gc.collect()
        gc.freeze()
        module = _Server(control).serve()
    if module:
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
