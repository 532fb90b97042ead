"""Writing to standard output and standard error: colours and widths where there is a terminal, plain text elsewhere."""

from __future__ import annotations

import io
import os
import re
import sys
import threading
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import TextIO

from borgdesk.domain.errors import BorgDeskError

_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Escape sequences and control characters, but for tabs and line ends."""

_WIDE = ("W", "F")


class OutputLost(BorgDeskError):
    """What was to be printed could not be written: the disk is full."""


class Style(StrEnum):
    """How text looks where colours are wanted, as ANSI codes."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    GOOD = "32"
    WARN = "33"
    BAD = "31"


def display_width(text: str) -> int:
    """How many columns of a terminal *text* takes."""
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def shortened(text: str, width: int) -> str:
    """*text* in at most *width* columns, with an ellipsis where something was left out."""
    taken = kept = 0
    for place, character in enumerate(text):
        taken += _columns(character)
        if taken <= width - 1:
            kept = place + 1
        if taken > width:
            return text[:kept] + "…" if width > 0 else ""
    return text


def printable(text: str) -> str:
    """*text* without what would move the cursor, change colours or ring a bell."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def escape_what_cannot_be_written() -> None:
    """Let standard output and error take any text, in any locale: as escapes, which in JSON mean the same character."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class Screen:
    """One of our two streams. Whoever stops reading it (``| head``, a closed terminal) does not disturb us."""

    def __init__(self, stream: TextIO, environment: Mapping[str, str]) -> None:
        self._stream = stream
        self._lock = threading.RLock()
        self._gone = False
        self.is_terminal = stream.isatty()
        self.colours = self.is_terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
        self.moves = self.is_terminal and environment.get("TERM") != "dumb"
        """Whether lines that were written can be written over."""

    @property
    def width(self) -> int | None:
        """Columns of the terminal as it is now; None where nobody minds long lines."""
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
        """*text* in a style, where there are colours."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.colours and style and text else text

    def line(self, text: str = "") -> None:
        """Write a line."""
        self.write(text + "\n")

    def write(self, text: str) -> None:
        """Write text at once.

        Raises:
            OutputLost: it cannot be written though somebody wants it. That is said once.
        """
        with self._lock:
            if self._gone:
                return
            try:
                self._stream.write(text)
                self._stream.flush()
            except BrokenPipeError:
                self._leave()
            except OSError as error:
                self._leave()
                if not self.is_terminal:
                    raise OutputLost(f"The output could not be written: {error.strerror}.") from error

    def _leave(self) -> None:
        """Nobody is there any more. What is still buffered must not be tried again when Python ends."""
        self._gone = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
