"""The tables. Only portable types and constraints are used: a shared PostgreSQL must stay possible.

Rows never leave ``store``. History outlives the objects it refers to: it keeps their names, and its foreign keys become
NULL.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from borgdesk.domain.ids import AssignmentId, ExecutionId, RepositoryId, RunId, ScriptId
from borgdesk.domain.reasons import Reason
from borgdesk.domain.run import (
    BorgStep,
    ExecutionStatus,
    Hook,
    OnFailure,
    Outcome,
    RunKind,
    RunOn,
    RunStatus,
    Step,
    Trigger,
)
from borgdesk.domain.schedule import SlotState
from borgdesk.store.column_types import Condition, Reasons, UtcDateTime, Words

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def _choice(kind: type[StrEnum]) -> Enum:
    return Enum(kind, native_enum=False, length=20, values_callable=lambda members: [m.value for m in members])


class Base(DeclarativeBase):
    """Base of all tables: naming convention of constraints, and column types for Python types."""

    metadata = MetaData(naming_convention=NAMING)
    # Ids are never reused: history, log files and the keyring refer to them.
    __table_args__: Any = {"sqlite_autoincrement": True}  # noqa: RUF012 - declared so by SQLAlchemy
    type_annotation_map = {  # noqa: RUF012
        RepositoryId: Integer,
        ScriptId: Integer,
        AssignmentId: Integer,
        RunId: Integer,
        ExecutionId: Integer,
        datetime: UtcDateTime,
        RunOn: Condition,
        str: Text,
        Hook: _choice(Hook),
        OnFailure: _choice(OnFailure),
        RunKind: _choice(RunKind),
        Trigger: _choice(Trigger),
        RunStatus: _choice(RunStatus),
        Step: _choice(Step),
        BorgStep: _choice(BorgStep),
        Outcome: _choice(Outcome),
        ExecutionStatus: _choice(ExecutionStatus),
        SlotState: _choice(SlotState),
        dict[str, Any]: JSON(none_as_null=True),
        dict[str, str]: JSON,
        list[str]: JSON,
    }


class RepositoryRow(Base):
    """A configured repository."""

    __tablename__ = "repositories"

    id: Mapped[RepositoryId] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    location: Mapped[str]
    sources: Mapped[list[str]]
    excludes: Mapped[list[str]]
    exclude_caches: Mapped[bool]
    one_file_system: Mapped[bool]
    compression: Mapped[str]
    archive_name: Mapped[str]
    encryption: Mapped[str | None]
    passcommand: Mapped[str | None]
    has_passphrase: Mapped[bool]
    retention: Mapped[dict[str, Any]]
    continue_on_hook_failure: Mapped[bool]
    pre_script: Mapped[str]
    post_script: Mapped[str]
    stall_limit: Mapped[int] = mapped_column(server_default="600")
    fail_on_missing_source: Mapped[bool] = mapped_column(server_default=false())
    filled_sources: Mapped[list[str]] = mapped_column(server_default="[]")
    created_at: Mapped[datetime]
    borg_id: Mapped[str | None]
    patterns: Mapped[str] = mapped_column(server_default="")
    upload_limit: Mapped[int | None]
    checkpoint_interval: Mapped[int | None]
    extra_arguments: Mapped[str] = mapped_column(server_default="")
    ssh_key: Mapped[str] = mapped_column(server_default="")
    jump_host: Mapped[str] = mapped_column(server_default="")
    remote_path: Mapped[str] = mapped_column(server_default="")
    append_only: Mapped[bool] = mapped_column(server_default=false())
    compact_every: Mapped[int | None]
    compacted_at: Mapped[datetime | None]
    has_deleted: Mapped[bool] = mapped_column(server_default=true())


class ScheduleRow(Base):
    """When a repository is backed up."""

    __tablename__ = "schedules"
    __table_args__ = ()

    repository_id: Mapped[RepositoryId] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    cron: Mapped[str]
    conditions: Mapped[dict[str, Any]]
    jitter: Mapped[int | None]
    overdue_after: Mapped[int | None]
    paused_until: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    connected_at: Mapped[datetime | None]
    check_every: Mapped[int | None]
    check_since: Mapped[datetime | None]


class SlotRow(Base):
    """A moment at which a backup was due."""

    __tablename__ = "slots"
    __table_args__ = ()

    repository_id: Mapped[RepositoryId] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    state: Mapped[SlotState]
    reasons: Mapped[tuple[Reason, ...]] = mapped_column("reason", Reasons, nullable=True)
    tries: Mapped[int]
    next_try: Mapped[datetime | None]
    run_id: Mapped[RunId | None] = mapped_column(ForeignKey("backup_jobs.id", ondelete="SET NULL"), index=True)


class ScriptRow(Base):
    """The metadata of a file in the library."""

    __tablename__ = "scripts"

    id: Mapped[ScriptId] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    file_name: Mapped[str] = mapped_column(unique=True)
    """Relative to the library folder, which can thus be moved."""
    description: Mapped[str]
    timeout: Mapped[int]
    run_on: Mapped[RunOn]
    usage_count: Mapped[int]
    last_used_at: Mapped[datetime | None]
    last_result: Mapped[ExecutionStatus | None]
    created_at: Mapped[datetime]


class ScriptRevisionRow(Base):
    """A text that a script had; the bytes are in a file. Texts of inline and removed scripts have no script id."""

    __tablename__ = "script_revisions"
    __table_args__ = (UniqueConstraint("script_id", "sha256"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[ScriptId | None] = mapped_column(ForeignKey("scripts.id", ondelete="SET NULL"))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    saved_at: Mapped[datetime]
    size: Mapped[int]


class RepositoryScriptRow(Base):
    """An assignment of a script to a lane of a repository; NULL overrides inherit."""

    __tablename__ = "repository_scripts"
    __table_args__ = (Index(None, "repository_id", "hook", "execution_order"), {"sqlite_autoincrement": True})

    id: Mapped[AssignmentId] = mapped_column(primary_key=True)
    repository_id: Mapped[RepositoryId] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    script_id: Mapped[ScriptId] = mapped_column(ForeignKey("scripts.id", ondelete="RESTRICT"), index=True)
    hook: Mapped[Hook]
    execution_order: Mapped[int]
    enabled: Mapped[bool]
    timeout: Mapped[int | None]
    run_on: Mapped[RunOn | None]
    on_failure: Mapped[OnFailure | None]
    parameters: Mapped[dict[str, str]]
    secrets: Mapped[list[str]]
    """Names only; the values are in the keyring."""
    shared: Mapped[str | None]


class BackupJobRow(Base):
    """A run."""

    __tablename__ = "backup_jobs"
    __table_args__ = (
        Index(None, "repository_id", "id"),
        Index(None, "repository_id", "status", "id"),
        Index(None, "repository", "id"),
        Index(None, "status", "id"),
        Index(None, "kind", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[RunId] = mapped_column(primary_key=True)
    repository_id: Mapped[RepositoryId | None] = mapped_column(ForeignKey("repositories.id", ondelete="SET NULL"))
    repository: Mapped[str]
    location: Mapped[str]
    trigger: Mapped[Trigger]
    status: Mapped[RunStatus]
    step: Mapped[Step]
    outcome: Mapped[Outcome | None]
    tainted: Mapped[bool] = mapped_column(default=False)
    borg_exit_code: Mapped[int | None]
    archive: Mapped[str | None] = mapped_column(Words)
    original_size: Mapped[int | None] = mapped_column(BigInteger)
    deduplicated_size: Mapped[int | None] = mapped_column(BigInteger)
    files: Mapped[int | None] = mapped_column(BigInteger)
    queued_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    owner_pid: Mapped[int | None]
    owner_started: Mapped[int | None] = mapped_column(BigInteger)
    owner_boot_id: Mapped[str | None]
    token: Mapped[str | None]
    """In the environment of all its processes and no others."""
    recovered: Mapped[bool] = mapped_column(default=False)
    errors: Mapped[tuple[Reason, ...]] = mapped_column("error", Reasons, nullable=True)
    notes: Mapped[tuple[Reason, ...]] = mapped_column("note", Reasons, nullable=True)
    turn: Mapped[str | None]
    kind: Mapped[RunKind] = mapped_column(server_default=RunKind.BACKUP)
    report: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    uid: Mapped[str] = mapped_column(String(36), index=True, unique=True, server_default="")


class ScriptExecutionRow(Base):
    """A script in a run, or a test. Output columns come last, so that lists read only the beginning of a row."""

    __tablename__ = "script_executions"
    __table_args__ = (
        Index(None, "script_id", "run_id", "id"),
        Index(None, "script", "run_id"),
        Index(None, "status", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[ExecutionId] = mapped_column(primary_key=True)
    run_id: Mapped[RunId | None] = mapped_column(ForeignKey("backup_jobs.id", ondelete="CASCADE"), index=True)
    script_id: Mapped[ScriptId | None] = mapped_column(ForeignKey("scripts.id", ondelete="SET NULL"))
    assignment_id: Mapped[AssignmentId | None]
    """No foreign key: a run under way needs it to find its secrets, even if the assignment is deleted meanwhile."""
    script: Mapped[str]
    repository: Mapped[str | None]
    hook: Mapped[Hook]
    execution_order: Mapped[int]
    timeout: Mapped[int]
    run_on: Mapped[RunOn]
    on_failure: Mapped[OnFailure]
    revision: Mapped[str | None] = mapped_column(String(64))
    parameters: Mapped[dict[str, str]]
    secrets: Mapped[list[str]]
    status: Mapped[ExecutionStatus]
    exit_code: Mapped[int | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    truncated: Mapped[bool] = mapped_column(default=False)
    recovered: Mapped[bool] = mapped_column(default=False)
    owner_pid: Mapped[int | None]
    owner_started: Mapped[int | None] = mapped_column(BigInteger)
    owner_boot_id: Mapped[str | None]
    token: Mapped[str | None]
    """Only for tests; executions in a run share the run's token."""
    problem: Mapped[str | None] = mapped_column(Words)
    reasons: Mapped[tuple[Reason, ...]] = mapped_column("reason", Reasons, nullable=True)
    stdout: Mapped[str] = mapped_column(Words, default="")
    stderr: Mapped[str] = mapped_column(Words, default="")
    hold: Mapped[str | None]


class ScriptTestRow(Base):
    """The place of a test of a script among the runs."""

    __tablename__ = "script_tests"
    __table_args__ = (Index(None, "after_run", "execution_id"),)

    execution_id: Mapped[ExecutionId] = mapped_column(
        ForeignKey("script_executions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    after_run: Mapped[RunId]
    """The newest run when it began; 0 if there was none. No foreign key: the run may be removed before the test."""


class BorgCallRow(Base):
    """A step of Borg in a run. Output columns come last, as in :class:`ScriptExecutionRow`."""

    __tablename__ = "borg_calls"
    __table_args__ = ()

    run_id: Mapped[RunId] = mapped_column(ForeignKey("backup_jobs.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[BorgStep] = mapped_column(primary_key=True)
    status: Mapped[RunStatus]
    exit_code: Mapped[int | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    truncated: Mapped[bool] = mapped_column(default=False)
    errors: Mapped[tuple[Reason, ...]] = mapped_column("error", Reasons, nullable=True)
    stdout: Mapped[str] = mapped_column(Words, default="")
    stderr: Mapped[str] = mapped_column(Words, default="")


class ArchiveMadeRow(Base):
    """An archive that was made by a run which has been removed from the history since."""

    __tablename__ = "archives_made"
    __table_args__ = ()

    repository_id: Mapped[RepositoryId] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    archive: Mapped[str] = mapped_column(Words, primary_key=True)
    made_at: Mapped[datetime]
    original_size: Mapped[int | None] = mapped_column(BigInteger)
    deduplicated_size: Mapped[int | None] = mapped_column(BigInteger)
    files: Mapped[int | None] = mapped_column(BigInteger)


class KeptSecretRow(Base):
    """A secret value that a run may need after its owner was changed or deleted."""

    __tablename__ = "kept_secrets"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[RunId | None] = mapped_column(index=True)
    """No foreign key: the value has to be deleted even if the run is."""
    owner: Mapped[str]
    name: Mapped[str]
    kept_at: Mapped[datetime]


class RecoveryRow(Base):
    """A run that was finished after its process had died, or left something down, until the user has seen it."""

    __tablename__ = "untold_recoveries"
    __table_args__ = ()

    run_id: Mapped[RunId] = mapped_column(ForeignKey("backup_jobs.id", ondelete="CASCADE"), primary_key=True)


class HistoryChangeRow(Base):
    """A run whose texts were changed after it had ended, until the text index knows. Written by triggers."""

    __tablename__ = "history_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    """A new one for each change, so that what is removed has been dealt with."""
    run_id: Mapped[RunId]
    """No foreign key: the run may have been removed meanwhile."""


class KeyValueRow(Base):
    """A fact by its key. The table is called as it was when settings were meant to be kept in it."""

    __tablename__ = "settings"
    __table_args__ = ()

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
