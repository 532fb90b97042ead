"""Writes to standard output and standard error, in colour on a terminal, and gives up on who does not read."""

from __future__ import annotations

import io
import os
import re
import select
import signal
import sys
import threading
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import TextIO

from borgdesk.domain.errors import BorgDeskError
from borgdesk.translation import _

_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Escape sequences and control characters, except for tabs and line ends."""

_WIDE = ("W", "F")
_WITHOUT_WIDTH = ("Mn", "Me", "Cf")
"""Categories of accents and of what joins characters to one."""

PATIENCE = 10.0
"""Seconds that the remaining output of a run waits for a reader that reads nothing at all."""

_PIECE = 4096
"""Bytes per write: the size a pipe accepts atomically. Progress shows that somebody reads."""


class OutputLost(BorgDeskError):
    """Output could not be written because the disk is full."""


class Style(StrEnum):
    """Text styles, as ANSI codes."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    GOOD = "32"
    WARN = "33"
    BAD = "31"


_FOREIGN = re.compile(rf"(?!\x1b\[(?:0|{'|'.join(filter(None, Style))})m)(?:{_CONTROL.pattern})")
"""The same, except for the styles that we write ourselves."""


def display_width(text: str) -> int:
    """Return the number of terminal columns that *text* takes."""
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def shortened(text: str, width: int) -> str:
    """Return *text* in at most *width* columns, with an ellipsis if it was truncated."""
    taken = kept = 0
    for place, character in enumerate(text):
        taken += _columns(character)
        if taken <= width - 1:
            kept = place + 1
        if taken > width:
            return text[:kept] + "…" if width > 0 else ""
    return text


def printable(text: str) -> str:
    """Return *text* without control characters and escape sequences."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def escape_what_cannot_be_written() -> None:
    """Let stdout and stderr accept any text in any locale, with escapes that mean the same character in JSON."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class Screen:
    """One of our output streams. A reader that is gone (``| head``, a closed terminal) causes no error.

    A slow reader (a pager) is waited for, unless :attr:`patience` limits that. The waiting happens in a daemon thread,
    so that nobody has to wait for that thread.
    """

    def __init__(self, stream: TextIO, environment: Mapping[str, str]) -> None:
        self._stream = stream
        self._lock = threading.RLock()
        self._descriptor = _descriptor(stream)
        self._gone = False
        self._taken = 0
        """Number of pieces written."""
        self._writer: threading.Thread | None = None
        """The thread that still waits for a reader that was given up."""
        self.patience: float | None = None
        """Seconds without progress after which the reader is given up; None for never."""
        self.is_terminal = stream.isatty()
        self.colours = self.is_terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
        self.moves = self.is_terminal and environment.get("TERM") != "dumb"
        """Whether written lines can be overwritten."""

    @property
    def width(self) -> int | None:
        """Columns of the terminal at the moment; None if lines may be of any length."""
        if not self.is_terminal:
            return None
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or None
        except OSError:
            return None

    @property
    def is_utf8(self) -> bool:
        """Whether every character can be written."""
        return self._stream.encoding.lower().replace("-", "") == "utf8"

    def paint(self, text: str, style: Style) -> str:
        """Return *text* in a style, if colours are enabled."""
        text = _CONTROL.sub("", text)
        return f"\x1b[{style}m{text}\x1b[0m" if self.colours and style and text else text

    def harmless(self, text: str) -> str:
        """Return *text* without control characters and escape sequences, except for styles that are shown."""
        return (_FOREIGN if self.colours else _CONTROL).sub("", text)

    def line(self, text: str = "") -> None:
        """Write a line, without control characters and the escape sequences of others."""
        self.write(self.harmless(text) + "\n")

    def write(self, text: str) -> None:
        """Write text unbuffered.

        Raises:
            OutputLost: it could not be written although somebody reads. Raised only once.
        """
        self.offer(partial(self._write, text))

    def offer(self, act: Callable[[], None]) -> None:
        """Call *act*, which writes here. It is abandoned when :attr:`patience` is exceeded, and not called after that.

        Raises:
            OutputLost: see :meth:`write`.
        """
        if self.patience is None or threading.current_thread().daemon:
            act()
            return
        if self._writer is not None and self._writer.is_alive():
            return
        errors: list[OutputLost] = []
        self._writer = threading.Thread(target=_try, args=(act, errors), name="writes to the terminal", daemon=True)
        self._writer.start()
        before = -1
        while self._writer.is_alive() and self._taken != before:
            before = self._taken
            self._writer.join(self.patience)
        for error in errors:
            raise error

    def _write(self, text: str) -> None:
        with self._lock:
            if self._gone:
                return
            try:
                self._put(text)
            except BrokenPipeError:
                self._leave()
            except OSError as error:
                self._leave()
                if not self.is_terminal:
                    raise OutputLost(
                        _("The output could not be written: {error}.").format(error=error.strerror)
                    ) from error

    def _put(self, text: str) -> None:
        if self._descriptor is None:
            self._stream.write(text)
            self._stream.flush()
            return
        # Not through the stream object: at exit, Python would wait for another thread that is writing to it.
        data = memoryview(text.encode(self._stream.encoding, self._stream.errors or "strict"))
        while data:
            try:
                data = data[self._put_piece(self._descriptor, data[:_PIECE]) :]
                self._taken += 1
            except BlockingIOError:
                poll = select.poll()
                poll.register(self._descriptor, select.POLLOUT)
                poll.poll()

    def _put_piece(self, descriptor: int, piece: memoryview) -> int:
        if self.patience is None or not self.is_terminal:
            return os.write(descriptor, piece)
        # With SIGTTOU, a terminal may stop background processes that write to it: not while something is owed.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTTOU,))
        try:
            return os.write(descriptor, piece)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _leave(self) -> None:
        """Discard buffered text, which Python would try to write at exit: the reader is gone."""
        self._gone = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def _try(act: Callable[[], None], errors: list[OutputLost]) -> None:
    try:
        act()
    except OutputLost as error:
        errors.append(error)


def _descriptor(stream: TextIO) -> int | None:
    """Return the descriptor of a stream; None for one in memory."""
    try:
        stream.flush()
        return stream.fileno()
    except (OSError, ValueError):
        return None
