"""A run and what decides its course: outcome, status, conditions and policies, as pure functions.

This module is the decision table of the contract (``semantics.md``). It neither starts nor stores anything: the engine
asks it what to do next, and the *plan* and the *What happens if…* view ask it the very same questions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from borgdesk.domain.errors import InvalidInput

NOT_NOW = 75
"""Exit code of a pre-backup script that means "not now": EX_TEMPFAIL of sysexits.h, as in borgmatic and systemd."""


class Hook(StrEnum):
    """A lane: when, in a run, a script has its turn."""

    PRE_BACKUP = "pre-backup"
    POST_BACKUP = "post-backup"
    POST_RUN = "post-run"
    TEST = "test"

    @property
    def is_post(self) -> bool:
        """Whether scripts of this lane are owed once the first pre-backup script has been started."""
        return self in POST_LANES


LANES = (Hook.PRE_BACKUP, Hook.POST_BACKUP, Hook.POST_RUN)
"""The lanes of a run, in the order in which they have their turn."""

POST_LANES = (Hook.POST_BACKUP, Hook.POST_RUN)


class Trigger(StrEnum):
    """What started a run."""

    USER = "user"
    SCHEDULE = "schedule"
    CLI = "cli"
    WINDOW = "window"
    RECOVERY = "recovery"


class Outcome(StrEnum):
    """What became of the backup itself, settled when ``borg create`` ended or was given up."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"

    @property
    def made_archive(self) -> bool:
        """Whether there is a new archive, so that retention may follow."""
        return self in (Outcome.SUCCESS, Outcome.WARNING)


class RunStatus(StrEnum):
    """Where a run stands; the last six are final and are the outcome after the scripts had their say."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen in this run."""
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)


class ExecutionStatus(StrEnum):
    """Where one script of a run stands; ``pending`` and ``running`` are not final."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"

    @property
    def is_final(self) -> bool:
        """Whether the script has had its turn, or will not have one."""
        return self not in (ExecutionStatus.PENDING, ExecutionStatus.RUNNING)

    @property
    def is_bad(self) -> bool:
        """Whether the script was started and did not reach a good end."""
        return self in (
            ExecutionStatus.FAILED,
            ExecutionStatus.TIMED_OUT,
            ExecutionStatus.CANCELLED,
            ExecutionStatus.INTERRUPTED,
        )


class OnFailure(StrEnum):
    """What a failing script does to the rest of its lane."""

    STOP = "stop"
    CONTINUE = "continue"
    SKIP = "skip"


class Step(StrEnum):
    """The steps of the recipe, as stored with a run that is under way."""

    QUEUED = "queued"
    ARMING = "arming"
    PRE_BACKUP = "pre-backup"
    CREATE = "create"
    POST_BACKUP = "post-backup"
    RETENTION = "retention"
    POST_RUN = "post-run"
    DONE = "done"


_CONDITION_OF = {
    Outcome.SUCCESS: "success",
    Outcome.WARNING: "warning",
    Outcome.FAILURE: "failure",
    Outcome.CANCELLED: "failure",
    Outcome.INTERRUPTED: "failure",
    Outcome.SKIPPED: None,
}
_CONDITIONS = ("success", "warning", "failure")


@dataclass(frozen=True, slots=True)
class RunOn:
    """A script's condition: a non-empty subset of success, warning, failure, or ``always``.

    ``always`` is more than all three: it matches a skipped run too.
    """

    conditions: frozenset[str]
    always: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``always`` or a comma list of ``success,warning,failure``.

        Raises:
            InvalidInput: the list is empty or names something else.
        """
        words = [word.strip().lower() for word in text.split(",") if word.strip()]
        if words == ["always"]:
            return cls(frozenset(), always=True)
        if not words or any(word not in _CONDITIONS for word in words):
            raise InvalidInput(
                f"“{text}” is not a condition: use “always” or a comma list of success, warning and failure."
            )
        return cls(frozenset(words))

    def __str__(self) -> str:
        """The form that :meth:`parse` reads, always in the same order."""
        if self.always:
            return "always"
        return ",".join(word for word in _CONDITIONS if word in self.conditions)

    def matches(self, outcome: Outcome) -> bool:
        """Whether a post script with this condition runs after *outcome*."""
        return self.always or _CONDITION_OF[outcome] in self.conditions


ALWAYS = RunOn(frozenset(), always=True)


def outcome_of_exit_code(exit_code: int, *, archive_made: bool = True) -> Outcome:
    """What ``borg create`` said with its exit code.

    0 is success, 1 and 100-127 are warnings, everything else (2-99, a signal as 128+N or negative) is a failure. A
    warning without an archive is a failure: Borg 1.2.4 ends with 1 after the traceback of a malformed pattern.
    """
    if exit_code == 0:
        return Outcome.SUCCESS
    if exit_code == 1 or 100 <= exit_code <= 127:  # noqa: PLR2004 - Borg's own ranges, see above
        return Outcome.WARNING if archive_made else Outcome.FAILURE
    return Outcome.FAILURE


@dataclass(frozen=True, slots=True)
class Policy:
    """The values in force for one script of a run, after overrides and defaults."""

    run_on: RunOn
    on_failure: OnFailure
    timeout: int
    """Seconds."""


@dataclass(frozen=True, slots=True)
class LaneState:
    """What has happened in a lane so far, as far as it matters to the scripts still to come."""

    stopped_by: str | None = None
    """In words, why the lane was stopped: "Mount disk failed"; None while it goes on."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Run the script, or record it as skipped for a reason."""

    run: bool
    reason: str | None = None


RUN = Decision(run=True)


def decide(hook: Hook, policy: Policy, lane: LaneState, outcome: Outcome | None) -> Decision:
    """Whether the next script of a lane runs.

    *outcome* is the settled outcome; it plays no part in pre-backup, where scripts run until one stops the lane.
    """
    if hook is Hook.PRE_BACKUP:
        return RUN if lane.stopped_by is None else Decision(run=False, reason=f"{lane.stopped_by} before it")
    if outcome is None:
        raise ValueError("a post lane needs a settled outcome")
    if not policy.run_on.matches(outcome):
        return Decision(run=False, reason=f"condition is {policy.run_on}, outcome was {outcome}")
    if lane.stopped_by is not None and not policy.run_on.always:
        return Decision(run=False, reason=f"{lane.stopped_by} before it")
    return RUN


@dataclass(frozen=True, slots=True)
class ScriptEnd:
    """How one script ended: what policy needs to know of it."""

    name: str
    status: ExecutionStatus
    exit_code: int | None = None

    def in_words(self) -> str:
        """For example "Mount disk failed" or "Check disk said not now"."""
        words = {
            ExecutionStatus.FAILED: "failed",
            ExecutionStatus.TIMED_OUT: "timed out",
            ExecutionStatus.CANCELLED: "was cancelled",
            ExecutionStatus.INTERRUPTED: "was interrupted",
            ExecutionStatus.SKIPPED: "said not now",
        }
        return f"{self.name} {words[self.status]}"


def status_of_exit(hook: Hook, exit_code: int) -> ExecutionStatus:
    """The status of a script that ended by itself; only in pre-backup does 75 mean "not now"."""
    if exit_code == 0:
        return ExecutionStatus.SUCCESS
    if exit_code == NOT_NOW and hook is Hook.PRE_BACKUP:
        return ExecutionStatus.SKIPPED
    return ExecutionStatus.FAILED


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a script's end does to its lane and, in pre-backup, to the run."""

    lane: LaneState
    outcome: Outcome | None = None
    """Settles the run's outcome without Borg; None lets it go on."""
    taints: bool = False
    """A failure that policy lets pass: the outcome is at best a warning."""


def consequence(hook: Hook, lane: LaneState, end: ScriptEnd, on_failure: OnFailure) -> Consequence:
    """What follows from the end of a script that was started while its lane was in the state *lane*.

    A lane stays stopped by whatever stopped it first.
    """
    if end.status is ExecutionStatus.SUCCESS:
        return Consequence(lane)
    stopped = lane if lane.stopped_by else LaneState(stopped_by=end.in_words())
    if hook is not Hook.PRE_BACKUP:
        return Consequence(stopped if on_failure is OnFailure.STOP else lane, taints=True)
    if end.status is ExecutionStatus.CANCELLED:
        return Consequence(stopped, Outcome.CANCELLED)
    if end.status is ExecutionStatus.INTERRUPTED:
        return Consequence(stopped, Outcome.INTERRUPTED)
    if end.status is ExecutionStatus.SKIPPED or on_failure is OnFailure.SKIP:
        return Consequence(stopped, Outcome.SKIPPED)
    if on_failure is OnFailure.CONTINUE:
        return Consequence(lane, taints=True)
    return Consequence(stopped, Outcome.FAILURE)


def settled_outcome(borg: Outcome, *, tainted: bool) -> Outcome:
    """The outcome after Borg ended: a pre-backup failure that was let pass leaves at best a warning."""
    return Outcome.WARNING if tainted and borg is Outcome.SUCCESS else borg


def final_status(outcome: Outcome, *, tainted: bool) -> RunStatus:
    """The status of a finished run: its outcome, but a failing post script or retention makes success a warning."""
    if tainted and outcome is Outcome.SUCCESS:
        return RunStatus.WARNING
    return RunStatus(outcome.value)


def exit_code_of(status: RunStatus) -> int:
    """The exit code of ``borgdesk run`` for a run that ended with *status*."""
    return {
        RunStatus.SUCCESS: 0,
        RunStatus.WARNING: 1,
        RunStatus.SKIPPED: NOT_NOW,
        RunStatus.CANCELLED: 130,
    }.get(status, 2)


def worst(exit_codes: Iterable[int]) -> int:
    """The exit code for several runs: the worst of them, a failure being worse than a cancel, a skip, a warning."""
    severity = {0: 0, 1: 1, NOT_NOW: 2, 130: 3}
    return max(exit_codes, key=lambda code: severity.get(code, 4), default=0)
