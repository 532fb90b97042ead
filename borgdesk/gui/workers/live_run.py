"""Live state of an active run: its timeline so far and the last lines of output. Does not use Qt."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from borgdesk.domain.events import (
    BorgBegan,
    BorgEnded,
    BorgProgressed,
    Event,
    ExecutionStarted,
    OutputLeftOut,
    OutputPrinted,
    RecoveryBegan,
    RunEnded,
    StepBegan,
    Stream,
)
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.progress import Estimate, Pace, Usual
from borgdesk.domain.run import BorgStep, Step, Trigger
from borgdesk.engine.runs.story import Entry, Key, Story

KEPT_LINES = 5000
"""Maximum number of lines kept for the view, per script or Borg call; the log file has all of them."""

Lines = tuple[Stream, tuple[str, ...]]
"""Lines of one stream that arrived together. Passing them on costs the same however many they are."""


@dataclass(slots=True)
class Output:
    """The last lines of one script or Borg call: about :data:`KEPT_LINES` of them."""

    chunks: deque[Lines] = field(default_factory=deque)
    size: int = 0
    """Number of lines kept."""
    left_out: int = 0
    """Number of earlier lines that were dropped."""

    def add(self, stream: Stream, lines: tuple[str, ...]) -> None:
        """Add lines, dropping the oldest if there are too many."""
        self.chunks.append((stream, lines))
        self.size += len(lines)
        while self.size - len(self.chunks[0][1]) >= KEPT_LINES:
            gone = len(self.chunks.popleft()[1])
            self.size -= gone
            self.left_out += gone

    @property
    def total(self) -> int:
        """Total number of lines so far."""
        return self.size + self.left_out

    def since(self, seen: int) -> tuple[list[Lines], int]:
        """Return what came after the first *seen* lines, and how many of those lines were dropped."""
        missing = self.total - seen
        newest: list[Lines] = []
        for chunk in reversed(self.chunks):
            if missing <= 0:
                break
            newest.append(chunk)
            missing -= len(chunk[1])
        return newest[::-1], max(missing, 0)


@dataclass(slots=True)
class LiveRun:
    """One run from the moment it was requested, in this process or another one."""

    repository_id: RepositoryId
    repository: str
    run_id: RunId
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    trigger: Trigger | None = None
    """What started the run; set for runs of other processes."""
    story: Story = field(default_factory=Story)
    ended: RunEnded | None = None
    outputs: dict[Key | None, Output] = field(default_factory=dict)
    """By execution id, or by the purpose of the Borg call."""
    waits_for: tuple[Run, ...] = ()
    """The runs that come before it, as far as the window knows them."""
    usual: Usual = field(default_factory=Usual)
    """What the last good run of this kind took, as soon as that was read."""
    _borg_step: BorgStep | None = None
    """The latest step for which Borg was called."""
    _pace: Pace = field(default_factory=Pace)
    """The progress of the step that is under way."""

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for its turn."""
        return self.story.step is Step.QUEUED

    def take(self, event: Event) -> None:
        """Update the state with an event; events of other runs, such as one that is recovered first, are ignored."""
        if event.run_id != self.run_id:
            return
        match event:
            case OutputPrinted(execution_id=execution_id, stream=stream, lines=lines):
                self.output(execution_id or self._borg_step).add(stream, lines)
            case OutputLeftOut(execution_id=execution_id, count=count):
                self.output(execution_id or self._borg_step).left_out += count
            case _:
                self._go_on(event)

    def _go_on(self, event: Event) -> None:
        waited = self.is_waiting
        self.story = self.story.after(event)
        match event:
            case StepBegan(at=at) if waited and at is not None:
                # What it waited for its turn is no time that its scripts or Borg took.
                self.began_at = at
            case ExecutionStarted(execution_id=execution_id, recovered=True):
                # Output from before the run died does not belong to what the script prints now.
                self.outputs.pop(execution_id, None)
            case BorgBegan(step=step, at=at):
                self._borg_step = step
                self._pace = Pace(step, (at or datetime.now(UTC)).timestamp())
            case BorgEnded() | RecoveryBegan():
                self._pace = Pace()
            case BorgProgressed(files=files, original_size=done, fraction=share):
                now = datetime.now(UTC).timestamp()
                self._pace = self._pace.after(now, self.usual, files=files, done=done, share=share)
            case RunEnded():
                self.ended = event
            case _:
                pass

    def output(self, key: Key | None) -> Output:
        """Return the output of a script, or of Borg in one of its steps."""
        return self.outputs.setdefault(key, Output())

    def printed(self, entry: Entry) -> Printed:
        """Return what an entry has printed so far."""
        output = self.output(entry.key)
        return Printed(tuple(output.chunks), output.left_out)

    def estimate(self, now: datetime | None = None) -> Estimate:
        """Return how far the step is that is under way, as far as that is known."""
        return self._pace.estimate((now or datetime.now(UTC)).timestamp(), self.usual)

    def elapsed(self, now: datetime | None = None) -> timedelta:
        """Return how long the run has been active, or has been waiting for its turn."""
        return (now or datetime.now(UTC)) - self.began_at


@dataclass(frozen=True, slots=True)
class Printed:
    """The output of an entry, as far as it is available."""

    chunks: tuple[Lines, ...] = ()
    left_out: int = 0
    truncated: bool = False
    removed: bool = False
    """Whether there was more, which was removed to save space."""
    """Whether the lines are head and tail only, read from the database because the log is gone."""
