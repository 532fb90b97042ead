"""Writing to standard output and standard error: colours and widths where there is a terminal, plain text elsewhere."""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import TextIO

_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Escape sequences and control characters, but for tabs and line ends."""

_WIDE = ("W", "F")


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
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in _WIDE else 1
        for character in text
    )


def shortened(text: str, width: int) -> str:
    """*text* in at most *width* columns, with an ellipsis where something was left out."""
    if display_width(text) <= width:
        return text
    while text and display_width(text) > width - 1:
        text = text[:-1]
    return text + "…" if width > 0 else ""


def printable(text: str) -> str:
    """*text* without what would move the cursor, change colours or ring a bell."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


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
            OSError: it cannot be written though somebody reads (the disk is full).
        """
        with self._lock:
            if self._gone:
                return
            try:
                self._stream.write(text)
                self._stream.flush()
            except BrokenPipeError:
                self._leave()
            except OSError:
                if not self.is_terminal:
                    raise
                self._leave()

    def _leave(self) -> None:
        """Nobody is there any more. What is still buffered must not be tried again when Python ends."""
        self._gone = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
