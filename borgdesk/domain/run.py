"""Runs: their kinds, lanes, steps, outcomes and statuses, and which outcome meets which condition."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import _

NOT_NOW = 75
"""Exit code of a pre-backup script that means "not now": EX_TEMPFAIL of sysexits.h, as in borgmatic and systemd."""


class Hook(StrEnum):
    """A lane: the point of a run at which scripts are executed."""

    PRE_BACKUP = "pre-backup"
    POST_BACKUP = "post-backup"
    POST_RUN = "post-run"
    PRE_RESTORE = "pre-restore"
    POST_RESTORE = "post-restore"
    TEST = "test"

    @property
    def is_pre(self) -> bool:
        """Whether scripts of this lane run before the work of the run, and can prevent it."""
        return self in PRE_LANES

    @property
    def is_post(self) -> bool:
        """Whether scripts of this lane are owed once the first script of an earlier lane has been started."""
        return self in POST_LANES


LANES = (Hook.PRE_BACKUP, Hook.POST_BACKUP, Hook.POST_RUN, Hook.PRE_RESTORE, Hook.POST_RESTORE)
"""All lanes of a repository: those of its backups and those of its restores, each in execution order."""

PRE_LANES = (Hook.PRE_BACKUP, Hook.PRE_RESTORE)
POST_LANES = (Hook.POST_BACKUP, Hook.POST_RUN, Hook.POST_RESTORE)


class RunKind(StrEnum):
    """The kind of work a run does."""

    BACKUP = "backup"
    RESTORE = "restore"
    CHECK = "check"
    PRUNE = "prune"
    COMPACT = "compact"
    BREAK_LOCK = "break-lock"
    INFO = "info"

    @property
    def lanes(self) -> tuple[Hook, ...]:
        """The lanes of runs of this kind, in order of execution."""
        return _LANES_OF.get(self, ())


_LANES_OF = {
    RunKind.BACKUP: (Hook.PRE_BACKUP, Hook.POST_BACKUP, Hook.POST_RUN),
    RunKind.RESTORE: (Hook.PRE_RESTORE, Hook.POST_RESTORE),
}


class Trigger(StrEnum):
    """What started a run."""

    USER = "user"
    SCHEDULE = "schedule"
    CLI = "cli"
    WINDOW = "window"
    RECOVERY = "recovery"


class Outcome(StrEnum):
    """The result of a run's work (for a backup, ``borg create``), settled when the work ended or was given up."""

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
    """The status of a run. The last six are final: the outcome, adjusted by the results of the scripts."""

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
        """Whether the run is over."""
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)

    @property
    def is_good(self) -> bool:
        """Whether the run did what it was for, perhaps with warnings."""
        return self in (RunStatus.SUCCESS, RunStatus.WARNING)

    @property
    def is_bad(self) -> bool:
        """Whether the run failed, by itself or because it was killed."""
        return self in (RunStatus.FAILURE, RunStatus.INTERRUPTED)


class ExecutionStatus(StrEnum):
    """The status of a script in a run; ``pending`` and ``running`` are not final."""

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
        """Whether the script has ended or will not be run."""
        return self not in (ExecutionStatus.PENDING, ExecutionStatus.RUNNING)

    @property
    def is_bad(self) -> bool:
        """Whether the script was started and failed."""
        return self in (
            ExecutionStatus.FAILED,
            ExecutionStatus.TIMED_OUT,
            ExecutionStatus.CANCELLED,
            ExecutionStatus.INTERRUPTED,
        )


class OnFailure(StrEnum):
    """The effect of a failing script on the rest of its lane."""

    STOP = "stop"
    CONTINUE = "continue"
    SKIP = "skip"


class Step(StrEnum):
    """The steps of the recipe, stored with a run that is under way; a lane's step has the name of its hook."""

    QUEUED = "queued"
    ARMING = "arming"
    PRE_BACKUP = "pre-backup"
    CREATE = "create"
    PRE_RESTORE = "pre-restore"
    RESTORE = "restore"
    POST_RESTORE = "post-restore"
    CHECK = "check"
    PRUNE = "prune"
    COMPACT = "compact"
    BREAK_LOCK = "break-lock"
    INFO = "info"
    POST_BACKUP = "post-backup"
    RETENTION = "retention"
    POST_RUN = "post-run"
    DONE = "done"


class BorgStep(StrEnum):
    """The work of a run besides scripts, mostly calls of Borg, in timeline order.

    In a restore, BorgDesk does some of it itself.
    """

    LIST = "list"
    CREATE = "create"
    EXTRACT = "extract"
    VERIFY = "verify"
    PLACE = "place"
    CHECK = "check"
    PRUNE = "prune"
    COMPACT = "compact"
    BREAK_LOCK = "break-lock"
    INFO = "info"

    @property
    def is_own(self) -> bool:
        """Whether BorgDesk does it without Borg."""
        return self in (BorgStep.VERIFY, BorgStep.PLACE)


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
        """Parse ``always`` or a comma-separated list of ``success``, ``warning`` and ``failure``.

        Raises:
            InvalidInput: the list is empty or contains anything else.
        """
        words = [word.strip().lower() for word in text.split(",") if word.strip()]
        if words == ["always"]:
            return cls(frozenset(), always=True)
        if not words or any(word not in _CONDITIONS for word in words):
            raise InvalidInput(
                _(
                    "“{text}” is not a condition. Use “always”, or a comma-separated list of success, "
                    "warning and failure."
                ).format(text=text)
            )
        return cls(frozenset(words))

    def __str__(self) -> str:
        """Return the form that :meth:`parse` reads, in a fixed order."""
        if self.always:
            return "always"
        return ",".join(word for word in _CONDITIONS if word in self.conditions)

    def matches(self, outcome: Outcome) -> bool:
        """Return whether a post script with this condition runs after *outcome*."""
        return self.always or _CONDITION_OF[outcome] in self.conditions


ALWAYS = RunOn(frozenset(), always=True)


def outcome_of_exit_code(exit_code: int, *, archive_made: bool = True) -> Outcome:
    """Return the outcome for an exit code of ``borg create``.

    0 is success, 1 and 100-127 are warnings, everything else (2-99, a signal as 128+N or negative) is a failure.
    Without an archive everything is a failure: Borg 1.2.4 exits with 1 after the traceback of a malformed pattern, and
    a program that prints nothing and exits with 0 may not be Borg.
    """
    if exit_code == 0:
        return Outcome.SUCCESS if archive_made else Outcome.FAILURE
    if exit_code == 1 or 100 <= exit_code <= 127:  # noqa: PLR2004 - Borg's own ranges, see above
        return Outcome.WARNING if archive_made else Outcome.FAILURE
    return Outcome.FAILURE
