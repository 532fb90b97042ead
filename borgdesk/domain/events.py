"""The events of a run: frozen dataclasses that the engine sends to its listeners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from borgdesk.domain.history import ArchiveStatistics
from borgdesk.domain.ids import ExecutionId, RunId, ScriptId
from borgdesk.domain.reasons import Reason, in_words
from borgdesk.domain.run import BorgStep, ExecutionStatus, Hook, Outcome, RunKind, RunStatus, Step


class Stream(StrEnum):
    """The output stream that a line came from."""

    STDOUT = "stdout"
    STDERR = "stderr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """An event that is stored. Its time is not part of its identity."""

    at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RunQueued(Fact):
    """A run was requested and recorded in history."""

    run_id: RunId
    repository: str
    kind: RunKind = RunKind.BACKUP


@dataclass(frozen=True, slots=True)
class TurnAwaited(Fact):
    """The run waits because another one works at the same location. Sent again whenever *ahead* changes."""

    run_id: RunId
    ahead: int
    """How many runs have their turn before this one."""


@dataclass(frozen=True, slots=True)
class ArmedScript:
    """A script that a run is armed with."""

    execution_id: ExecutionId
    hook: Hook
    order: int
    name: str
    script_id: ScriptId | None = None
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class RunArmed(Fact):
    """The run has its turn, and what it owes is recorded."""

    run_id: RunId
    scripts: tuple[ArmedScript, ...] = ()
    borg_steps: tuple[BorgStep, ...] = (BorgStep.CREATE,)
    """The other work it will do, as far as that is known."""


@dataclass(frozen=True, slots=True)
class RecoveryBegan(Fact):
    """The process of the run died, and another one executes what it owes."""

    run_id: RunId


@dataclass(frozen=True, slots=True)
class StepBegan(Fact):
    """The run entered a step of the recipe."""

    run_id: RunId
    step: Step


@dataclass(frozen=True, slots=True)
class ExecutionStarted(Fact):
    """A script was started."""

    run_id: RunId | None
    execution_id: ExecutionId
    hook: Hook
    name: str
    recovered: bool = False
    output: str | None = None
    """The name of its output in the run's folder."""


@dataclass(frozen=True, slots=True)
class ExecutionEnded(Fact):
    """A script ended, or was recorded as skipped."""

    run_id: RunId | None
    execution_id: ExecutionId
    hook: Hook
    name: str
    status: ExecutionStatus
    reasons: tuple[Reason, ...] = ()
    exit_code: int | None = None
    duration: float | None = None
    """Seconds."""

    @property
    def reason(self) -> str | None:
        """Its reasons as text."""
        return in_words(self.reasons)


@dataclass(frozen=True, slots=True)
class StillOwed(Fact):
    """A script failed during a recovery and will be retried by a later one."""

    run_id: RunId
    execution_id: ExecutionId


@dataclass(frozen=True, slots=True)
class BorgBegan(Fact):
    """Work other than a script started, mostly a call of Borg.

    Until it ends, output without an execution belongs to it.
    """

    run_id: RunId
    step: BorgStep
    output: str | None = None
    """The name of its output in the run's folder."""


@dataclass(frozen=True, slots=True)
class BorgEnded(Fact):
    """The work announced by :class:`BorgBegan` ended."""

    run_id: RunId
    step: BorgStep
    status: RunStatus
    exit_code: int | None = None
    error: tuple[Reason, ...] = ()
    """What went wrong."""


@dataclass(frozen=True, slots=True)
class OutputPrinted:
    """A script, or Borg if there is no execution, printed lines. Secrets are masked."""

    run_id: RunId | None
    execution_id: ExecutionId | None
    stream: Stream
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutputLeftOut:
    """Lines arrived faster than the listener could take them and were dropped; the log file has them."""

    run_id: RunId | None
    execution_id: ExecutionId | None
    count: int


@dataclass(frozen=True, slots=True)
class BorgProgressed:
    """Borg reported its progress; at most five times a second."""

    run_id: RunId
    text: str
    """The current path while creating an archive, otherwise a sentence."""
    files: int | None = None
    original_size: int | None = None
    """Bytes read, or restored, so far."""
    deduplicated_size: int | None = None
    """New bytes so far."""
    fraction: float | None = None
    """Progress of this step from 0 to 1; None if unknown."""


@dataclass(frozen=True, slots=True)
class OutcomeSettled(Fact):
    """Borg ended, or was given up: the outcome is final."""

    run_id: RunId
    outcome: Outcome
    error: tuple[Reason, ...] = ()
    """What went wrong."""
    archive: str | None = None
    statistics: ArchiveStatistics | None = None


@dataclass(frozen=True, slots=True)
class StopAsked(Fact):
    """The user, the session or a signal asked the run to stop."""

    run_id: RunId
    hurried: bool = False
    """Whether it was the second request: owed scripts still run, with at most 30 seconds each."""


@dataclass(frozen=True, slots=True)
class RunEnded(Fact):
    """The run has its final status and is recorded in history."""

    run_id: RunId
    repository: str
    status: RunStatus
    sentence: str
    """What happened, for a notification or the end of a command."""


Event = (
    RunQueued
    | TurnAwaited
    | RunArmed
    | RecoveryBegan
    | StepBegan
    | ExecutionStarted
    | ExecutionEnded
    | StillOwed
    | BorgBegan
    | BorgEnded
    | OutputPrinted
    | OutputLeftOut
    | BorgProgressed
    | OutcomeSettled
    | StopAsked
    | RunEnded
)
Tell = Callable[[Event], None]
