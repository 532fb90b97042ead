"""Records of the history: runs, script executions, Borg calls, and the scripts that a run is armed with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from borgdesk.domain.decisions import Policy
from borgdesk.domain.holding import HoldKey
from borgdesk.domain.ids import AssignmentId, ExecutionId, RepositoryId, RunId, ScriptId
from borgdesk.domain.reasons import Reason, in_words
from borgdesk.domain.run import BorgStep, ExecutionStatus, Hook, Outcome, RunKind, RunStatus, Step, Trigger


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """The identity of a process, unique across reboots; a pid alone is reused."""

    pid: int
    started: int
    """Clock ticks from boot to its start, field 22 of ``/proc/PID/stat``; unaffected by clock changes."""
    boot_id: str
    """``/proc/sys/kernel/random/boot_id``."""


@dataclass(frozen=True, slots=True)
class ArchiveStatistics:
    """Borg's statistics of an archive."""

    original_size: int
    """Bytes."""
    deduplicated_size: int
    """Bytes that were new to the repository."""
    files: int


@dataclass(frozen=True, slots=True)
class PlannedScript:
    """A script of an armed run, with everything needed to run it, whatever happens to the library meanwhile."""

    name: str
    hook: Hook
    order: int
    policy: Policy
    revision: str | None
    """SHA-256 of the bytes to run; None if they could not be read, see *problem*."""
    script_id: ScriptId | None = None
    """None for an inline script."""
    assignment_id: AssignmentId | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    """Values of parameters that are not secret."""
    secrets: frozenset[str] = frozenset()
    """Names of the parameters whose values are in the keyring."""
    problem: str | None = None
    """Why this script cannot run, as a sentence."""
    hold: HoldKey | None = None
    """For both scripts of a shared pair, what they stop and start again together with other runs."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One script in one run, or one test of a script."""

    id: ExecutionId
    run_id: RunId | None
    """None for a test."""
    planned: PlannedScript
    status: ExecutionStatus
    reasons: tuple[Reason, ...] = ()
    """Why it was skipped, or what was unusual."""
    exit_code: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False
    """Whether the output was reduced to its head and tail."""
    recovered: bool = False
    """Whether it was run by the guardian or a recovery."""
    repository: str | None = None
    owner: ProcessIdentity | None = None
    """For a test, the process that runs it; in a run, the run's owner is responsible."""
    token: str | None = None
    """For a test, the token that identifies its processes."""

    @property
    def reason(self) -> str | None:
        """Its reasons as text."""
        return in_words(self.reasons)

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; None before it has ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class BorgCall:
    """One step of Borg in a run, with its own result, whatever the result of the run."""

    step: BorgStep
    status: RunStatus
    """``running``, or Borg's result."""
    started_at: datetime
    finished_at: datetime | None = None
    exit_code: int | None = None
    errors: tuple[Reason, ...] = ()
    """What went wrong."""
    stdout: str = ""
    stderr: str = ""
    """Messages of level WARNING and above; all others are in *stdout*."""
    truncated: bool = False
    """Whether the output was reduced to its head and tail."""

    @property
    def error(self) -> str | None:
        """What went wrong, as text."""
        return in_words(self.errors, " ")

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; None before it has ended."""
        return None if self.finished_at is None else (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class PastBackup:
    """One finished backup, as a bar among others shows it."""

    id: RunId
    status: RunStatus
    queued_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    errors: tuple[Reason, ...] = ()

    @property
    def error(self) -> str | None:
        """What went wrong, as text."""
        return in_words(self.errors, " ")


@dataclass(frozen=True, slots=True)
class Run:
    """One run for one repository, mostly a backup."""

    id: RunId
    repository_id: RepositoryId | None
    """None once the repository was removed from BorgDesk; its name stays."""
    repository: str
    location: str
    trigger: Trigger
    status: RunStatus
    step: Step
    queued_at: datetime
    outcome: Outcome | None = None
    tainted: bool = False
    """Whether a post script or retention failed, so that a success becomes a warning."""
    borg_exit_code: int | None = None
    archive: str | None = None
    statistics: ArchiveStatistics | None = None
    errors: tuple[Reason, ...] = ()
    """What went wrong."""
    notes: tuple[Reason, ...] = ()
    """Other remarks, such as that retention was left to the next run."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    owner: ProcessIdentity | None = None
    """The process responsible for finishing it."""
    token: str | None = None
    """Random text in the environment of its processes and no others; None for runs older than tokens."""
    recovered: bool = False
    """Whether it was finished by the guardian or a recovery."""
    kind: RunKind = RunKind.BACKUP
    report: Mapping[str, Any] = field(default_factory=dict)
    """Results specific to its kind, by the names used in the command line's JSON."""
    uid: str = ""
    """An id that is unique across machines, unlike *id*. Empty if history has none."""
    turn: str = ""
    """The key shared by all runs of the same Borg repository."""
    executions: tuple[Execution, ...] = ()
    """In the order of lanes and places; empty in lists."""
    borg: tuple[BorgCall, ...] = ()
    """Borg's steps in order; empty in lists."""

    @property
    def free_space(self) -> tuple[int | None, int | None]:
        """Bytes that were free on the disk of the repository before and after the run, where they are known."""
        before, after = (self.report.get(name) for name in ("free_before", "free_after"))
        return before if isinstance(before, int) else None, after if isinstance(after, int) else None

    @property
    def error(self) -> str | None:
        """What went wrong, as text."""
        return in_words(self.errors, " ")

    @property
    def note(self) -> str | None:
        """Its notes as text, one per line."""
        return in_words(self.notes, "\n")

    def borg_call(self, step: BorgStep) -> BorgCall | None:
        """Return the record of a step of Borg, or None if the step was not reached."""
        return next((call for call in self.borg if call.step is step), None)
