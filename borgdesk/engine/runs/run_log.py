"""Writes the log of a run: a text file whose lines have a time and a source.

It is meant for people; programs read the events instead. Script output is included with its head and its tail. The tail
is known only at the end, when lines with times and names are made from what :class:`~.output_files.OutputFiles` has
kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from borgdesk import private
from borgdesk.domain.events import Stream
from borgdesk.engine.runs.output_files import STAMP, OutputFiles, Record

_MARKS = {Stream.STDOUT: "|", Stream.STDERR: "!"}


class RunLog:
    """The log file of a run, whose lines have a time and a source. Only its owner can read it.

    A log that cannot be written (the disk is full) never stops a run: :attr:`error` keeps the first error.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.error: OSError | None = None
        self._file: IO[bytes] | None = None
        try:
            private.make_folder(path.parent)
            self._file = private.append(path)
        except OSError as error:
            self.error = error

    def write(self, data: bytes) -> None:
        """Append complete lines."""
        if self._file is None:
            return
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            self.error = self.error or error

    def line(self, text: str) -> None:
        """Append a line of our own, with its time."""
        self.write(f"{stamp()} {text}\n".encode("utf-8", "replace"))

    def close(self) -> None:
        """Close the file; every line has been flushed already."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self.error = self.error or error


def stamp() -> str:
    """Return the local time of day in the format of log lines."""
    now = time.time()
    return f"{time.strftime('%H:%M:%S', time.localtime(now))}.{int(now % 1 * 1000):03}"


class Section:
    """The part of the log for one script: its head is written at once, its tail when the script has ended."""

    def __init__(self, log: RunLog, cap: int, name: str, output: OutputFiles) -> None:
        """*output* gets the lines first, and keeps at least a quarter of *cap* of them."""
        self._log, self._output = log, output
        self._cap = cap
        self._room = cap // 2
        self._marks = {stream: f" {name} {mark} ".encode("utf-8", "replace") for stream, mark in _MARKS.items()}
        self._first = output.count
        """Number of lines printed earlier, for another section."""
        self._in_head = 0
        """Number of lines in the head."""
        self._behind = 0
        """Bytes of lines after the head."""

    def write(self, at: bytes, stream: Stream, lines: bytes, count: int) -> None:
        """Append *count* lines printed *at* a time of day, with their line ends."""
        if self._room > 0:
            kept = self._write_head(_marked(lines, at + self._marks[stream]))
            self._in_head += kept
            if kept == count:
                return
            lines = lines.split(b"\n", kept)[kept]
        self._behind += len(lines)

    def _write_head(self, marked: bytes) -> int:
        """Write as many lines as fit into the head; return their number."""
        whole = len(marked) <= self._room
        head = marked if whole else marked[: marked.rfind(b"\n", 0, self._room) + 1]
        self._room = self._room - len(head) if whole else 0
        self._log.write(head)
        return head.count(b"\n")

    def close(self) -> None:
        """Append the tail, and how much was left out before it."""
        if not self._behind:
            return
        kept = total = 0
        for _, stream, lines, count in self._tail():
            kept += len(lines)
            total += len(lines) + count * self._width(stream)
        excess, left_out, told = total - self._cap // 2, self._behind - kept, False
        for at, stream, lines, _ in self._tail():
            marked = _marked(lines, at + self._marks[stream])
            if excess > 0:
                cut = len(marked) if excess >= len(marked) else marked.find(b"\n", excess - 1) + 1
                gone = marked[:cut]
                excess -= cut
                left_out += cut - gone.count(b"\n") * self._width(stream)
                marked = marked[cut:]
            if marked and not told:
                told = self._tell_left_out(left_out)
            self._log.write(marked)
        if not told:
            self._tell_left_out(left_out)
        self._log.error = self._log.error or self._output.error

    def _tail(self) -> Iterator[Record]:
        return self._output.records(self._first + self._in_head)

    def _width(self, stream: Stream) -> int:
        return STAMP + len(self._marks[stream])

    def _tell_left_out(self, count: int) -> bool:
        if count:
            self._log.line(f"[… {count} bytes left out: the log keeps {self._cap} bytes of a script …]")
        return True


def _marked(lines: bytes, mark: bytes) -> bytes:
    return mark + lines[:-1].replace(b"\n", b"\n" + mark) + b"\n"
