"""Prints the progress of runs: a line for each event and, on a terminal, a status line for the current activity.

Everything goes to standard error, so that standard output contains only the result.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping

from borgdesk.cli import words
from borgdesk.cli.live_screen import LiveScreen
from borgdesk.cli.terminal import Style, printable
from borgdesk.domain.events import (
    BorgProgressed,
    Event,
    ExecutionEnded,
    ExecutionStarted,
    OutcomeSettled,
    OutputLeftOut,
    OutputPrinted,
    RunEnded,
    RunQueued,
    StepBegan,
    Stream,
    TurnAwaited,
)
from borgdesk.domain.run import ExecutionStatus, Outcome, RunKind, Step
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.translation import N_, _, ngettext

_REDRAW = 0.2
"""Seconds between two updates of the status line."""

_DOING: Mapping[Step, str] = {
    Step.CREATE: N_("backing up"),
    Step.RESTORE: N_("restoring"),
    Step.CHECK: N_("checking"),
    Step.PRUNE: N_("pruning old archives"),
    Step.COMPACT: N_("freeing disk space"),
    Step.BREAK_LOCK: N_("breaking the lock"),
    Step.INFO: N_("reading information"),
    Step.RETENTION: N_("pruning old archives"),
}
_LAST_WORDS = 5
"""Lines of a failing script's output that are shown."""

_TRACEBACK = "Traceback (most recent call last)"


class Progress:
    """Shows one run's events on a screen shared by parallel runs."""

    def __init__(
        self, board: LiveScreen, name: str, cancel: Cancel, *, alone: bool, quiet: bool = False, verbose: bool = False
    ) -> None:
        self._board = board
        self._screen = board.screen
        self._alone = alone
        self._prefix = "" if alone else f"{name}: "
        self._cancel = cancel
        self._quiet = quiet
        self._verbose = verbose
        self.kind = RunKind.BACKUP
        """The kind of the run."""
        self._drawn = 0.0
        self._reason: str | None = None
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._spilling = False

    def __call__(self, event: Event) -> None:
        """Show an event if it is relevant."""
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
            case OutputLeftOut():
                self._left_out(event)
            case _:
                self._happened(event)

    def _happened(self, event: Event) -> None:
        match event:
            case RunQueued(kind=kind):
                self.kind = kind
            case TurnAwaited(ahead=ahead):
                self._line(
                    ngettext("Waiting for {count} run to finish.", "Waiting for {count} runs to finish.", ahead).format(
                        count=ahead
                    )
                )
            case StepBegan(step=step) if step in _DOING:
                self._line(self._screen.paint(f"… {_(_DOING[step])}", Style.DIM))
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
        """Show Borg's errors; other output only if requested, or when a script fails."""
        if event.execution_id is not None:
            self._last_words.extend(event.lines)
        if not self._verbose and (event.execution_id is not None or event.stream is not Stream.STDERR):
            return
        self._quote([line for line in event.lines if self._verbose or not self._is_noise(line)])

    def _left_out(self, event: OutputLeftOut) -> None:
        if self._verbose or event.execution_id is None:
            text = "    " + _("(… {lines} came too fast to show; they are in the log of the run)").format(
                lines=words.lines(event.count)
            )
            self._line(self._screen.paint(text, Style.DIM))

    def _quote(self, lines: Iterable[str]) -> None:
        """Write lines together, each as a terminal would finally show it if it contains carriage returns."""
        shown = [[part for part in printable(line).split("\n") if part] for line in lines]
        if shown:
            texts = [f"{self._prefix}    {parts[-1]}" if parts else self._prefix for parts in shown]
            self._board.line("\n".join(texts))

    def _is_noise(self, line: str) -> bool:
        """Return whether a line is Borg's message about being stopped, or part of a traceback; the log has them."""
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
            self._quote(self._last_words)

    def _why(self, event: ExecutionEnded) -> str:
        """Return the reason in short form if it is repeated: when a run cannot begin, many scripts have the same."""
        again = event.reason == self._reason
        self._reason = event.reason
        if not event.reason:
            return ""
        return "  " + (_("for the same reason") if again else event.reason)

    def _outcome(self, event: OutcomeSettled) -> None:
        self._board.done(self)
        self._spilling = False
        if event.statistics is None:
            if event.outcome not in (Outcome.SUCCESS, Outcome.WARNING) and self.kind is RunKind.BACKUP:
                nothing = _("no backup")
                if event.outcome is not Outcome.FAILURE:
                    nothing = _("no backup: {outcome}").format(outcome=event.outcome)
                self._line(self._screen.paint(f"{words.mark(event.outcome)} {nothing}", words.style(event.outcome)))
            return
        numbers = event.statistics
        self._line(
            self._screen.paint(f"{words.mark(event.outcome)} {event.archive}", words.style(event.outcome))
            + "  "
            + _("{files}, {original_size}, {deduplicated_size} new").format(
                files=words.files(numbers.files),
                original_size=words.size(numbers.original_size),
                deduplicated_size=words.size(numbers.deduplicated_size),
            )
        )

    def _borg(self, event: BorgProgressed) -> None:
        if not self._screen.moves or time.monotonic() - self._drawn < _REDRAW:
            return
        self._drawn = time.monotonic()
        numbers = ""
        if event.fraction is not None:
            numbers = f"{event.fraction:4.0%}  "
        if event.original_size is not None:
            files = "" if event.files is None else f"{words.files(event.files)}, "
            numbers += f"{files}{words.size(event.original_size)}  "
        self._board.show(self, f"{self._prefix}  {numbers}{printable(event.text)}")

    def _line(self, text: str) -> None:
        self._board.line(f"{self._prefix}{text}")
