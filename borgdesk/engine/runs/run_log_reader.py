"""Parses the log of a run: the output of each script and each call of Borg, in the order it was printed.

The database keeps each stream separately and only in part; the log has both streams in order. Its lines are written by
:class:`~.run_log.RunLog` and :class:`~.active_run.ActiveRun`: a time, then ``== step``, ``== borg step``, ``== borg
step: how it ended``, ``-- script``, ``-- script: how it ended``, or ``name | line`` and ``name ! line`` for the two
streams.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from borgdesk.domain.events import Stream
from borgdesk.domain.run import BorgStep, Step

_TIME = 12
"""Characters of "18:44:36.123"."""

_DAY = 86400.0
_STEPS = frozenset(step.value for step in Step)
_BORG = "borg"
_BORG_STEPS = {f"{_BORG} {step}": step for step in BorgStep}
_IN_OLDER_LOGS = {Step.CREATE: BorgStep.CREATE, Step.RETENTION: BorgStep.PRUNE}
_MARKS = {" | ": Stream.STDOUT, " ! ": Stream.STDERR}
_OURS = re.compile(rb"^.{12} (?:== |-- )[^\n]*\n?", re.MULTILINE)
"""Lines that no script can produce: script output is prefixed with its name."""

_BLOCK = 128 * 1024
"""Bytes searched at once. Only what is finally kept is split into lines, so that a long log does not block a window
that waits for it."""


LONGEST_SHOWN = 2000
"""Characters of a line that are shown; the log file has all of it. Qt is slow with longer ones."""

_LONGEST_READ = 4 * LONGEST_SHOWN + 1000
"""Bytes of a line that are read: enough for that with any characters, after time and name."""

_MOST_BYTES = 2 * 1024 * 1024
"""Bytes kept of one part, however long its lines are."""


def shortened(line: str) -> str:
    """Return a line as it is shown."""
    return line if len(line) <= LONGEST_SHOWN else line[:LONGEST_SHOWN] + "…"


@dataclass(slots=True)
class LogPart:
    """The output of one script, or of one step of Borg."""

    step: Step | None
    script: str | None
    """None for Borg."""
    borg: BorgStep | None
    """None for a script."""
    began: float
    """Seconds since midnight."""
    ended: float | None = None
    lines: tuple[tuple[Stream, str], ...] = ()
    left_out: int = 0
    """Number of lines before those that are kept."""
    _raw: deque[tuple[bytes, int]] = field(default_factory=deque)
    """Lines as in the log, in pieces, each with its number of lines."""
    _count: int = 0
    _size: int = 0

    @property
    def duration(self) -> float | None:
        """Its duration in seconds, provided that it was less than a day."""
        return None if self.ended is None else (self.ended - self.began) % _DAY

    def take(self, raw: bytes, kept: int) -> None:
        """Add lines of the log; drop the oldest pieces if *kept* lines, or enough bytes, remain."""
        self._raw.append((raw, raw.count(b"\n")))
        self._count += self._raw[-1][1]
        self._size += len(raw)
        while len(self._raw) > 1:
            oldest, count = self._raw[0]
            if self._count - count < kept and self._size - len(oldest) < _MOST_BYTES:
                break
            self._raw.popleft()
            self._count -= count
            self._size -= len(oldest)
            self.left_out += count

    def finish(self, kept: int) -> None:
        """Split the last *kept* lines of what was added."""
        name = _BORG if self.script is None else self.script
        lines = []
        for line in b"".join(raw for raw, _ in self._raw).split(b"\n"):
            text = line[_TIME + 1 : _LONGEST_READ].decode("utf-8", "replace")
            stream = _MARKS.get(text[len(name) : len(name) + 3]) if text.startswith(name) else None
            if stream is not None:
                lines.append((stream, shortened(text[len(name) + 3 :])))
        self.left_out += max(0, len(lines) - kept)
        self.lines = tuple(lines[-kept:])
        self._raw.clear()


def read_log(path: Path, kept: int) -> list[LogPart]:
    """Return the parts of a log in order, with the last *kept* lines of each; none if there is no log.

    Raises:
        OSError: the log exists and cannot be read.
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
        self._is_new = False
        """Whether the log records calls of Borg."""

    def read(self, log: BinaryIO) -> list[LogPart]:
        rest = b""
        while block := log.read(_BLOCK):
            block = rest + block
            end = block.rfind(b"\n") + 1
            # Of an overlong line, the beginning is enough.
            rest = block[end : end + _LONGEST_READ]
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
        part = self._script or self._borg or self._of_older_log(raw)
        if part is not None and raw:
            part.take(raw, self._kept)

    def _of_older_log(self, raw: bytes) -> LogPart | None:
        """Detect a call of Borg in the log of an older version, which did not record it."""
        step = None if self._is_new or self._step is None else _IN_OLDER_LOGS.get(self._step)
        if step is not None and any(b" borg " + mark in raw for mark in (b"| ", b"! ")):
            self._borg = self._part(_seconds(raw[:_TIME].decode("utf-8", "replace")), None, step)
        return self._borg

    def _mark(self, line: str) -> None:
        at, text = _seconds(line), line[_TIME + 4 :]
        if line[_TIME + 1 : _TIME + 3] == "==":
            self._begin_step(at, text)
        else:
            self._mark_script(at, text)

    def _part(self, began: float, script: str | None, borg: BorgStep | None = None) -> LogPart:
        self._parts.append(LogPart(self._step, script, borg, began))
        return self._parts[-1]

    def _begin_step(self, at: float, word: str) -> None:
        if self._borg is not None:
            self._borg.ended = at
        self._borg = self._script = None
        if word in _STEPS:
            self._step = Step(word)
        elif word in _BORG_STEPS:
            self._is_new = True
            self._borg = self._part(at, None, _BORG_STEPS[word])

    def _mark_script(self, at: float, text: str) -> None:
        if self._script is not None and text.startswith(f"{self._script.script}: "):
            self._script.ended = at
            self._script = None
        elif ": not run: " not in text:
            self._script = self._part(at, text)


def _seconds(line: str) -> float:
    """Return the time at the beginning of a line; 0 if it is malformed."""
    try:
        hours, minutes, seconds = line[:_TIME].split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return 0.0
