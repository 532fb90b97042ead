"""Lists the configured repositories, without SQLAlchemy."""

from __future__ import annotations

import builtins

from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome, RunKind, RunStatus
from borgdesk.store.database import Database
from borgdesk.store.records import Record, one_of, records
from borgdesk.store.repository_rows import repository_from
from borgdesk.store.values import time_from

_FINAL_BACKUP = (
    f"status IN {one_of(status for status in RunStatus if status.is_final)} AND kind = '{RunKind.BACKUP.value}'"
)
_MADE_ARCHIVE = f"outcome IN {one_of(outcome for outcome in Outcome if outcome.made_archive)}"


def _newest(column: str, condition: str) -> str:
    """Select a column of a repository's newest matching run: one index lookup, however long history is."""
    return (
        f"(SELECT {column} FROM backup_jobs WHERE repository_id = repositories.id AND {condition} "  # noqa: S608
        "ORDER BY id DESC LIMIT 1)"
    )


_LIST = (
    f"SELECT *, {_newest('started_at', _FINAL_BACKUP)} AS started, {_newest('queued_at', _FINAL_BACKUP)} AS queued, "  # noqa: S608
    f"{_newest('status', _FINAL_BACKUP)} AS status, "
    f"{_newest('finished_at', f'{_MADE_ARCHIVE} AND {_FINAL_BACKUP}')} AS succeeded FROM repositories"
)


class RepositoryReader:
    """Reads the configured repositories."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> builtins.list[Repository]:
        """Return all repositories by name."""
        with self._database.snapshot() as connection:
            found = [_repository(record) for record in records(connection, "repositories", _LIST)]
        return sorted(found, key=lambda repository: (repository.name.casefold(), repository.name))


def _repository(record: Record) -> Repository:
    started, queued, succeeded = (
        None if text is None else time_from(text) for text in (record.started, record.queued, record.succeeded)
    )
    status = None if record.status is None else RunStatus(record.status)
    return repository_from(record, started, queued, status, succeeded)
