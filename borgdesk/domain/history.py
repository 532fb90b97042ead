"""What history keeps of runs and of each script in them, and what a run is armed with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from borgdesk.domain.run import ExecutionStatus, Hook, Outcome, Policy, RunStatus, Step, Trigger


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process that can be told from every other one, before and after a reboot; a pid alone is used again."""

    pid: int
    started: int
    """Clock ticks from boot to its start, field 22 of ``/proc/PID/stat``: no clock change touches it."""
    boot_id: str
    """``/proc/sys/kernel/random/boot_id``."""


@dataclass(frozen=True, slots=True)
class ArchiveStatistics:
    """Borg's numbers about an archive."""

    original_size: int
    """Bytes."""
    deduplicated_size: int
    """Bytes that were new."""
    files: int


@dataclass(frozen=True, slots=True)
class PlannedScript:
    """A script of an armed run: all that is needed to run it, whatever happens to the library meanwhile."""

    name: str
    hook: Hook
    order: int
    policy: Policy
    revision: str | None
    """SHA-256 of the bytes to run; None when they could not be read, which *problem* then explains."""
    script_id: int | None = None
    """None for an inline script."""
    assignment_id: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    """Parameter values that are not secret."""
    secrets: frozenset[str] = frozenset()
    """Names of the parameters whose value the keyring keeps."""
    problem: str | None = None
    """Why this script cannot run, as a sentence."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One script in one run, or one test of a script."""

    id: int
    run_id: int | None
    """None for a test."""
    planned: PlannedScript
    status: ExecutionStatus
    reason: str | None = None
    """In words, why it was skipped or what was remarkable."""
    exit_code: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False
    """Whether output was cut to its head and tail."""
    recovered: bool = False
    """Whether it was run by the guardian or a recovery."""
    repository: str | None = None
    owner: ProcessIdentity | None = None
    """For a test, the process that runs it; the executions of a run belong to the run's owner."""

    @property
    def duration(self) -> float | None:
        """Seconds it took, once it has ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt to back up one repository."""

    id: int
    repository_id: int | None
    """None once the repository was removed here; its name stays."""
    repository: str
    location: str
    trigger: Trigger
    status: RunStatus
    step: Step
    queued_at: datetime
    outcome: Outcome | None = None
    tainted: bool = False
    """Whether a post script or retention failed, so that a success ends as a warning."""
    borg_exit_code: int | None = None
    archive: str | None = None
    statistics: ArchiveStatistics | None = None
    error: str | None = None
    """One line: what went wrong."""
    note: str | None = None
    """What else is worth knowing, such as retention that was left for the next run."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    owner: ProcessIdentity | None = None
    """The process that is responsible for finishing it."""
    recovered: bool = False
    """Whether it was finished by the guardian or a recovery."""
    executions: tuple[Execution, ...] = ()
    """In the order of lanes and places; empty in lists."""
