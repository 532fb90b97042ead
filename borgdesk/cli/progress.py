"""What is said while runs are under way: lines for what has happened, and on a terminal one for what is happening.

All of it goes to standard error, so that standard output has nothing but the answer.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping

from borgdesk.cli import words
from borgdesk.cli.board import Board
from borgdesk.cli.terminal import Style, printable
from borgdesk.domain.events import (
    BorgProgressed,
    Event,
    ExecutionEnded,
    ExecutionStarted,
    OutcomeSettled,
    OutputPrinted,
    RunEnded,
    StepBegan,
    Stream,
    TurnAwaited,
)
from borgdesk.domain.run import ExecutionStatus, Outcome, Step
from borgdesk.engine.cancel import Cancel

_REDRAW = 0.2
"""Seconds between two versions of the line that is written over."""

_DOING: Mapping[Step, str] = {Step.CREATE: "backing up", Step.RETENTION: "pruning old archives"}
_LAST_WORDS = 5
"""Lines of a failing script's output that are shown."""

_TRACEBACK = "Traceback (most recent call last)"


class Progress:
    """Shows one run's events on a board that runs side by side share."""

    def __init__(
        self, board: Board, name: str, cancel: Cancel, *, alone: bool, quiet: bool = False, verbose: bool = False
    ) -> None:
        self._board = board
        self._screen = board.screen
        self._alone = alone
        self._prefix = "" if alone else f"{name}: "
        self._cancel = cancel
        self._quiet = quiet
        self._verbose = verbose
        self._drawn = 0.0
        self._reason: str | None = None
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._spilling = False

    def __call__(self, event: Event) -> None:
        """Show what is worth it."""
        if self._quiet:
            return
        match event:
            case RunEnded(status=status):
                self._board.done(self)
                if not self._alone:
                    self._line(self._screen.paint(words.marked(status), words.style(status)))
            case BorgProgressed():
                self._borg(event)
            case OutputPrinted():
                self._printed(event)
            case _:
                self._happened(event)

    def _happened(self, event: Event) -> None:
        match event:
            case TurnAwaited(ahead=ahead):
                self._line(f"Waiting: {words.counted(ahead, 'run')} before this one.")
            case StepBegan(step=step) if step in (Step.CREATE, Step.RETENTION):
                self._line(self._screen.paint(f"… {_DOING[step]}", Style.DIM))
            case ExecutionStarted(name=name):
                self._last_words.clear()
                self._board.show(self, f"{self._prefix}▸ {name}")
            case ExecutionEnded():
                self._script(event)
            case OutcomeSettled():
                self._outcome(event)
            case _:
                pass

    def _printed(self, event: OutputPrinted) -> None:
        """What Borg complains of is shown; all else only where it was asked for, or when a script fails."""
        if event.execution_id is not None:
            self._last_words.extend(event.lines)
        if not self._verbose and (event.execution_id is not None or event.stream is not Stream.STDERR):
            return
        for line in event.lines:
            if self._verbose or not self._is_noise(line):
                self._quote(line)

    def _quote(self, line: str) -> None:
        """As a terminal would show it in the end, where the line was written over."""
        parts = [part for part in printable(line).split("\n") if part]
        self._line(f"    {parts[-1]}" if parts else "")

    def _is_noise(self, line: str) -> bool:
        """Borg's complaint of being stopped, and the inside of its defects: the run's log has them."""
        self._spilling = self._spilling or line.startswith(_TRACEBACK)
        return self._spilling or self._cancel.asked

    def _script(self, event: ExecutionEnded) -> None:
        style = words.style(event.status)
        took = f"  {words.duration(event.duration)}" if event.duration is not None else ""
        text = f"{words.mark(event.status)} {event.name}{took}"
        dim = event.status is ExecutionStatus.SKIPPED
        self._board.done(self)
        self._line(
            self._screen.paint(text, Style.DIM if dim else style) + self._screen.paint(self._why(event), Style.DIM)
        )
        if event.status in (ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT) and not self._verbose:
            for line in self._last_words:
                self._quote(line)

    def _why(self, event: ExecutionEnded) -> str:
        """The reason, which is the same for many scripts when a run could not begin."""
        again = event.reason == self._reason
        self._reason = event.reason
        if not event.reason:
            return ""
        return "  for the same reason" if again else f"  {event.reason}"

    def _outcome(self, event: OutcomeSettled) -> None:
        self._board.done(self)
        self._spilling = False
        if event.statistics is None:
            if event.outcome not in (Outcome.SUCCESS, Outcome.WARNING):
                why = "" if event.outcome is Outcome.FAILURE else f": {event.outcome}"
                self._line(
                    self._screen.paint(f"{words.mark(event.outcome)} no backup{why}", words.style(event.outcome))
                )
            return
        numbers = event.statistics
        self._line(
            self._screen.paint(f"{words.mark(event.outcome)} {event.archive}", words.style(event.outcome))
            + f"  {words.counted(numbers.files, 'file')}, {words.size(numbers.original_size)}, "
            f"{words.size(numbers.deduplicated_size)} new"
        )

    def _borg(self, event: BorgProgressed) -> None:
        if not self._screen.moves or time.monotonic() - self._drawn < _REDRAW:
            return
        self._drawn = time.monotonic()
        numbers = ""
        if event.files is not None and event.original_size is not None:
            numbers = f"{words.counted(event.files, 'file')}, {words.size(event.original_size)}  "
        self._board.show(self, f"{self._prefix}  {numbers}{printable(event.text)}")

    def _line(self, text: str) -> None:
        self._board.line(f"{self._prefix}{text}")
