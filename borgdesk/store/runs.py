"""History of runs, and what a run under way must have on the disk before it acts."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from borgdesk.domain.errors import NotFound, RunRefused
from borgdesk.domain.history import ArchiveStatistics, Execution, PlannedScript, ProcessIdentity, Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Outcome, RunStatus, Step, Trigger
from borgdesk.store.database import row_by_id
from borgdesk.store.executions import Executions, executions_of, matches, owner_of, row_of
from borgdesk.store.tables import BackupJobRow, RepositoryRow, ScriptExecutionRow

_UNFINISHED = tuple(status for status in RunStatus if not status.is_final)
_OWES = BackupJobRow.id.in_(
    select(ScriptExecutionRow.run_id).where(ScriptExecutionRow.status == ExecutionStatus.PENDING)
)


class Runs(Executions):
    """Runs with their executions. Ids that do not exist raise :class:`NotFound`.

    Every call is one transaction that is on the disk when it returns, so each can be tried again after
    :class:`StoreUnusable`: nothing of it was done then.
    """

    def queue(
        self, repository: Repository, trigger: Trigger, owner: ProcessIdentity, queued_at: datetime, location: str = ""
    ) -> Run:
        """A new run that waits for its turn at *location* (the repository's own unless given)."""
        with self._database.writing() as session:
            row = BackupJobRow(
                repository_id=repository.id,
                repository=repository.name,
                location=location or repository.location,
                trigger=trigger,
                status=RunStatus.QUEUED,
                step=Step.QUEUED,
                queued_at=queued_at,
                tainted=False,
                recovered=False,
            )
            _set_owner(row, owner)
            session.add(row)
            session.flush()
            return run_from(row)

    def queued_before(self, run_id: int, location: str) -> builtins.list[Run]:
        """The unfinished runs at the same location that are older, in their order."""
        query = (
            select(BackupJobRow)
            .where(BackupJobRow.status.in_(_UNFINISHED), BackupJobRow.location == location, BackupJobRow.id < run_id)
            .order_by(BackupJobRow.id)
        )
        with self._database.reading() as session:
            return [run_from(row) for row in session.scalars(query)]

    def arm(self, run_id: int, started_at: datetime, planned: Sequence[PlannedScript]) -> Run:
        """Begin a queued run: what is owed is on the disk, as pending executions, when this returns.

        Raises:
            RunRefused: the run is not queued any more; nothing was changed.
        """
        with self._database.writing() as session:
            row = _row(session, run_id)
            if row.status is not RunStatus.QUEUED:
                raise RunRefused(f"Run {run_id} cannot begin: it is {row.status} already.")
            row.status, row.step, row.started_at = RunStatus.RUNNING, Step.ARMING, started_at
            for script in planned:
                execution = row_of(script, row.repository)
                execution.run_id = run_id
                session.add(execution)
            session.flush()
            return run_from(row, executions_of(session, run_id, with_output=False))

    def set_step(self, run_id: int, step: Step) -> None:
        """The run has come to *step*."""
        with self._database.writing() as session:
            _row(session, run_id).step = step

    def settle(
        self,
        run_id: int,
        outcome: Outcome,
        *,
        borg_exit_code: int | None = None,
        archive: str | None = None,
        statistics: ArchiveStatistics | None = None,
        error: str | None = None,
        tainted: bool | None = None,
    ) -> bool:
        """Record what became of the backup. None leaves a value as it is.

        An outcome that is settled stays: False says that nothing was changed because there was one.
        """
        with self._database.writing() as session:
            row = _row(session, run_id)
            if row.outcome is not None:
                return False
            row.outcome = outcome
            if statistics is not None:
                row.original_size = statistics.original_size
                row.deduplicated_size = statistics.deduplicated_size
                row.files = statistics.files
            given = {"borg_exit_code": borg_exit_code, "archive": archive, "error": error, "tainted": tainted}
            for name, value in given.items():
                if value is not None:
                    setattr(row, name, value)
            return True

    def taint(self, run_id: int) -> None:
        """Something after the backup, or let pass before it, failed: a success will end as a warning."""
        with self._database.writing() as session:
            _row(session, run_id).tainted = True

    def note(self, run_id: int, text: str) -> None:
        """Add a remark in a line of its own, unless the run has that very remark."""
        with self._database.writing() as session:
            row = _row(session, run_id)
            remarks = row.note.split("\n") if row.note else []
            if text not in remarks:
                row.note = "\n".join([*remarks, text])

    def set_error_if_none(self, run_id: int, error: str) -> None:
        """Keep what went wrong, unless something that went wrong before is kept."""
        with self._database.writing() as session:
            row = _row(session, run_id)
            row.error = row.error or error

    def finish(self, run_id: int, status: RunStatus, finished_at: datetime) -> None:
        """The run is over."""
        with self._database.writing() as session:
            row = _row(session, run_id)
            row.status, row.step, row.finished_at = status, Step.DONE, finished_at

    def claim(self, run_id: int, expected_owner: ProcessIdentity | None, new_owner: ProcessIdentity) -> bool:
        """Take over a run that is unfinished, or still owes, from an owner that is dead, and mark it as recovered.

        Of several that try it with the same *expected_owner*, one gets True.
        """
        with self._database.writing() as session:
            row = _row(session, run_id)
            owes = session.scalar(select(BackupJobRow.id).where(BackupJobRow.id == run_id, _OWES))
            if (row.status.is_final and owes is None) or owner_of(row) != expected_owner:
                return False
            _set_owner(row, new_owner)
            row.recovered = row.recovered or new_owner != expected_owner
            return True

    def get(self, run_id: int, with_output: bool = True) -> Run:
        """One run with its executions."""
        with self._database.reading() as session:
            return run_from(_row(session, run_id), executions_of(session, run_id, with_output=with_output))

    def list(
        self,
        *,
        repository: int | str | None = None,
        script: int | str | None = None,
        status: RunStatus | None = None,
        since: datetime | None = None,
        search: str | None = None,
        before_id: int | None = None,
        limit: int = 50,
    ) -> builtins.list[Run]:
        """Runs that meet all conditions, newest first, without their executions.

        Repository and script are given by id, or by the name they have or had; *since* is the earliest moment at which
        they were asked for. *search* looks into names, error, note and output. The next page begins before the id of
        this page's last run.
        """
        query = select(BackupJobRow).order_by(BackupJobRow.id.desc()).limit(limit)
        if repository is not None:
            query = query.where(_of_repository(repository))
        if script is not None:
            query = query.where(_with_execution(_of_script(script)))
        if status is not None:
            query = query.where(BackupJobRow.status == status)
        if since is not None:
            query = query.where(BackupJobRow.queued_at >= since)
        if search:
            query = query.where(_mentions(search))
        if before_id is not None:
            query = query.where(BackupJobRow.id < before_id)
        with self._database.reading() as session:
            return [run_from(row) for row in session.scalars(query)]

    def unfinished(self) -> builtins.list[Run]:
        """Runs that are queued or running, oldest first, whether their process lives or not."""
        query = select(BackupJobRow).where(BackupJobRow.status.in_(_UNFINISHED)).order_by(BackupJobRow.id)
        with self._database.reading() as session:
            return [run_from(row) for row in session.scalars(query)]

    def owing(self) -> builtins.list[Run]:
        """Finished runs of which a script is still owed since a recovery could not do it, oldest first."""
        query = select(BackupJobRow).where(BackupJobRow.status.not_in(_UNFINISHED), _OWES).order_by(BackupJobRow.id)
        with self._database.reading() as session:
            return [run_from(row) for row in session.scalars(query)]

    def strip(self, repository_id: int, count: int = 30) -> tuple[RunStatus, ...]:
        """How the last finished runs of a repository ended, oldest first."""
        query = (
            select(BackupJobRow.status)
            .where(BackupJobRow.repository_id == repository_id, BackupJobRow.status.not_in(_UNFINISHED))
            .order_by(BackupJobRow.id.desc())
            .limit(count)
        )
        with self._database.reading() as session:
            return tuple(reversed(session.scalars(query).all()))


def run_from(row: BackupJobRow, executions: tuple[Execution, ...] = ()) -> Run:
    """The value of a row."""
    statistics = None
    if row.original_size is not None and row.deduplicated_size is not None and row.files is not None:
        statistics = ArchiveStatistics(row.original_size, row.deduplicated_size, row.files)
    return Run(
        id=row.id,
        repository_id=row.repository_id,
        repository=row.repository,
        location=row.location,
        trigger=row.trigger,
        status=row.status,
        step=row.step,
        queued_at=row.queued_at,
        outcome=row.outcome,
        tainted=row.tainted,
        borg_exit_code=row.borg_exit_code,
        archive=row.archive,
        statistics=statistics,
        error=row.error,
        note=row.note,
        started_at=row.started_at,
        finished_at=row.finished_at,
        owner=owner_of(row),
        recovered=row.recovered,
        executions=executions,
    )


def _row(session: Session, run_id: int) -> BackupJobRow:
    row = row_by_id(session, BackupJobRow, run_id)
    if row is None:
        raise NotFound(f"There is no run {run_id} in history.")
    return row


def _set_owner(row: BackupJobRow, owner: ProcessIdentity) -> None:
    row.owner_pid, row.owner_started, row.owner_boot_id = owner.pid, owner.started, owner.boot_id


def _of_repository(repository: int | str) -> ColumnElement[bool]:
    if isinstance(repository, int):
        return BackupJobRow.repository_id == repository
    named_so_now = select(RepositoryRow.id).where(RepositoryRow.name == repository).scalar_subquery()
    return or_(BackupJobRow.repository == repository, BackupJobRow.repository_id == named_so_now)


def _of_script(script: int | str) -> ColumnElement[bool]:
    column: Any = ScriptExecutionRow.script_id if isinstance(script, int) else ScriptExecutionRow.script
    condition: ColumnElement[bool] = column == script
    return condition


def _with_execution(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(ScriptExecutionRow.id).where(ScriptExecutionRow.run_id == BackupJobRow.id, condition).exists()


def _mentions(text: str) -> ColumnElement[bool]:
    run = (BackupJobRow.repository, BackupJobRow.archive, BackupJobRow.error, BackupJobRow.note)
    execution = (
        ScriptExecutionRow.script,
        ScriptExecutionRow.reason,
        ScriptExecutionRow.stdout,
        ScriptExecutionRow.stderr,
    )
    return or_(*matches(run, text), _with_execution(or_(*matches(execution, text))))
