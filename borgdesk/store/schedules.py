"""Stores schedules and their slots. Inserting or changing a slot decides which process starts its backup."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from borgdesk.domain.errors import AlreadyStarted, NotFound
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.run import RunKind, RunStatus
from borgdesk.domain.schedule import Schedule, Slot, SlotState, merged_schedule
from borgdesk.store.clock import now
from borgdesk.store.rows import row_by_id
from borgdesk.store.schedule_reader import ScheduleReader
from borgdesk.store.schedule_rows import schedule_from
from borgdesk.store.slot_recorder import SlotRecorder
from borgdesk.store.tables import BackupJobRow, KeyValueRow, RepositoryRow, ScheduleRow, SlotRow
from borgdesk.store.tick_hint import KEY
from borgdesk.translation import _


class Schedules(ScheduleReader, SlotRecorder):
    """The schedules of the repositories, at most one each."""

    def put(self, schedule: Schedule) -> Schedule:
        """Store the schedule of a repository, replacing the previous one.

        If the expression changes, or there was no schedule, slots up to now are not due any more.

        Raises:
            InvalidInput: a value is out of its range.
            NotFound: the repository was removed.
        """
        schedule = schedule.checked()
        with self._database.writing() as session:
            if row_by_id(session, RepositoryRow, schedule.repository_id) is None:
                raise _not_found(schedule.repository_id)
            row = session.get(ScheduleRow, schedule.repository_id)
            if row is None:
                row = ScheduleRow(repository_id=schedule.repository_id, cron="")
                session.add(row)
            if row.cron != schedule.cron:
                row.cron, row.changed_at = schedule.cron, now()
            row.conditions = schedule.conditions.as_json()
            row.jitter, row.overdue_after = schedule.jitter, schedule.overdue_after
            row.paused_until = schedule.paused_until
            if row.check_every != schedule.check_every:
                row.check_every, row.check_since = schedule.check_every, now()
            _forget_hint(session)
            return schedule_from(row)

    def change(
        self, repository_id: RepositoryId, seen: Schedule | None, wanted: Schedule | None, *, over: bool = False
    ) -> Schedule | None:
        """Store what an editor made of a schedule, and return what is stored then; None stands for no schedule.

        *seen* is the schedule as it was when editing began: only what differs from it is written, so that concurrent
        changes of anything else are kept. With *over*, our change of a value overwrites a concurrent one.

        Raises:
            InvalidInput: a value is out of its range.
            NotFound: the repository was removed.
            Changed: somebody else changed the same value since it was *seen*, and *over* was not given.
        """
        with self._database.together():
            merged = self.merged(repository_id, seen, wanted, over=over)
            if merged is not None:
                return self.put(merged)
            self.remove(repository_id)
            return None

    def merged(
        self, repository_id: RepositoryId, seen: Schedule | None, wanted: Schedule | None, *, over: bool = False
    ) -> Schedule | None:
        """Return what :meth:`change` would store.

        Raises:
            NotFound: the repository was removed.
            Changed: as for :meth:`change`.
        """
        with self._database.reading() as session:
            repository = row_by_id(session, RepositoryRow, repository_id)
            if repository is None:
                raise _not_found(repository_id)
            row = session.get(ScheduleRow, repository_id)
            stored = None if row is None else schedule_from(row)
            return merged_schedule(seen, wanted, stored, repository.name, over=over)

    def remove(self, repository_id: RepositoryId) -> bool:
        """Remove the schedule of a repository with its slots; return whether it had one."""
        with self._database.writing() as session:
            row = session.get(ScheduleRow, repository_id)
            if row is None:
                return False
            session.delete(row)
            for slot in session.scalars(select(SlotRow).where(SlotRow.repository_id == repository_id)):
                session.delete(slot)
            _forget_hint(session)
            return True

    def pause(self, repository_ids: Iterable[RepositoryId], until: datetime | None) -> None:
        """Pause schedules until a moment, or with None resume them; repositories without a schedule are ignored."""
        with self._database.writing() as session:
            for repository_id in repository_ids:
                row = session.get(ScheduleRow, repository_id)
                if row is not None:
                    row.paused_until = until
            _forget_hint(session)

    def connect(self, repository_id: RepositoryId, moment: datetime) -> None:
        """Record that the disk of a repository was connected; ignored without a schedule."""
        with self._database.writing() as session:
            row = session.get(ScheduleRow, repository_id)
            if row is not None:
                row.connected_at = moment
                _forget_hint(session)

    def claim(self, slot: Slot, run_id: RunId) -> None:
        """Record that a run which has just been queued is the next try of a slot.

        Call it in the transaction that queues the run: of several processes that saw the same *slot*, one wins.

        Raises:
            AlreadyStarted: another process was faster.
        """
        with self._database.writing() as session:
            if (other := _other_backup(session, slot.repository_id, run_id)) is not None:
                raise AlreadyStarted(other)
            row = session.get(SlotRow, (slot.repository_id, slot.due_at))
            if row is None:
                row = SlotRow(repository_id=slot.repository_id, due_at=slot.due_at, tries=0)
                session.add(row)
            elif row.run_id not in (None, slot.run_id):
                raise AlreadyStarted(row.run_id)
            row.state, row.reasons, row.next_try = SlotState.RUNNING, (), None
            row.tries, row.run_id = row.tries + 1, run_id
            _forget_hint(session)


def _other_backup(session: Session, repository_id: RepositoryId, run_id: RunId) -> RunId | None:
    """Return another backup of a repository that is queued or under way."""
    query = select(BackupJobRow.id).where(
        BackupJobRow.repository_id == repository_id,
        BackupJobRow.status.in_((RunStatus.QUEUED, RunStatus.RUNNING)),
        BackupJobRow.kind == RunKind.BACKUP,
        BackupJobRow.id != run_id,
    )
    return session.scalar(query)


def _not_found(repository_id: RepositoryId) -> NotFound:
    return NotFound(_("There is no repository “{ref}”.").format(ref=repository_id))


def _forget_hint(session: Session) -> None:
    """Let the next tick look at everything."""
    hint = session.get(KeyValueRow, KEY)
    if hint is not None:
        session.delete(hint)
