"""Asks for the sizes of many files in a process of its own, which may be abandoned if a file system hangs."""

from __future__ import annotations

import array
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from borgdesk.engine.processes.file_probes import PROBE_LIMIT
from borgdesk.engine.processes.process import leave
from borgdesk.engine.processes.start_errors import start_failed

_PROGRAM = Path(__file__).with_name("file_size_program.py").read_text()
_GLANCE = 0.05
_MOST_HANGS = 3
"""Questions without an answer after which no more are asked."""

_NUMBERS = 4
_WIDTH = 8


class FileSize(NamedTuple):
    """What is known of one path; all of it is 0 if the path does not exist or nobody answered."""

    mode: int
    """As ``st_mode``."""
    size: int
    """Bytes; 0 for a folder."""
    mtime: int
    """Microseconds since 1970."""
    link: int
    """The same number for all names of a file that has several; 0 if it has one."""


_UNKNOWN = FileSize(0, 0, 0, 0)


class FileSizes:
    """Answers questions about many paths at once, each within :data:`.file_probes.PROBE_LIMIT`."""

    def __init__(self, stop: Callable[[], bool], limit: float = PROBE_LIMIT) -> None:
        """*stop* says whether nobody is interested any more."""
        self._stop, self._limit = stop, limit
        self._program: subprocess.Popen[bytes] | None = None
        self._hangs = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def of(self, paths: Sequence[str]) -> list[FileSize]:
        """Return what is known of *paths*, in order.

        Raises:
            StartFailed: the process cannot be started.
        """
        if self._hangs >= _MOST_HANGS:
            return [_UNKNOWN] * len(paths)
        question = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
        answer = self._ask(struct.pack("!I", len(question)) + question, len(paths) * _NUMBERS * _WIDTH)
        if answer is None:
            self._hangs += 1
            self.close()
            return [_UNKNOWN] * len(paths)
        numbers = array.array("q", answer)
        return [FileSize(*numbers[place : place + _NUMBERS]) for place in range(0, len(numbers), _NUMBERS)]

    def close(self) -> None:
        """End the process, without waiting for one that hangs."""
        if self._program is not None:
            program, self._program = self._program, None
            leave(program)

    def _ask(self, question: bytes, length: int) -> bytes | None:
        program = self._program = self._program or self._started()
        assert program.stdin is not None
        assert program.stdout is not None
        source, sink = program.stdout.fileno(), program.stdin.fileno()
        poll = select.poll()
        poll.register(source, select.POLLIN)
        poll.register(sink, select.POLLOUT)
        rest, answer, late = memoryview(question), bytearray(), time.monotonic() + self._limit
        while len(answer) < length:
            if self._stop() or time.monotonic() >= late:
                return None
            for descriptor, event in poll.poll(_GLANCE * 1000):
                if event & (select.POLLERR | select.POLLHUP | select.POLLNVAL) and not event & select.POLLIN:
                    return None
                if descriptor == source:
                    answer += os.read(source, length - len(answer))
                    continue
                try:
                    rest = rest[os.write(sink, rest) :]
                except BrokenPipeError:
                    return None
                if not rest:
                    poll.unregister(sink)
        return bytes(answer)

    def _started(self) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-I", "-S", "-c", _PROGRAM]
        try:
            program = subprocess.Popen(
                argv, env={"LC_ALL": "C.UTF-8"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, start_new_session=True, cwd="/", bufsize=0,
            )  # fmt: skip
        except OSError as error:
            raise start_failed(argv[0], error) from error
        assert program.stdin is not None
        os.set_blocking(program.stdin.fileno(), False)
        return program
