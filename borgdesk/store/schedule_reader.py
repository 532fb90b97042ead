"""Reads schedules and their slots, without SQLAlchemy."""

from __future__ import annotations

import builtins
from datetime import datetime

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.run import RunStatus
from borgdesk.domain.schedule import Schedule, Slot
from borgdesk.store.database import Database
from borgdesk.store.records import records
from borgdesk.store.schedule_rows import schedule_from, slot_from
from borgdesk.store.values import time_as_text


class ScheduleReader:
    """Reads the schedules of the repositories, at most one each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, repository_id: RepositoryId) -> Schedule | None:
        """Return the schedule of a repository, or None."""
        found = self._schedules("WHERE repository_id = ?", repository_id)
        return found[0] if found else None

    def list(self) -> builtins.list[Schedule]:
        """Return all schedules."""
        return self._schedules("ORDER BY repository_id")

    def slots(
        self, repository_id: RepositoryId, limit: int = 50, *, up_to: datetime | None = None
    ) -> builtins.list[Slot]:
        """Return the recorded slots of a repository, the newest first; a wrong clock may have recorded future ones."""
        query = (
            "SELECT slots.*, backup_jobs.status AS status FROM slots "
            "LEFT JOIN backup_jobs ON backup_jobs.id = slots.run_id WHERE slots.repository_id = ?"
        )
        values: builtins.list[object] = [repository_id]
        if up_to is not None:
            query += " AND slots.due_at <= ?"
            values.append(time_as_text(up_to))
        query += " ORDER BY slots.due_at DESC LIMIT ?"
        with self._database.snapshot() as connection:
            rows = records(connection, "slots", query, [*values, limit])
        return [slot_from(row, None if row.status is None else RunStatus(row.status)) for row in rows]

    def _schedules(self, rest: str, *values: object) -> builtins.list[Schedule]:
        with self._database.snapshot() as connection:
            rows = records(connection, "schedules", f"SELECT * FROM schedules {rest}", values)  # noqa: S608
        return [schedule_from(row) for row in rows]
