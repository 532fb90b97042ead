"""Stores the configured repositories."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from borgdesk.domain.errors import InvalidInput, NotFound
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.pattern_roots import roots_in
from borgdesk.domain.repository import (
    Repository,
    check_checkpoint_interval,
    check_compact_every,
    check_location,
    check_source,
    check_stall_limit,
    check_upload_limit,
    merged_repository,
)
from borgdesk.domain.run import Outcome, RunKind, RunStatus
from borgdesk.domain.script import check_name
from borgdesk.domain.server import check_jump_host, check_remote_path
from borgdesk.store.clock import now
from borgdesk.store.repository_reader import RepositoryReader
from borgdesk.store.repository_rows import repository_from
from borgdesk.store.rows import row_by_id, row_by_ref
from borgdesk.store.tables import BackupJobRow, RepositoryRow
from borgdesk.store.text import check_text
from borgdesk.translation import _

_FINAL = tuple(status for status in RunStatus if status.is_final)
_GOOD = tuple(outcome for outcome in Outcome if outcome.made_archive)


class Repositories(RepositoryReader):
    """The configured repositories. Their secrets are stored elsewhere, and the caller has to remove them."""

    def add(self, repository: Repository) -> Repository:
        """Store a new repository under a new id.

        Raises:
            InvalidInput: the name is taken or invalid, or the location or a source is invalid.
        """
        with self._database.writing() as session:
            row = RepositoryRow(created_at=repository.created_at or now(), filled_sources=[])
            _fill(session, row, repository)
            session.add(row)
            session.flush()
            return _one(session, RepositoryRow.id == row.id)

    def get(self, ref: int | str) -> Repository:
        """Return the repository with that id or exact name; digits are tried as an id first, then as a name.

        Raises:
            NotFound: there is none.
        """
        with self._database.reading() as session:
            row = row_by_ref(session, RepositoryRow, ref)
            if row is None:
                raise _not_found(ref)
            return _one(session, RepositoryRow.id == row.id)

    def update(self, repository: Repository, *, seen: Repository | None = None, over: bool = False) -> Repository:
        """Store an edited repository.

        *seen* is the repository as it was when editing began: only what differs from it is written, so that concurrent
        changes of anything else are kept. Without it everything is written. With *over*, our change of a value
        overwrites a concurrent one.

        Raises:
            InvalidInput: as for :meth:`add`.
            NotFound: it was removed meanwhile.
            Changed: somebody else changed the same value since it was *seen*, and *over* was not given.
        """
        with self._database.writing() as session:
            row = row_by_id(session, RepositoryRow, repository.id)
            if row is None:
                raise _not_found(repository.name)
            if seen is not None:
                stored = _one(session, RepositoryRow.id == row.id)
                repository = merged_repository(seen, repository, stored, over=over)
            _fill(session, row, repository)
            session.flush()
            return _one(session, RepositoryRow.id == row.id)

    def remember_filled_sources(self, repository_id: RepositoryId, sources: Iterable[str]) -> None:
        """Record that *sources* had files in a good run; repositories or sources removed meanwhile are ignored."""
        with self._database.writing() as session:
            row = row_by_id(session, RepositoryRow, repository_id)
            if row is not None:
                known = {*row.filled_sources, *sources}
                row.filled_sources = [source for source in _sources(row) if source in known]

    def remember_deletion(self, repository_id: RepositoryId) -> None:
        """Record that archives may have been deleted, and their space not freed; ignored if it was removed."""
        with self._database.writing() as session:
            row = row_by_id(session, RepositoryRow, repository_id)
            if row is not None:
                row.has_deleted = True

    def remember_compaction(self, repository_id: RepositoryId, when: datetime) -> None:
        """Record that the space of all deleted archives was freed; a repository removed meanwhile is ignored."""
        with self._database.writing() as session:
            row = row_by_id(session, RepositoryRow, repository_id)
            if row is not None:
                row.has_deleted, row.compacted_at = False, when

    def identify(self, repository_id: RepositoryId, borg_id: str) -> None:
        """Store only Borg's id of a repository; a repository removed meanwhile is ignored."""
        with self._database.writing() as session:
            row = row_by_id(session, RepositoryRow, repository_id)
            if row is not None:
                row.borg_id = borg_id

    def set_append_only(self, repository_id: RepositoryId, append_only: bool) -> None:
        """Store only whether a repository is append-only; a repository removed meanwhile is ignored."""
        with self._database.writing() as session:
            row = row_by_id(session, RepositoryRow, repository_id)
            if row is not None:
                row.append_only = append_only

    def remove(self, repository_id: RepositoryId) -> None:
        """Delete a repository and its assignments; its history stays, and so does the Borg repository.

        Raises:
            NotFound: there is none.
        """
        with self._database.writing() as session:
            row = row_by_id(session, RepositoryRow, repository_id)
            if row is None:
                raise _not_found(repository_id)
            session.delete(row)


def _not_found(ref: int | str) -> NotFound:
    return NotFound(_("There is no repository “{ref}”.").format(ref=ref))


def _fill(session: Session, row: RepositoryRow, repository: Repository) -> None:
    """Copy the editable values to the row after validating all of them."""
    name = check_name(repository.name, "repository")
    with session.no_autoflush:
        holder = session.scalar(select(RepositoryRow).where(RepositoryRow.name == name))
    if holder is not None and holder is not row:
        raise InvalidInput(_("There is already a repository called “{name}”.").format(name=name))
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
    row.stall_limit = check_stall_limit(repository.stall_limit)
    row.fail_on_missing_source = repository.fail_on_missing_source
    row.patterns = repository.patterns
    row.upload_limit = _checked(check_upload_limit, repository.upload_limit)
    row.checkpoint_interval = _checked(check_checkpoint_interval, repository.checkpoint_interval)
    row.extra_arguments = repository.extra_arguments
    row.ssh_key = repository.ssh_key
    row.jump_host = check_jump_host(repository.jump_host)
    row.remote_path = check_remote_path(repository.remote_path)
    row.append_only = repository.append_only
    # A source that is removed and added again counts as new.
    row.filled_sources = [source for source in row.filled_sources if source in _sources(row)]
    row.borg_id = repository.borg_id
    row.compact_every = check_compact_every(repository.compact_every)
    _check_text(row)


def _sources(row: RepositoryRow) -> builtins.list[str]:
    return [*row.sources, *roots_in(row.patterns)]


def _checked(check: Callable[[int], int], value: int | None) -> int | None:
    return None if value is None else check(value)


def _check_text(row: RepositoryRow) -> None:
    texts = {
        _("The location"): row.location,
        _("The compression"): row.compression,
        _("The archive name"): row.archive_name,
        _("The passcommand"): row.passcommand or "",
        _("The text of the patterns"): row.patterns,
        _("The text of the options"): row.extra_arguments,
        _("The SSH key"): row.ssh_key,
        _("The inline script"): row.pre_script + row.post_script,
    }
    for what, text in texts.items():
        check_text(text, what)


def _newest(column: InstrumentedAttribute[Any], condition: ColumnElement[bool]) -> ScalarSelect[Any]:
    """Select a column of a repository's newest matching run: one index lookup, however long history is."""
    return (
        select(column)
        .where(BackupJobRow.repository_id == RepositoryRow.id, condition)
        .order_by(BackupJobRow.id.desc())
        .limit(1)
        .correlate(RepositoryRow)
        .scalar_subquery()
    )


def _query() -> Select[Any]:
    final = BackupJobRow.status.in_(_FINAL) & (BackupJobRow.kind == RunKind.BACKUP)
    return select(
        RepositoryRow,
        _newest(BackupJobRow.started_at, final),
        _newest(BackupJobRow.queued_at, final),
        _newest(BackupJobRow.status, final),
        _newest(BackupJobRow.finished_at, BackupJobRow.outcome.in_(_GOOD) & final),
    )


def _one(session: Session, condition: ColumnElement[bool]) -> Repository:
    return repository_from(*session.execute(_query().where(condition)).one())
