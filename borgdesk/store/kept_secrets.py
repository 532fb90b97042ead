"""Stores which secret values must be kept because a run that is under way, or owes a script, refers to them.

Only names are kept here; the values are where all secrets are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from borgdesk.domain.ids import AssignmentId, RepositoryId, RunId
from borgdesk.store.clock import now
from borgdesk.store.database import Database
from borgdesk.store.runs import OWES, UNFINISHED
from borgdesk.store.tables import BackupJobRow, KeptSecretRow, RepositoryRow, RepositoryScriptRow, ScriptExecutionRow

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
        alive = or_(BackupJobRow.status.in_(UNFINISHED), OWES)
        query = select(BackupJobRow.id).where(alive).order_by(BackupJobRow.id)
        if assignment is not None:
            named = select(ScriptExecutionRow.run_id).where(ScriptExecutionRow.assignment_id == assignment)
            query = query.where(BackupJobRow.id.in_(named))
        if repository is not None:
            query = query.where(BackupJobRow.repository_id == repository)
        with self._database.reading() as session:
            return list(session.scalars(query))

    def keep(self, run_id: RunId | None, owner: str, names: Collection[str]) -> None:
        """Record that these values are needed by a run, or by an editor that may undo."""
        with self._database.writing() as session:
            for name in sorted(names):
                session.add(KeptSecretRow(run_id=run_id, owner=owner, name=name, kept_at=now()))

    def of_run(self, run_id: RunId) -> list[KeptSecret]:
        """Return the values kept for a run."""
        with self._database.reading() as session:
            return _found(session, KeptSecretRow.run_id == run_id)

    def unneeded(self) -> list[KeptSecret]:
        """Return the values that no run needs any more and no editor can restore."""
        alive = select(BackupJobRow.id).where(or_(BackupJobRow.status.in_(UNFINISHED), OWES))
        over = KeptSecretRow.run_id.is_not(None) & KeptSecretRow.run_id.not_in(alive)
        late = KeptSecretRow.run_id.is_(None) & (KeptSecretRow.kept_at < now() - _UNDO)
        with self._database.reading() as session:
            return _found(session, over | late)

    def is_in_use(self, kept: KeptSecret) -> bool:
        """Return whether the removed object was restored, or was never removed."""
        kind, _, number = kept.owner.partition(":")
        with self._database.reading() as session:
            if kind == "repository":
                repository = session.get(RepositoryRow, int(number))
                return repository is not None and repository.has_passphrase
            assignment = session.get(RepositoryScriptRow, int(number))
            return assignment is not None and kept.name in assignment.secrets

    def drop(self, kept: KeptSecret) -> None:
        """Remove a value that was deleted from the list."""
        with self._database.writing() as session:
            session.execute(
                delete(KeptSecretRow).where(
                    KeptSecretRow.run_id.is_(None) if kept.run_id is None else KeptSecretRow.run_id == kept.run_id,
                    KeptSecretRow.owner == kept.owner,
                    KeptSecretRow.name == kept.name,
                )
            )


def _found(session: Session, condition: ColumnElement[bool]) -> list[KeptSecret]:
    rows = session.scalars(select(KeptSecretRow).where(condition).order_by(KeptSecretRow.id))
    return [KeptSecret(row.owner, row.name, row.run_id) for row in rows]
