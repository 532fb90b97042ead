"""The tables. Only portable types and constraints: a shared PostgreSQL must stay possible.

Rows never leave ``store``. History outlives what it speaks of: it keeps names, and its references become NULL.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Enum, ForeignKey, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from borgdesk.domain.run import ExecutionStatus, Hook, OnFailure, Outcome, RunOn, RunStatus, Step, Trigger
from borgdesk.store.text import made_storable

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC; SQLite itself keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a time without a zone: nobody could say later what it meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Put back the zone that SQLite dropped."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Condition(TypeDecorator[RunOn]):
    """A script's condition, as people write it."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: RunOn | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """For example ``warning,failure``."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> RunOn | None:  # noqa: ARG002
        """The condition of that text."""
        return None if value is None else RunOn.parse(value)


class Words(TypeDecorator[str]):
    """Text that programs wrote. File names that are not UTF-8 and NUL characters must never fail a run's record."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The text with U+FFFD for every character that no database keeps."""
        return None if value is None else made_storable(value)


def _choice(kind: type[StrEnum]) -> Enum:
    return Enum(kind, native_enum=False, length=20, values_callable=lambda members: [m.value for m in members])


class Base(DeclarativeBase):
    """Gives every table our names for constraints and our types for Python's."""

    metadata = MetaData(naming_convention=NAMING)
    # Ids are never used again: history, log files and the keyring refer to them.
    __table_args__: Any = {"sqlite_autoincrement": True}  # noqa: RUF012 - declared so by SQLAlchemy
    type_annotation_map = {  # noqa: RUF012
        datetime: UtcDateTime,
        RunOn: Condition,
        str: Text,
        Hook: _choice(Hook),
        OnFailure: _choice(OnFailure),
        Trigger: _choice(Trigger),
        RunStatus: _choice(RunStatus),
        Step: _choice(Step),
        Outcome: _choice(Outcome),
        ExecutionStatus: _choice(ExecutionStatus),
        dict[str, Any]: JSON(none_as_null=True),
        dict[str, str]: JSON,
        list[str]: JSON,
    }


class RepositoryRow(Base):
    """A repository together with what is backed up into it."""

    __tablename__ = "repositories"

    id: Mapped[int] = mapped_column(primary_key=True)
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
    schedule: Mapped[dict[str, Any] | None]
    continue_on_hook_failure: Mapped[bool]
    pre_script: Mapped[str]
    post_script: Mapped[str]
    created_at: Mapped[datetime]


class ScriptRow(Base):
    """The metadata of a file of the library."""

    __tablename__ = "scripts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    file_name: Mapped[str] = mapped_column(unique=True)
    """Relative to the library, so that the folder can be moved."""
    description: Mapped[str]
    timeout: Mapped[int]
    run_on: Mapped[RunOn]
    usage_count: Mapped[int]
    last_used_at: Mapped[datetime | None]
    last_result: Mapped[ExecutionStatus | None]
    created_at: Mapped[datetime]


class ScriptRevisionRow(Base):
    """A text a script had; the bytes are a file. Texts of inline and removed scripts belong to no script."""

    __tablename__ = "script_revisions"
    __table_args__ = (UniqueConstraint("script_id", "sha256"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int | None] = mapped_column(ForeignKey("scripts.id", ondelete="SET NULL"))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    saved_at: Mapped[datetime]
    size: Mapped[int]


class RepositoryScriptRow(Base):
    """A script placed in a lane of a repository; NULL overrides inherit."""

    __tablename__ = "repository_scripts"
    __table_args__ = (Index(None, "repository_id", "hook", "execution_order"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts.id", ondelete="RESTRICT"), index=True)
    hook: Mapped[Hook]
    execution_order: Mapped[int]
    enabled: Mapped[bool]
    timeout: Mapped[int | None]
    run_on: Mapped[RunOn | None]
    on_failure: Mapped[OnFailure | None]
    parameters: Mapped[dict[str, str]]
    secrets: Mapped[list[str]]
    """Names only: the values are in the keyring."""


class BackupJobRow(Base):
    """A run."""

    __tablename__ = "backup_jobs"
    __table_args__ = (
        Index(None, "repository_id", "id"),
        Index(None, "status", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int | None] = mapped_column(ForeignKey("repositories.id", ondelete="SET NULL"))
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
    recovered: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str | None] = mapped_column(Words)
    note: Mapped[str | None] = mapped_column(Words)


class ScriptExecutionRow(Base):
    """A script in a run, or a test of one. Output comes last, so that lists read only the head of a row."""

    __tablename__ = "script_executions"
    __table_args__ = (
        Index(None, "script_id", "id"),
        Index(None, "status", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("backup_jobs.id", ondelete="CASCADE"), index=True)
    script_id: Mapped[int | None] = mapped_column(ForeignKey("scripts.id", ondelete="SET NULL"))
    assignment_id: Mapped[int | None]
    """No foreign key: a run that is under way needs it to find its secrets, even if the assignment goes meanwhile."""
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
    problem: Mapped[str | None] = mapped_column(Words)
    reason: Mapped[str | None] = mapped_column(Words)
    stdout: Mapped[str] = mapped_column(Words, default="")
    stderr: Mapped[str] = mapped_column(Words, default="")


class SettingRow(Base):
    """A setting of the application."""

    __tablename__ = "settings"
    __table_args__ = ()

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
