"""The log of a run, taken apart again: what each script and each call of Borg printed, in the order it was printed.

The database keeps each stream on its own and in part; the log has both streams in order. Its lines are written by
:class:`~borgdesk.engine.output.RunLog` and :class:`~borgdesk.engine.active_run.ActiveRun`: a time, then ``== step``,
``-- script``, ``-- script: how it ended``, or ``name | line`` and ``name ! line`` for the two streams.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from borgdesk.domain.events import Stream
from borgdesk.domain.run import Step

_TIME = 12
"""Characters of "18:44:36.123"."""

_DAY = 86400.0
_STEPS = frozenset(step.value for step in Step)
_BORG = "borg"
_MARKS = {" | ": Stream.STDOUT, " ! ": Stream.STDERR}


@dataclass(slots=True)
class LogPart:
    """What one script, or Borg in one step, printed."""

    step: Step | None
    script: str | None
    """None for Borg."""
    began: float
    """Seconds since midnight."""
    ended: float | None = None
    lines: deque[tuple[Stream, str]] = field(default_factory=deque)
    left_out: int = 0
    """Lines before those that are kept here."""

    @property
    def duration(self) -> float | None:
        """Seconds it took, as long as that was less than a day."""
        return None if self.ended is None else (self.ended - self.began) % _DAY

    def add(self, stream: Stream, line: str) -> None:
        """Take in a line; the oldest goes when there are too many."""
        if len(self.lines) == self.lines.maxlen:
            self.left_out += 1
        self.lines.append((stream, line))


def read_log(path: Path, kept: int) -> list[LogPart]:
    """The parts of a log in their order, with the last *kept* lines of each; none where there is no log.

    Raises:
        OSError: the log is there and cannot be read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as log:
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

    def read(self, lines: Iterable[str]) -> list[LogPart]:
        for line in lines:
            text = line[_TIME + 1 :].rstrip("\n")
            if text.startswith("== "):
                self._begin_step(_seconds(line), text[3:])
            elif text.startswith("-- "):
                self._mark_script(_seconds(line), text[3:])
            else:
                self._take(text)
        return self._parts

    def _part(self, began: float, script: str | None) -> LogPart:
        part = LogPart(self._step, script, began, lines=deque(maxlen=self._kept))
        self._parts.append(part)
        return part

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

    def _take(self, text: str) -> None:
        part = self._script or self._borg
        if part is None:
            return
        name = _BORG if part.script is None else part.script
        stream = _MARKS.get(text[len(name) : len(name) + 3]) if text.startswith(name) else None
        if stream is not None:
            part.add(stream, text[len(name) + 3 :])


def _seconds(line: str) -> float:
    """The time at the beginning of a line; 0 where it is broken."""
    try:
        hours, minutes, seconds = line[:_TIME].split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return 0.0
