"""Finds out without SQLAlchemy how old and how large the history is: mostly there is nothing to remove from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from borgdesk.store.database import Database
from borgdesk.store.values import time_as_text

_PORTION = 500
_OLDER = (
    "SELECT EXISTS (SELECT 1 FROM backup_jobs WHERE coalesce(finished_at, queued_at) < :before) "
    "OR EXISTS (SELECT 1 FROM script_executions WHERE run_id IS NULL AND finished_at < :before) "
    "OR EXISTS (SELECT 1 FROM slots WHERE due_at < :before)"
)


class HistoryBounds:
    """Reads what limits of age and size are compared with."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_any_older(self, before: datetime) -> bool:
        """Return whether a run or a test of a script ended before a moment, or a slot was due."""
        with self._database.snapshot() as connection:
            (found,) = connection.execute(_OLDER, {"before": time_as_text(before)}).fetchone()
        return bool(found)

    def pages(self) -> tuple[int, int, int]:
        """Return how many pages the file has, how many of them are free, and the bytes of one."""
        with self._database.snapshot() as connection:
            names = ("page_count", "freelist_count", "page_size")
            count, free, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
        return count, free, size

    def has_runs(self, numbers: Sequence[int]) -> bool:
        """Return whether the history has all these runs."""
        return self._has_all("backup_jobs", numbers)

    def has_tests(self, numbers: Sequence[int]) -> bool:
        """Return whether the history has all these tests of scripts."""
        return self._has_all("script_executions", numbers)

    def _has_all(self, table: str, numbers: Sequence[int]) -> bool:
        with self._database.snapshot() as connection:
            for start in range(0, len(numbers), _PORTION):
                part = numbers[start : start + _PORTION]
                query = f"SELECT count(*) FROM {table} WHERE id IN ({', '.join('?' * len(part))})"  # noqa: S608
                if connection.execute(query, part).fetchone() != (len(part),):
                    return False
        return True
