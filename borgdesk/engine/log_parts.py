"""The log of a run, taken apart again: what each script and each call of Borg printed, in the order it was printed.

The database keeps each stream on its own and in part; the log has both streams in order. Its lines are written by
:class:`~borgdesk.engine.output.RunLog` and :class:`~borgdesk.engine.active_run.ActiveRun`: a time, then ``== step``,
``-- script``, ``-- script: how it ended``, or ``name | line`` and ``name ! line`` for the two streams.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from borgdesk.domain.events import Stream
from borgdesk.domain.run import Step

_TIME = 12
"""Characters of "18:44:36.123"."""

_DAY = 86400.0
_STEPS = frozenset(step.value for step in Step)
_BORG = "borg"
_MARKS = {" | ": Stream.STDOUT, " ! ": Stream.STDERR}
_OURS = re.compile(rb"^.{12} (?:== |-- )[^\n]*\n?", re.MULTILINE)
"""Lines that no script can print: what it prints has its name before it."""

_BLOCK = 128 * 1024
"""Bytes that are searched at once. Only what is kept in the end is taken apart line by line, so that a window that
waits for a long log is not held up by it."""


@dataclass(slots=True)
class LogPart:
    """What one script, or Borg in one step, printed."""

    step: Step | None
    script: str | None
    """None for Borg."""
    began: float
    """Seconds since midnight."""
    ended: float | None = None
    lines: tuple[tuple[Stream, str], ...] = ()
    left_out: int = 0
    """Lines before those that are kept here."""
    _raw: deque[tuple[bytes, int]] = field(default_factory=deque)
    """Lines as they stand in the log, in pieces, each with their count."""
    _count: int = 0

    @property
    def duration(self) -> float | None:
        """Seconds it took, as long as that was less than a day."""
        return None if self.ended is None else (self.ended - self.began) % _DAY

    def take(self, raw: bytes, kept: int) -> None:
        """Take in lines of the log; the oldest pieces go when there are more than *kept* lines without them."""
        self._raw.append((raw, raw.count(b"\n")))
        self._count += self._raw[-1][1]
        while self._count - self._raw[0][1] >= kept:
            gone = self._raw.popleft()[1]
            self._count -= gone
            self.left_out += gone

    def finish(self, kept: int) -> None:
        """Make the last *kept* lines of what was taken in."""
        name = _BORG if self.script is None else self.script
        lines = []
        for line in b"".join(raw for raw, _ in self._raw).decode("utf-8", "replace").split("\n"):
            text = line[_TIME + 1 :]
            stream = _MARKS.get(text[len(name) : len(name) + 3]) if text.startswith(name) else None
            if stream is not None:
                lines.append((stream, text[len(name) + 3 :]))
        self.left_out += max(0, len(lines) - kept)
        self.lines = tuple(lines[-kept:])
        self._raw.clear()


def read_log(path: Path, kept: int) -> list[LogPart]:
    """The parts of a log in their order, with the last *kept* lines of each; none where there is no log.

    Raises:
        OSError: the log is there and cannot be read.
    """
    try:
        with path.open("rb") as log:
            return _Reader(kept).read(log)
    except FileNotFoundError:
        return []


class _Reader:
    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._parts: list[LogPart] = []
        self._step: Step | None = None
        self._script: LogPart | None = None
        self._borg: LogPart | None = None

    def read(self, log: BinaryIO) -> list[LogPart]:
        rest = b""
        while block := log.read(_BLOCK):
            block = rest + block
            end = block.rfind(b"\n") + 1
            rest = block[end:]
            self._take(block[:end])
        self._take(rest)
        for part in self._parts:
            part.finish(self._kept)
        return self._parts

    def _take(self, block: bytes) -> None:
        place = 0
        for ours in _OURS.finditer(block):
            self._keep(block[place : ours.start()])
            self._mark(ours[0].decode("utf-8", "replace").rstrip("\n"))
            place = ours.end()
        self._keep(block[place:])

    def _keep(self, raw: bytes) -> None:
        part = self._script or self._borg
        if part is not None and raw:
            part.take(raw, self._kept)

    def _mark(self, line: str) -> None:
        at, text = _seconds(line), line[_TIME + 4 :]
        if line[_TIME + 1 : _TIME + 3] == "==":
            self._begin_step(at, text)
        else:
            self._mark_script(at, text)

    def _part(self, began: float, script: str | None) -> LogPart:
        self._parts.append(LogPart(self._step, script, began))
        return self._parts[-1]

    def _begin_step(self, at: float, word: str) -> None:
        if self._borg is not None:
            self._borg.ended = at
        self._borg = self._script = None
        if word in _STEPS:
            self._step = Step(word)
            if self._step in (Step.CREATE, Step.RETENTION):
                self._borg = self._part(at, None)

    def _mark_script(self, at: float, text: str) -> None:
        if self._script is not None and text.startswith(f"{self._script.script}: "):
            self._script.ended = at
            self._script = None
        elif ": not run: " not in text:
            self._script = self._part(at, text)


def _seconds(line: str) -> float:
    """The time at the beginning of a line; 0 where it is broken."""
    try:
        hours, minutes, seconds = line[:_TIME].split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return 0.0
