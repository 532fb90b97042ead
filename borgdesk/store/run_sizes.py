"""Reads the sizes that runs have recorded."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.run import RunKind
from borgdesk.domain.statistics import BackupSize
from borgdesk.store.database import Database
from borgdesk.store.tables import BackupJobRow as Row


class RunSizes:
    """The sizes of the backups of a repository."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, repository_id: RepositoryId, most: int) -> list[BackupSize]:
        """Return the sizes of the last backups that made an archive, at most *most* of them, oldest first."""
        query = (
            select(Row.id, Row.started_at, Row.queued_at, Row.archive, Row.original_size, Row.deduplicated_size,
                   Row.files, Row.report)
            .where(Row.repository_id == repository_id, Row.kind == RunKind.BACKUP, Row.original_size.is_not(None))
            .order_by(Row.id.desc())
            .limit(most)
        )  # fmt: skip
        with self._database.reading() as session:
            rows = session.execute(query).all()
        return [
            BackupSize(
                started or queued, archive or "", original, new, _number(report, "repository_size"), files,
                _number(report, "free_before"), _number(report, "free_after"), run_id,
            )
            for run_id, started, queued, archive, original, new, files, report in reversed(rows)
        ]  # fmt: skip


def _number(report: dict[str, Any], name: str) -> int | None:
    value = report.get(name)
    return value if isinstance(value, int) else None
