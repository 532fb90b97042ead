"""What happens during a run, as facts in the past tense, told by the engine to whoever listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from borgdesk.domain.history import ArchiveStatistics
from borgdesk.domain.run import ExecutionStatus, Hook, Outcome, RunStatus, Step


class Stream(StrEnum):
    """Which of a program's two outputs a line came from."""

    STDOUT = "stdout"
    STDERR = "stderr"


@dataclass(frozen=True, slots=True)
class RunQueued:
    """A run was asked for and has its place in history."""

    run_id: int
    repository: str


@dataclass(frozen=True, slots=True)
class TurnAwaited:
    """Another run works at the same location; this one waits. Told again whenever the number changes."""

    run_id: int
    ahead: int
    """How many runs have their turn before this one."""


@dataclass(frozen=True, slots=True)
class StepBegan:
    """The run entered a step of the recipe."""

    run_id: int
    step: Step


@dataclass(frozen=True, slots=True)
class ExecutionStarted:
    """A script was started."""

    run_id: int | None
    execution_id: int
    hook: Hook
    name: str
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class ExecutionEnded:
    """A script ended, or was recorded as not run."""

    run_id: int | None
    execution_id: int
    hook: Hook
    name: str
    status: ExecutionStatus
    reason: str | None = None
    exit_code: int | None = None
    duration: float | None = None
    """Seconds."""


@dataclass(frozen=True, slots=True)
class OutputPrinted:
    """A script, or Borg when there is no execution, printed lines. Secrets are masked in them."""

    run_id: int | None
    execution_id: int | None
    stream: Stream
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BorgProgressed:
    """Borg said how far it is; at most five times a second."""

    run_id: int
    text: str
    """What it works on: a path while it creates, a sentence otherwise."""
    files: int | None = None
    original_size: int | None = None
    """Bytes read so far."""
    deduplicated_size: int | None = None
    """New bytes so far."""


@dataclass(frozen=True, slots=True)
class OutcomeSettled:
    """Borg ended, or was given up: the outcome will not change any more."""

    run_id: int
    outcome: Outcome
    error: str | None = None
    archive: str | None = None
    statistics: ArchiveStatistics | None = None


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The user, the session or a signal asked the run to stop."""

    run_id: int
    hurried: bool = False
    """Asked a second time: what is owed still runs, with at most 30 seconds a script."""


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run has its final status and is in history."""

    run_id: int
    repository: str
    status: RunStatus
    sentence: str
    """What happened, for a notification or the end of a command."""


Event = (
    RunQueued
    | TurnAwaited
    | StepBegan
    | ExecutionStarted
    | ExecutionEnded
    | OutputPrinted
    | BorgProgressed
    | OutcomeSettled
    | StopAsked
    | RunEnded
)
Tell = Callable[[Event], None]
