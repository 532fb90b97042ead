"""Stores runs: their history, and what a run must have on disk before it acts."""

from __future__ import annotations

import builtins
import secrets
from array import array
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from borgdesk.domain.errors import NotFound, RunRefused
from borgdesk.domain.history import ArchiveStatistics, PlannedScript, ProcessIdentity, Run
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.reasons import Reason
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Outcome, RunKind, RunStatus, Step, Trigger
from borgdesk.domain.uuid7 import RANDOM_BITS, uuid7
from borgdesk.store.borg_calls import borg_calls_of
from borgdesk.store.connections import Stop
from borgdesk.store.database import Database
from borgdesk.store.execution_rows import owner_of
from borgdesk.store.executions import executions_of, values_of
from borgdesk.store.rows import row_by_id
from borgdesk.store.run_filters import Conditions
from borgdesk.store.run_reader import UNFINISHED, RunReader
from borgdesk.store.run_rows import run_from
from borgdesk.store.search_index import SearchIndex
from borgdesk.store.tables import ArchiveMadeRow, BackupJobRow, RecoveryRow, RepositoryScriptRow, ScriptExecutionRow
from borgdesk.translation import _

OWES = BackupJobRow.id.in_(
    select(ScriptExecutionRow.run_id).where(ScriptExecutionRow.status == ExecutionStatus.PENDING)
)

_GOOD = tuple(status for status in RunStatus if status.is_good)
_COMMITS = 22
"""Commits of a run without scripts: its steps, and Borg's calls in them."""


class Runs(RunReader):
    """Reads and writes runs. Unknown ids raise :class:`NotFound`.

    Every call is one durable transaction, so it can be retried after :class:`StoreUnusable`: nothing was done then.
    """

    def __init__(self, database: Database, index: SearchIndex) -> None:
        super().__init__(database)
        self._index = index

    def queue(
        self,
        repository: Repository,
        trigger: Trigger,
        owner: ProcessIdentity,
        queued_at: datetime,
        turn: str = "",
        kind: RunKind = RunKind.BACKUP,
        archive: str | None = None,
        report: Mapping[str, Any] | None = None,
    ) -> Run:
        """Store and return a new queued run of a *kind*, with its *turn*, by default the location.

        If it works on an existing *archive*, the archive is known from the beginning, and so may be parts of its
        *report*.
        """
        with self._database.writing() as session:
            row = BackupJobRow(
                repository_id=repository.id,
                repository=repository.name,
                location=repository.location,
                turn=turn or repository.location,
                kind=kind,
                archive=archive,
                report=dict(report or {}),
                uid=_new_uid(session, queued_at),
                trigger=trigger,
                status=RunStatus.QUEUED,
                step=Step.QUEUED,
                queued_at=queued_at,
                tainted=False,
                token=secrets.token_hex(16),
                recovered=False,
                errors=(),
                notes=(),
            )
            _set_owner(row, owner)
            session.add(row)
            session.flush()
            return run_from(row)

    def queued_before(self, run_id: RunId, turn: str) -> builtins.list[Run]:
        """Return older unfinished runs with the same turn, waiting or running, in order."""
        query = (
            select(BackupJobRow)
            .where(BackupJobRow.status.in_(UNFINISHED), BackupJobRow.turn == turn, BackupJobRow.id < run_id)
            .order_by(BackupJobRow.id)
        )
        with self._database.reading() as session:
            return [run_from(row) for row in session.scalars(query)]

    def arm(self, run_id: RunId, started_at: datetime, planned: Sequence[PlannedScript]) -> Run:
        """Start a queued run, and store what it owes durably as pending executions.

        Raises:
            RunRefused: the run is not queued any more, or a planned secret was removed from its assignment; nothing was
                changed.
        """
        self._database.expect(_COMMITS + len(planned))
        with self._database.writing() as session:
            row = _row(session, run_id)
            if row.status is not RunStatus.QUEUED:
                raise RunRefused(
                    _("Run {run_id} cannot start: it is already {status}.").format(run_id=run_id, status=row.status)
                )
            _check_secrets(session, planned)
            row.status, row.step, row.started_at = RunStatus.RUNNING, Step.ARMING, started_at
            session.flush()
            if planned:
                values = [{**values_of(script, row.repository), "run_id": run_id} for script in planned]
                session.execute(insert(ScriptExecutionRow), values)
            return run_from(row, executions_of(session, run_id, with_output=False))

    def set_step(self, run_id: RunId, step: Step) -> None:
        """Record that the run has entered *step*."""
        with self._database.writing() as session:
            _row(session, run_id).step = step

    def settle(
        self,
        run_id: RunId,
        outcome: Outcome,
        *,
        borg_exit_code: int | None = None,
        archive: str | None = None,
        statistics: ArchiveStatistics | None = None,
        errors: tuple[Reason, ...] | None = None,
        tainted: bool | None = None,
    ) -> bool:
        """Record the outcome of the work. None leaves a value unchanged.

        A settled outcome is final: returns False, with nothing changed, if there was one.
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
            given = {"borg_exit_code": borg_exit_code, "archive": archive, "errors": errors or None, "tainted": tainted}
            for name, value in given.items():
                if value is not None:
                    setattr(row, name, value)
            return True

    def set_report(self, run_id: RunId, report: Mapping[str, Any]) -> None:
        """Replace the results that are specific to the run's kind."""
        with self._database.writing() as session:
            _row(session, run_id).report = dict(report)

    def taint(self, run_id: RunId) -> None:
        """Record a failure after the backup, or a tolerated one before it: a success will become a warning."""
        with self._database.writing() as session:
            _row(session, run_id).tainted = True

    def note(self, run_id: RunId, remark: Reason) -> None:
        """Add a note, unless the run has it already."""
        with self._database.writing() as session:
            row = _row(session, run_id)
            if remark not in row.notes:
                row.notes = (*row.notes, remark)

    def set_error_if_none(self, run_id: RunId, error: Reason) -> None:
        """Record an error, unless an earlier one is recorded."""
        with self._database.writing() as session:
            row = _row(session, run_id)
            row.errors = row.errors or (error,)

    def finish(self, run_id: RunId, status: RunStatus, finished_at: datetime, *, to_tell: bool = False) -> None:
        """Record that the run is over, and with *to_tell* that the user has to see what became of it."""
        with self._database.writing() as session:
            row = _row(session, run_id)
            row.status, row.step, row.finished_at = status, Step.DONE, finished_at
            if to_tell and session.get(RecoveryRow, run_id) is None:
                session.add(RecoveryRow(run_id=run_id))

    def claim(self, run_id: RunId, expected_owner: ProcessIdentity | None, new_owner: ProcessIdentity) -> bool:
        """Take over an unfinished or owing run from its dead owner, and mark it as recovered.

        Of several callers with the same *expected_owner*, exactly one gets True.
        """
        with self._database.writing() as session:
            row = _row(session, run_id)
            owes = session.scalar(select(BackupJobRow.id).where(BackupJobRow.id == run_id, OWES))
            if (row.status.is_final and owes is None) or owner_of(row) != expected_owner:
                return False
            _set_owner(row, new_owner)
            row.recovered = row.recovered or new_owner != expected_owner
            if not row.status.is_final and session.get(RecoveryRow, run_id) is None:
                session.add(RecoveryRow(run_id=run_id))
            return True

    def get(self, run_id: RunId, with_output: bool = True) -> Run:
        """Return one run with its executions and Borg's steps."""
        with self._database.reading() as session:
            row = _row(session, run_id)
            executions = executions_of(session, run_id, with_output=with_output)
            return run_from(row, executions, borg_calls_of(session, run_id, with_output=with_output))

    def list(
        self,
        *,
        repository: int | str | None = None,
        script: int | str | None = None,
        status: RunStatus | None = None,
        since: datetime | None = None,
        search: str | None = None,
        before_id: RunId | None = None,
        kind: RunKind | None = None,
        limit: int = 50,
    ) -> builtins.list[Run]:
        """Return the runs that meet all conditions, newest first, without their executions.

        Repository and script are given by id, or by a current or former name; *since* is the earliest request time.
        *search* covers names, error, note and the output of scripts and of Borg. The next page begins before the id of
        this page's last run.
        """
        return self.find(Conditions(repository, script, status, since, search, before_id, kind=kind), limit)

    def find(self, conditions: Conditions, limit: int, stop: Stop | None = None) -> builtins.list[Run]:
        """As :meth:`list`. A search reads a lot of output: *stop* is polled and can cancel it.

        Raises:
            Stopped: *stop* returned True.
        """
        with self._database.reading(stop) as session:
            return [run_from(row) for row in conditions.newest(session, limit, self._index)]

    def ids(self, conditions: Conditions, stop: Stop | None = None) -> array[int]:
        """Return the ids of all runs that meet the conditions, newest first.

        Raises:
            Stopped: *stop* returned True.
        """
        with self._database.reading(stop) as session:
            return conditions.ids(session)

    def some(self, run_ids: Sequence[int]) -> builtins.list[Run]:
        """Return those of the runs that exist, without their executions."""
        with self._database.reading() as session:
            return [run_from(row) for row in session.scalars(select(BackupJobRow).where(BackupJobRow.id.in_(run_ids)))]

    def newest_id(self) -> RunId:
        """Return the id of the newest run; 0 if there is none."""
        with self._database.reading() as session:
            return session.scalar(select(func.max(BackupJobRow.id))) or RunId(0)

    def last_good(self, repository_id: RepositoryId, kind: RunKind) -> Run | None:
        """Return the newest run of a kind that did its work, with its executions and Borg's steps, without output."""
        query = select(BackupJobRow.id).where(
            BackupJobRow.repository_id == repository_id,
            BackupJobRow.kind == kind,
            BackupJobRow.status.in_(_GOOD),
        )
        with self._database.reading() as session:
            run_id = session.scalar(query.order_by(BackupJobRow.id.desc()).limit(1))
        return None if run_id is None else self.get(run_id, with_output=False)

    def archive_statistics(self, repository_id: RepositoryId) -> dict[str, ArchiveStatistics]:
        """Return the statistics of the archives made by runs of a repository, by archive name."""
        found: dict[str, ArchiveStatistics] = {}
        with self._database.reading() as session:
            for kind, order in ((ArchiveMadeRow, ArchiveMadeRow.made_at), (BackupJobRow, BackupJobRow.id)):
                columns = (kind.archive, kind.original_size, kind.deduplicated_size, kind.files)
                query = select(*columns).where(
                    kind.repository_id == repository_id, kind.archive.is_not(None), kind.original_size.is_not(None)
                )
                for name, original, deduplicated, files in session.execute(query.order_by(order)):
                    found[str(name)] = ArchiveStatistics(original or 0, deduplicated or 0, files or 0)
        return found

    def archives_of(self, repository_id: RepositoryId) -> frozenset[str]:
        """Return the names of all archives that runs of a repository have made, also of those removed since."""
        query = select(BackupJobRow.archive).where(
            BackupJobRow.repository_id == repository_id,
            BackupJobRow.kind == RunKind.BACKUP,
            BackupJobRow.archive.is_not(None),
        )
        removed = select(ArchiveMadeRow.archive).where(ArchiveMadeRow.repository_id == repository_id)
        with self._database.reading() as session:
            return frozenset(name for one in (query, removed) for name in session.scalars(one) if name)

    def mark_told(self, run_ids: Sequence[RunId]) -> None:
        """Record that the user has seen what became of these runs."""
        with self._database.writing() as session:
            session.execute(delete(RecoveryRow).where(RecoveryRow.run_id.in_(run_ids)))


def _row(session: Session, run_id: RunId) -> BackupJobRow:
    row = row_by_id(session, BackupJobRow, run_id)
    if row is None:
        raise NotFound(_("There is no run {run_id} in history.").format(run_id=run_id))
    return row


def _new_uid(session: Session, moment: datetime) -> str:
    newest = session.scalar(select(BackupJobRow.uid).order_by(BackupJobRow.id.desc()).limit(1))
    after = UUID(newest) if newest else None
    return str(uuid7(int(moment.timestamp() * 1000), secrets.randbits(RANDOM_BITS), after))


def _check_secrets(session: Session, planned: Sequence[PlannedScript]) -> None:
    """Check that planned secrets still exist: a removal looks for armed runs, and would have missed this one."""
    for script in planned:
        if script.assignment_id is not None and script.secrets:
            row = row_by_id(session, RepositoryScriptRow, script.assignment_id)
            if row is None or not script.secrets <= set(row.secrets):
                raise RunRefused(
                    _("“{script}” was changed while the run was being prepared. Start it again.").format(
                        script=script.name
                    )
                )


def _set_owner(row: BackupJobRow, owner: ProcessIdentity) -> None:
    row.owner_pid, row.owner_started, row.owner_boot_id = owner.pid, owner.started, owner.boot_id
