"""Removes old runs from the history, a few at a time, and gives their pages back to the disk.

What must never be removed is decided here, twice: when candidates are chosen, and again in the transaction that removes
them, since other processes work meanwhile.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, delete, func, insert, select
from sqlalchemy.orm import Session

from borgdesk.domain.ids import ExecutionId, RepositoryId, RunId
from borgdesk.domain.run import ExecutionStatus, Outcome, RunKind
from borgdesk.store.database import Database
from borgdesk.store.run_reader import UNFINISHED
from borgdesk.store.tables import (
    ArchiveMadeRow,
    BackupJobRow,
    KeptSecretRow,
    RecoveryRow,
    ScriptExecutionRow,
    SlotRow,
)

WORK = 0.02
"""Seconds of CPU time that one transaction is to take; its commit comes on top."""
LOCK = 0.2
"""Seconds that it is to take at most, with all that it waits for."""
_PAGES = 128
"""Free pages given back in one transaction."""
_NEWEST = 50
"""Backups of each repository that always stay: what schedule and overview look at."""
_JUST_NOW = timedelta(hours=1)
"""A run that ended a moment ago may still have a process that writes its last lines."""
_FIRST, _MOST = 8, 400
"""Runs removed in the first transaction, and at most in one."""
_AS_THEY_ARE = {"synchronize_session": False}
_PORTION = 500
"""Candidates that are looked for at once."""

_UNDER_WAY = select(ScriptExecutionRow.run_id).where(
    ScriptExecutionRow.status.in_((ExecutionStatus.PENDING, ExecutionStatus.RUNNING)),
    ScriptExecutionRow.run_id.is_not(None),
)
_NEEDED = and_(
    BackupJobRow.status.not_in(UNFINISHED),
    BackupJobRow.id.not_in(_UNDER_WAY),
    BackupJobRow.id.not_in(select(RecoveryRow.run_id)),
    BackupJobRow.id.not_in(select(KeptSecretRow.run_id).where(KeptSecretRow.run_id.is_not(None))),
)
"""Finished runs that owe nothing and of which everything has been told."""


class HistoryRemoval:
    """Removes runs and tests of scripts that are old."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pace = Pace()

    def is_busy(self) -> bool:
        """Return whether any run is queued or under way."""
        with self._database.reading() as session:
            return (
                session.scalar(select(BackupJobRow.id).where(BackupJobRow.status.in_(UNFINISHED)).limit(1)) is not None
            )

    def indispensable(self, moment: datetime) -> frozenset[RunId]:
        """Return the runs that stay whatever their age: the newest ones, and the last good one, of each repository."""
        with self._database.reading() as session:
            found: set[RunId] = set(session.scalars(select(BackupJobRow.id).where(~_NEEDED)))
            found.update(session.scalars(select(BackupJobRow.id).where(BackupJobRow.finished_at > moment - _JUST_NOW)))
            kinds = select(BackupJobRow.repository_id, BackupJobRow.kind).where(BackupJobRow.repository_id.is_not(None))
            for repository_id, kind in session.execute(kinds.distinct()).all():
                found |= _newest_of(session, repository_id, kind)
            newest_slots = select(SlotRow.repository_id, func.max(SlotRow.due_at)).group_by(SlotRow.repository_id)
            for repository_id, due_at in session.execute(newest_slots).all():
                slot = session.get(SlotRow, (repository_id, due_at))
                if slot is not None and slot.run_id is not None:
                    found.add(slot.run_id)
            return frozenset(found)

    def oldest(self, keep: AbstractSet[RunId], before: datetime | None) -> list[RunId]:
        """Return some of the oldest runs not in *keep*, oldest first; with *before*, only those that ended earlier."""
        found: list[RunId] = []
        after = RunId(0)
        with self._database.reading() as session:
            while len(found) < _PORTION:
                old = 0
                seen = RunId(0)
                for run_id, ended in session.execute(_portion(after)):
                    seen = run_id
                    if before is None or ended < before:
                        old += 1
                        found += [] if run_id in keep else [run_id]
                if not old:
                    break
                after = seen
        return found[:_PORTION]

    def remove(self, run_ids: Sequence[RunId]) -> list[RunId]:
        """Remove as many of these runs as can be in a moment; return those that were looked at.

        One that is needed after all, because a recovery has just claimed it for example, stays. The names and sizes of
        the archives that they made are kept: retention asks which archives are its own.
        """
        portion = run_ids[: self._pace.count]
        with self._database.writing() as session, self._pace.measured():
            removable = select(BackupJobRow.id).where(BackupJobRow.id.in_(portion), _NEEDED)
            ids = session.scalars(removable).all()
            _keep_archives(session, ids)
            session.execute(delete(SlotRow).where(SlotRow.run_id.in_(ids)), execution_options=_AS_THEY_ARE)
            session.execute(delete(BackupJobRow).where(BackupJobRow.id.in_(ids)), execution_options=_AS_THEY_ARE)
        return list(portion)

    def known(self, run_ids: Sequence[RunId]) -> frozenset[RunId]:
        """Return those of the runs that the history still has."""
        found: set[RunId] = set()
        with self._database.reading() as session:
            for start in range(0, len(run_ids), _PORTION):
                part = run_ids[start : start + _PORTION]
                found.update(session.scalars(select(BackupJobRow.id).where(BackupJobRow.id.in_(part))))
        return frozenset(found)

    def ended(self, run_ids: Sequence[RunId]) -> dict[RunId, datetime]:
        """Return when runs ended, or else when they were asked for."""
        found: dict[RunId, datetime] = {}
        with self._database.reading() as session:
            for start in range(0, len(run_ids), _PORTION):
                part = run_ids[start : start + _PORTION]
                query = select(BackupJobRow.id, func.coalesce(BackupJobRow.finished_at, BackupJobRow.queued_at))
                found.update((row[0], row[1]) for row in session.execute(query.where(BackupJobRow.id.in_(part))))
        return found

    def newest_id(self) -> RunId:
        """Return the id of the newest run; 0 if there is none."""
        with self._database.reading() as session:
            return session.scalar(select(func.max(BackupJobRow.id))) or RunId(0)

    def old_tests(self, before: datetime) -> list[ExecutionId]:
        """Return some tests of scripts that ended before a moment, oldest first."""
        query = (
            select(ScriptExecutionRow.id)
            .where(
                ScriptExecutionRow.run_id.is_(None),
                ScriptExecutionRow.status != ExecutionStatus.RUNNING,
                ScriptExecutionRow.finished_at < before,
            )
            .order_by(ScriptExecutionRow.id)
            .limit(_PORTION)
        )
        with self._database.reading() as session:
            return list(session.scalars(query))

    def remove_tests(self, ids: Sequence[ExecutionId]) -> list[ExecutionId]:
        """As :meth:`remove`, for tests of scripts."""
        portion = ids[: self._pace.count]
        with self._database.writing() as session, self._pace.measured():
            session.execute(
                delete(ScriptExecutionRow).where(
                    ScriptExecutionRow.id.in_(portion),
                    ScriptExecutionRow.run_id.is_(None),
                    ScriptExecutionRow.status != ExecutionStatus.RUNNING,
                ),
                execution_options=_AS_THEY_ARE,
            )
        return list(portion)

    def known_tests(self, ids: Sequence[ExecutionId]) -> frozenset[ExecutionId]:
        """Return those of the tests that the history still has."""
        found: set[ExecutionId] = set()
        with self._database.reading() as session:
            for start in range(0, len(ids), _PORTION):
                part = ids[start : start + _PORTION]
                found.update(session.scalars(select(ScriptExecutionRow.id).where(ScriptExecutionRow.id.in_(part))))
        return frozenset(found)

    def newest_test_id(self) -> ExecutionId:
        """Return the id of the newest execution, to which those of tests belong; 0 if there is none."""
        with self._database.reading() as session:
            return session.scalar(select(func.max(ScriptExecutionRow.id))) or ExecutionId(0)

    def remove_slots(self, before: datetime) -> None:
        """Remove slots that were due before a moment, except the newest one of each repository."""
        newest = select(SlotRow.repository_id, func.max(SlotRow.due_at)).group_by(SlotRow.repository_id)
        with self._database.writing() as session:
            for repository_id, due_at in session.execute(newest).all():
                session.execute(
                    delete(SlotRow).where(
                        SlotRow.repository_id == repository_id, SlotRow.due_at < before, SlotRow.due_at != due_at
                    )
                )

    def count(self) -> tuple[int, datetime | None]:
        """Return how many runs there are, and when the oldest was asked for."""
        with self._database.reading() as session:
            count, oldest = session.execute(select(func.count(), func.min(BackupJobRow.queued_at))).one()
            return count, oldest

    def count_old(self, keep: AbstractSet[RunId], before: datetime) -> int:
        """Return how many runs not in *keep* ended before a moment."""
        with self._database.reading() as session:
            return sum(run_id not in keep for run_id in session.scalars(select(BackupJobRow.id).where(before > _ENDED)))

    def size(self) -> int:
        """Return the bytes of the database that are in use."""
        with self._database.reading() as session:
            connection = session.connection()
            pages, free, size = (
                connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("page_count", "freelist_count", "page_size")
            )
            return int((pages - free) * size)

    def give_back(self, may_go_on: Callable[[], bool]) -> None:
        """Make the file smaller by its free pages, a few at a time, as long as *may_go_on*.

        A file made by an older version keeps them for later rows until it is migrated.
        """
        before = -1
        while may_go_on():
            free = self._database.give_back(_PAGES)
            if free in (0, before):
                return
            before = free


_ENDED = func.coalesce(BackupJobRow.finished_at, BackupJobRow.queued_at)


def _portion(after: RunId) -> Select[RunId, datetime]:
    return select(BackupJobRow.id, _ENDED).where(BackupJobRow.id > after).order_by(BackupJobRow.id).limit(_PORTION)


def _newest_of(session: Session, repository_id: RepositoryId | None, kind: RunKind) -> set[RunId]:
    of_kind = select(BackupJobRow.id).where(BackupJobRow.repository_id == repository_id, BackupJobRow.kind == kind)
    newest = of_kind.order_by(BackupJobRow.id.desc())
    good = newest.where(BackupJobRow.outcome == Outcome.SUCCESS)
    fair = newest.where(BackupJobRow.outcome.in_((Outcome.SUCCESS, Outcome.WARNING)))
    count = _NEWEST if kind is RunKind.BACKUP else 1
    queries = newest.limit(count), good.limit(1), fair.limit(1)
    return {run_id for query in queries for run_id in session.scalars(query)}


def _keep_archives(session: Session, run_ids: Sequence[RunId]) -> None:
    """Keep what is known of the archives that runs made. Of two with the same name, the newer one counts."""
    columns = ("repository_id", "archive", "made_at", "original_size", "deduplicated_size", "files")
    made = (
        select(
            BackupJobRow.repository_id,
            BackupJobRow.archive,
            _ENDED,
            BackupJobRow.original_size,
            BackupJobRow.deduplicated_size,
            BackupJobRow.files,
        )
        .where(
            BackupJobRow.id.in_(run_ids),
            BackupJobRow.repository_id.is_not(None),
            BackupJobRow.kind == RunKind.BACKUP,
            BackupJobRow.archive.is_not(None),
        )
        .order_by(BackupJobRow.id)
    )
    session.execute(insert(ArchiveMadeRow).prefix_with("OR REPLACE").from_select(columns, made))


class Pace:
    """How many rows are removed in one transaction, so that it is as short as it shall be."""

    def __init__(self) -> None:
        self.count = _FIRST

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure one transaction, and do more or less in the next one."""
        began, worked = time.monotonic(), time.thread_time()
        yield
        self.adapt(time.thread_time() - worked, time.monotonic() - began)

    def adapt(self, work: float, lock: float) -> None:
        """Choose the next number after a transaction that took so many seconds of CPU time, and held the lock so long.

        On a machine that is busy with other things, each transaction waits for the CPU, however little it does: if only
        the time that passes counted, few rows would be removed in each, and the waiting would be repeated for ever.
        """
        factor = min(2.0, WORK / max(work, 0.001), LOCK / max(lock, 0.001))
        wanted = self.count * factor
        self.count = max(1, min(_MOST, math.ceil(wanted) if factor > 1 else int(wanted)))
