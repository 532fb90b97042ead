"""Reads what a start and an idle window ask about runs, without SQLAlchemy."""

from __future__ import annotations

import builtins

from borgdesk.domain.history import PastBackup, Run
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.run import Outcome, RunKind, RunStatus
from borgdesk.store.database import Database
from borgdesk.store.execution_reader import executions_without_output
from borgdesk.store.records import one_of, records
from borgdesk.store.run_rows import run_from

UNFINISHED = tuple(status for status in RunStatus if not status.is_final)
_MADE_ARCHIVE = one_of(outcome for outcome in Outcome if outcome.made_archive)

IS_UNFINISHED = f"status IN {one_of(UNFINISHED)}"
_OWES = "id IN (SELECT run_id FROM script_executions WHERE status = 'pending')"
IS_ALIVE = f"({IS_UNFINISHED} OR {_OWES})"
"""The condition that a run may still need something."""
_FINISHED_BACKUP = f"repository_id = ? AND kind = '{RunKind.BACKUP.value}' AND NOT {IS_UNFINISHED}"


class RunReader:
    """Reads runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, repository_id: RepositoryId, *, good: bool = False) -> Run | None:
        """Return a repository's last finished backup; with *good*, the last one that made a complete archive."""
        also = f"AND outcome IN {_MADE_ARCHIVE}" if good else ""
        found = self._runs(f"WHERE {_FINISHED_BACKUP} {also} ORDER BY id DESC LIMIT 1", repository_id)
        return found[0] if found else None

    def latest(self, repository_id: RepositoryId, kind: RunKind, limit: int) -> builtins.list[Run]:
        """Return a repository's newest runs of a kind, over or not, newest first."""
        return self._runs(
            "WHERE repository_id = ? AND kind = ? ORDER BY id DESC LIMIT ?", repository_id, kind.value, limit
        )

    def unfinished(self) -> list[Run]:
        """Return queued and running runs, oldest first, whether or not their process is alive."""
        return self._runs(f"WHERE {IS_UNFINISHED} ORDER BY id")

    def owing(self) -> builtins.list[Run]:
        """Return finished runs that still owe a script because a recovery failed to run it, oldest first."""
        return self._runs(f"WHERE NOT {IS_UNFINISHED} AND {_OWES} ORDER BY id")

    def untold(self) -> builtins.list[Run]:
        """Return the runs whose end the user still has to see: recovered ones, and those that left something down.

        They include their executions, without output.
        """
        query = (
            "SELECT * FROM backup_jobs WHERE id IN (SELECT run_id FROM untold_recoveries) "  # noqa: S608 - constants
            f"AND NOT {IS_UNFINISHED} ORDER BY id"
        )
        with self._database.snapshot() as connection:
            return [
                run_from(row, executions_without_output(connection, row.id))
                for row in records(connection, "backup_jobs", query)
            ]

    def strip(self, repository_id: RepositoryId, count: int = 30) -> tuple[PastBackup, ...]:
        """Return the last finished backups of a repository, oldest first."""
        query = (
            "SELECT id, status, queued_at, started_at, finished_at, error FROM backup_jobs "  # noqa: S608 - constants
            f"WHERE {_FINISHED_BACKUP} ORDER BY id DESC LIMIT ?"
        )
        with self._database.snapshot() as connection:
            rows = records(connection, "backup_jobs", query, [repository_id, count])
        return tuple(
            PastBackup(row.id, row.status, row.queued_at, row.started_at, row.finished_at, row.errors)
            for row in reversed(rows)
        )

    def _runs(self, rest: str, *values: object) -> builtins.list[Run]:
        with self._database.snapshot() as connection:
            rows = records(connection, "backup_jobs", f"SELECT * FROM backup_jobs {rest}", values)  # noqa: S608
        return [run_from(row) for row in rows]
