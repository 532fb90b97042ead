"""Stores which secret values must be kept because a run that is under way, or owes a script, refers to them.

Only names are kept here; the values are where all secrets are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from borgdesk.domain.ids import AssignmentId, RepositoryId, RunId
from borgdesk.store.clock import now
from borgdesk.store.database import Database
from borgdesk.store.records import records
from borgdesk.store.run_reader import IS_ALIVE
from borgdesk.store.values import time_as_text

_UNDO = timedelta(days=1)
"""How long the secrets of a removed object are kept for an editor that may undo the removal."""


@dataclass(frozen=True, slots=True)
class KeptSecret:
    """A secret value that is kept."""

    owner: str
    """Its former owner: ``assignment:7`` or ``repository:3``."""
    name: str
    run_id: RunId | None
    """The run that needs it; None if an editor may still undo the removal."""


class KeptSecrets:
    """The list of kept values."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def needed_by(
        self, *, assignment: AssignmentId | None = None, repository: RepositoryId | None = None
    ) -> list[RunId]:
        """Return the runs, unfinished or owing scripts, that refer to an assignment or repository, oldest first."""
        query, values = f"SELECT id FROM backup_jobs WHERE {IS_ALIVE}", []  # noqa: S608 - a constant
        if assignment is not None:
            query += " AND id IN (SELECT run_id FROM script_executions WHERE assignment_id = ?)"
            values.append(int(assignment))
        if repository is not None:
            query += " AND repository_id = ?"
            values.append(int(repository))
        with self._database.snapshot() as connection:
            return [RunId(run_id) for (run_id,) in connection.execute(f"{query} ORDER BY id", values)]

    def keep(self, run_id: RunId | None, owner: str, names: Collection[str]) -> None:
        """Record that these values are needed by a run, or by an editor that may undo."""
        with self._database.change() as connection:
            for name in sorted(names):
                connection.execute(
                    "INSERT INTO kept_secrets (run_id, owner, name, kept_at) VALUES (?, ?, ?, ?)",
                    (run_id, owner, name, time_as_text(now())),
                )

    def of_run(self, run_id: RunId) -> list[KeptSecret]:
        """Return the values kept for a run."""
        return self._found("run_id = ?", run_id)

    def unneeded(self) -> list[KeptSecret]:
        """Return the values that no run needs any more and no editor can restore."""
        over = f"run_id IS NOT NULL AND run_id NOT IN (SELECT id FROM backup_jobs WHERE {IS_ALIVE})"  # noqa: S608
        return self._found(f"({over}) OR (run_id IS NULL AND kept_at < ?)", time_as_text(now() - _UNDO))

    def is_in_use(self, kept: KeptSecret) -> bool:
        """Return whether the removed object was restored, or was never removed."""
        kind, _, number = kept.owner.partition(":")
        table = "repositories" if kind == "repository" else "repository_scripts"
        with self._database.snapshot() as connection:
            rows = records(connection, table, f"SELECT * FROM {table} WHERE id = ?", [int(number)])  # noqa: S608
        if kind == "repository":
            return any(row.has_passphrase for row in rows)
        return any(kept.name in row.secrets for row in rows)

    def drop(self, kept: KeptSecret) -> None:
        """Remove a value that was deleted from the list."""
        with self._database.change() as connection:
            connection.execute(
                "DELETE FROM kept_secrets WHERE run_id IS ? AND owner = ? AND name = ?",
                (kept.run_id, kept.owner, kept.name),
            )

    def _found(self, condition: str, *values: object) -> list[KeptSecret]:
        query = f"SELECT owner, name, run_id FROM kept_secrets WHERE {condition} ORDER BY id"  # noqa: S608
        with self._database.snapshot() as connection:
            return [KeptSecret(*row) for row in connection.execute(query, values)]
