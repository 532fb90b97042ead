"""The repositories people have set up."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from borgdesk.domain.errors import InvalidInput, NotFound
from borgdesk.domain.repository import Repository, Retention, check_location, check_source
from borgdesk.domain.run import Outcome, RunStatus
from borgdesk.domain.script import check_name
from borgdesk.store.clock import now
from borgdesk.store.database import Database, row_by_id, row_by_ref
from borgdesk.store.tables import BackupJobRow, RepositoryRow
from borgdesk.store.text import check_text

_FINAL = tuple(status for status in RunStatus if status.is_final)
_GOOD = tuple(outcome for outcome in Outcome if outcome.made_archive)


class Repositories:
    """Repositories by id or by name. Their secrets are not kept here, and are the caller's to remove."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, repository: Repository) -> Repository:
        """Keep a new repository; its id is given here.

        Raises:
            InvalidInput: the name is taken or impossible, or the location or a source is not one.
        """
        with self._database.writing() as session:
            row = RepositoryRow(created_at=repository.created_at or now())
            _fill(session, row, repository)
            session.add(row)
            session.flush()
            return _one(session, RepositoryRow.id == row.id)

    def get(self, ref: int | str) -> Repository:
        """The repository with that id or exact name; digits are an id first, and then a name.

        Raises:
            NotFound: there is none.
        """
        with self._database.reading() as session:
            row = row_by_ref(session, RepositoryRow, ref)
            if row is None:
                raise _not_found(ref)
            return _one(session, RepositoryRow.id == row.id)

    def list(self) -> builtins.list[Repository]:
        """All repositories, by name."""
        with self._database.reading() as session:
            found = [_repository(*result) for result in session.execute(_query())]
        return sorted(found, key=lambda repository: (repository.name.casefold(), repository.name))

    def update(self, repository: Repository) -> Repository:
        """Keep all that can be edited of a repository.

        Raises:
            InvalidInput: as for :meth:`add`.
            NotFound: it was removed meanwhile.
        """
        with self._database.writing() as session:
            row = row_by_id(session, RepositoryRow, repository.id)
            if row is None:
                raise _not_found(repository.name)
            _fill(session, row, repository)
            session.flush()
            return _one(session, RepositoryRow.id == row.id)

    def remove(self, repository_id: int) -> None:
        """Forget a repository and its assignments; its history stays, and so does the Borg repository.

        Raises:
            NotFound: there is none.
        """
        with self._database.writing() as session:
            row = row_by_id(session, RepositoryRow, repository_id)
            if row is None:
                raise _not_found(repository_id)
            session.delete(row)


def _not_found(ref: int | str) -> NotFound:
    return NotFound(f"There is no repository “{ref}”.")


def _fill(session: Session, row: RepositoryRow, repository: Repository) -> None:
    """Take over what can be edited, after a check of every value."""
    name = check_name(repository.name, "repository")
    with session.no_autoflush:
        holder = session.scalar(select(RepositoryRow).where(RepositoryRow.name == name))
    if holder is not None and holder is not row:
        raise InvalidInput(f"There is already a repository called “{name}”.")
    row.name = name
    row.location = check_location(repository.location)
    row.sources = [check_source(source) for source in repository.sources]
    row.excludes = [*repository.excludes]
    row.exclude_caches = repository.exclude_caches
    row.one_file_system = repository.one_file_system
    row.compression = repository.compression
    row.archive_name = repository.archive_name
    row.encryption = repository.encryption
    row.passcommand = repository.passcommand
    row.has_passphrase = repository.has_passphrase
    row.retention = {"within": repository.retention.within, **repository.retention.counts()}
    row.continue_on_hook_failure = repository.continue_on_hook_failure
    row.pre_script = repository.pre_script
    row.post_script = repository.post_script
    _check_text(row)


def _check_text(row: RepositoryRow) -> None:
    texts = {
        "location": row.location,
        "compression": row.compression,
        "archive name": row.archive_name,
        "passcommand": row.passcommand or "",
        "inline script": row.pre_script + row.post_script,
    }
    for what, text in texts.items():
        check_text(text, what)


def _newest(column: InstrumentedAttribute[Any], condition: ColumnElement[bool]) -> ScalarSelect[Any]:
    """A column of a repository's newest run that meets a condition; one step down an index, however long history is."""
    return (
        select(column)
        .where(BackupJobRow.repository_id == RepositoryRow.id, condition)
        .order_by(BackupJobRow.id.desc())
        .limit(1)
        .correlate(RepositoryRow)
        .scalar_subquery()
    )


def _query() -> Select[Any]:
    final = BackupJobRow.status.in_(_FINAL)
    return select(
        RepositoryRow,
        _newest(BackupJobRow.started_at, final),
        _newest(BackupJobRow.queued_at, final),
        _newest(BackupJobRow.status, final),
        _newest(BackupJobRow.finished_at, BackupJobRow.outcome.in_(_GOOD) & final),
    )


def _one(session: Session, condition: ColumnElement[bool]) -> Repository:
    return _repository(*session.execute(_query().where(condition)).one())


def _repository(row: RepositoryRow, started: Any, queued: Any, status: Any, succeeded: Any) -> Repository:
    return Repository(
        id=row.id,
        name=row.name,
        location=row.location,
        sources=tuple(row.sources),
        excludes=tuple(row.excludes),
        exclude_caches=row.exclude_caches,
        one_file_system=row.one_file_system,
        compression=row.compression,
        archive_name=row.archive_name,
        encryption=row.encryption,
        passcommand=row.passcommand,
        has_passphrase=row.has_passphrase,
        retention=Retention(**row.retention),
        continue_on_hook_failure=row.continue_on_hook_failure,
        pre_script=row.pre_script,
        post_script=row.post_script,
        created_at=row.created_at,
        last_run_at=started or queued,
        last_status=status,
        last_success_at=succeeded,
    )
