"""Terminal of a given width that runs a command, and the resulting screen content."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from tests.cli.lab import PATIENCE, BorgDesk

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_ERASE = "\x1b[K"


def rendered(text: str, columns: int) -> list[str]:
    """Return the lines on the screen after *text*, which may contain CR, LF and "erase to the end of the line"."""
    lines: list[list[str]] = [[]]
    column = place = 0
    text = COLOURS.sub("", text)
    while place < len(text):
        character = text[place]
        if text.startswith(_ERASE, place):
            del lines[-1][column:]
            place += len(_ERASE)
            continue
        assert character != "\x1b", f"an unknown sequence: {text[place : place + 8]!r}"
        if character == "\r":
            column = 0
        elif character == "\n":
            lines.append([])
            column = 0
        else:
            if column == columns:
                lines.append([])
                column = 0
            lines[-1].extend(" " * (column + 1 - len(lines[-1])))
            lines[-1][column] = character
            column += 1
        place += 1
    return ["".join(line) for line in lines]


class Terminal:
    """Runs a command in a terminal and can stop it as a user would."""

    def __init__(
        self, desk: BorgDesk, *arguments: str, columns: int = 80, environment: Mapping[str, str] | None = None
    ) -> None:
        self.columns = columns
        self._seen = b""
        argv, variables = desk.argv(*arguments), desk.environment | {"TERM": "xterm"} | dict(environment or {})
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
                os.execve(argv[0], argv, variables)
            finally:
                os._exit(255)
        self._code: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._master)

    @property
    def text(self) -> str:
        """Everything that was written, including escape sequences."""
        return self._seen.decode(errors="replace")

    @property
    def lines(self) -> list[str]:
        """The content of the screen."""
        return rendered(self.text, self.columns)

    def wait_for(self, text: str) -> None:
        """Wait until a line on the screen contains *text*."""
        deadline = time.monotonic() + PATIENCE
        while not any(text in line for line in self.lines):
            assert time.monotonic() < deadline, self.lines
            assert self._read(), f"it ended without {text!r}: {self.lines}"

    def press(self, key: str) -> None:
        os.write(self._master, key.encode())

    def end(self) -> tuple[int, Sequence[str]]:
        """Wait for the end; return the exit code, and the screen without the trailing blank line."""
        while self._read():
            pass
        _, status = os.waitpid(self.pid, 0)
        self._code = os.waitstatus_to_exitcode(status)
        lines = self.lines
        assert lines.pop() == "", "the prompt would not begin at the left margin"
        return self._code, lines

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], PATIENCE)
        assert ready, f"nothing happened any more: {self.lines}"
        try:
            chunk = os.read(self._master, 65536)
        except OSError:  # Linux reports this when the last process has closed the terminal
            return False
        self._seen += chunk
        return bool(chunk)
