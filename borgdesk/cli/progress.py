"""What is said while runs are under way: lines for what has happened, and on a terminal one that is written over."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from borgdesk.cli import words
from borgdesk.cli.terminal import Screen, Style, printable, shortened
from borgdesk.domain.events import (
    BorgProgressed,
    Event,
    ExecutionEnded,
    OutcomeSettled,
    OutputPrinted,
    RunEnded,
    StepBegan,
    Stream,
    TurnAwaited,
)
from borgdesk.domain.run import ExecutionStatus, Outcome, Step

_REDRAW = 0.2
"""Seconds between two versions of the line that is written over."""

_DOING: Mapping[Step, str] = {Step.CREATE: "backing up", Step.RETENTION: "pruning old archives"}


class Progress:
    """Shows one run's events on a screen that runs side by side share."""

    _drawing = threading.Lock()

    def __init__(self, screen: Screen, name: str, *, alone: bool, quiet: bool = False, verbose: bool = False) -> None:
        self._screen = screen
        self._prefix = "" if alone else f"{name}: "
        self._quiet = quiet
        self._verbose = verbose
        self._drawn = 0.0

    def __call__(self, event: Event) -> None:
        """Show what is worth it."""
        match event:
            case RunEnded(status=status, sentence=sentence):
                self._line(self._screen.paint(sentence, words.style(status)))
            case _ if self._quiet:
                pass
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
            case ExecutionEnded():
                self._script(event)
            case OutcomeSettled():
                self._outcome(event)
            case _:
                pass

    def _printed(self, event: OutputPrinted) -> None:
        """What Borg complains of is always shown; all else only where it was asked for."""
        if self._verbose or (event.execution_id is None and event.stream is Stream.STDERR):
            for line in event.lines:
                self._line(f"    {printable(line)}")

    def _script(self, event: ExecutionEnded) -> None:
        style = words.style(event.status)
        reason = f"  {event.reason}" if event.reason else ""
        took = f"  {words.duration(event.duration)}" if event.duration is not None else ""
        text = f"{words.mark(event.status)} {event.name}{took}"
        dim = event.status is ExecutionStatus.SKIPPED
        self._line(self._screen.paint(text, Style.DIM if dim else style) + self._screen.paint(reason, Style.DIM))

    def _outcome(self, event: OutcomeSettled) -> None:
        if event.statistics is None:
            if event.outcome not in (Outcome.SUCCESS, Outcome.WARNING):
                self._line(self._screen.paint(f"{words.mark(event.outcome)} no backup: {event.outcome}", Style.BAD))
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
        text = shortened(f"{self._prefix}  {numbers}{printable(event.text)}", (self._screen.width or 80) - 1)
        with self._drawing:
            self._screen.write(f"\r\x1b[K{text}")

    def _line(self, text: str) -> None:
        with self._drawing:
            clear = "\r\x1b[K" if self._screen.moves else ""
            self._screen.line(f"{clear}{self._prefix}{text}")
