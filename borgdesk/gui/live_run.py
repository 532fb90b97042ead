"""A run under way as the window knows it: what events said so far, and the last lines of output. No Qt in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from borgdesk.domain.events import (
    BorgProgressed,
    Event,
    ExecutionEnded,
    ExecutionStarted,
    OutcomeSettled,
    OutputPrinted,
    RunEnded,
    StepBegan,
    StopAsked,
    Stream,
    TurnAwaited,
)
from borgdesk.domain.history import ArchiveStatistics, Execution
from borgdesk.domain.run import ExecutionStatus, Outcome, RunStatus, Step

KEPT_LINES = 5000
"""Lines of one script, or of Borg, that are kept for the view; the log file has all of them."""

Lines = tuple[Stream, tuple[str, ...]]
"""Lines of one stream as they came together. Handing them on costs the same however many they are."""


@dataclass(frozen=True, slots=True)
class OutputLeftOut:
    """So many lines came faster than anybody could read them; the log file has them."""

    run_id: int | None
    execution_id: int | None
    count: int


Told = Event | OutputLeftOut
"""What reaches the window: the engine's events, and what was left out of them."""


@dataclass(slots=True)
class Output:
    """The last lines of one script, or of Borg: about :data:`KEPT_LINES` of them."""

    chunks: deque[Lines] = field(default_factory=deque)
    size: int = 0
    """Lines that are kept."""
    left_out: int = 0
    """Lines that came before those that are kept."""

    def add(self, stream: Stream, lines: tuple[str, ...]) -> None:
        """Take in new lines; the oldest go when there are too many."""
        self.chunks.append((stream, lines))
        self.size += len(lines)
        while self.size - len(self.chunks[0][1]) >= KEPT_LINES:
            gone = len(self.chunks.popleft()[1])
            self.size -= gone
            self.left_out += gone

    @property
    def total(self) -> int:
        """Lines that came so far."""
        return self.size + self.left_out

    def since(self, seen: int) -> tuple[list[Lines], int]:
        """What came after the first *seen* lines, and how many of those lines are not kept any more."""
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
    """One run from the moment it was asked for."""

    repository_id: int
    repository: str
    run_id: int
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    step: Step = Step.QUEUED
    status: RunStatus = RunStatus.QUEUED
    ahead: int = 0
    """How many runs at the same location have their turn before this one."""
    stopping: bool = False
    hurried: bool = False
    script: str | None = None
    """The script that runs now."""
    progress: BorgProgressed | None = None
    outcome: Outcome | None = None
    statistics: ArchiveStatistics | None = None
    error: str | None = None
    create_began_at: datetime | None = None
    create_ended_at: datetime | None = None
    ended: RunEnded | None = None
    executions: dict[int, Execution] = field(default_factory=dict)
    """As armed, once they are known, with what became of them since."""
    outputs: dict[int | None, Output] = field(default_factory=dict)
    """By execution id; None for Borg."""
    _ends: dict[int, ExecutionEnded] = field(default_factory=dict)
    _starts: dict[int, datetime] = field(default_factory=dict)

    def take(self, event: Told) -> None:
        """Learn what happened. Events of other runs, such as one that is recovered before it, are not for this one."""
        if event.run_id != self.run_id:
            return
        match event:
            case OutputPrinted(execution_id=execution_id, stream=stream, lines=lines):
                self.output(execution_id).add(stream, lines)
            case OutputLeftOut(execution_id=execution_id, count=count):
                self.output(execution_id).left_out += count
            case ExecutionStarted():
                self._start(event)
            case ExecutionEnded():
                self._end(event)
            case _:
                self._take_state(event)

    def _take_state(self, event: Told) -> None:
        match event:
            case TurnAwaited(ahead=ahead):
                self.ahead = ahead
            case StepBegan(step=step):
                self._enter(step)
            case BorgProgressed():
                self.progress = event if event.files is not None else self.progress
            case OutcomeSettled():
                self._settle(event)
            case StopAsked(hurried=hurried):
                self.stopping, self.hurried = True, self.hurried or hurried
            case RunEnded():
                self.ended, self.status, self.step, self.script = event, event.status, Step.DONE, None
            case _:
                pass

    def output(self, execution_id: int | None) -> Output:
        """What a script, or Borg, printed."""
        return self.outputs.setdefault(execution_id, Output())

    def learn(self, executions: Iterable[Execution]) -> None:
        """The scripts the run was armed with, as history has them."""
        for execution in executions:
            self.executions[execution.id] = execution
            self._apply(execution.id)

    def elapsed(self, now: datetime | None = None) -> timedelta:
        """How long the run has been under way."""
        return (now or datetime.now(UTC)) - self.began_at

    def _enter(self, step: Step) -> None:
        self.status, self.step, self.script = RunStatus.RUNNING, step, None
        if step is Step.CREATE:
            self.create_began_at = datetime.now(UTC)

    def _settle(self, event: OutcomeSettled) -> None:
        self.outcome, self.statistics, self.error = event.outcome, event.statistics, event.error
        if self.create_began_at is not None:
            self.create_ended_at = datetime.now(UTC)

    def _start(self, event: ExecutionStarted) -> None:
        self.script = event.name
        self._starts[event.execution_id] = datetime.now(UTC)
        self._apply(event.execution_id)

    def _end(self, event: ExecutionEnded) -> None:
        self._ends[event.execution_id] = event
        self.script = None
        self._apply(event.execution_id)

    def _apply(self, execution_id: int) -> None:
        """Bring the armed script and what was heard of it together, whichever came first."""
        execution = self.executions.get(execution_id)
        if execution is None:
            return
        started, end = self._starts.get(execution_id), self._ends.get(execution_id)
        if end is not None:
            finished = started + timedelta(seconds=end.duration) if started and end.duration is not None else None
            execution = replace(
                execution,
                status=end.status,
                reason=end.reason,
                exit_code=end.exit_code,
                started_at=started,
                finished_at=finished,
            )
        elif started is not None:
            execution = replace(execution, status=ExecutionStatus.RUNNING, started_at=started)
        self.executions[execution_id] = execution
