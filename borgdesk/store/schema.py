"""Detects the schema version of a database file and migrates it to the newest one.

The version is read with plain SQL: importing Alembic takes longer than everything else the store does at start, so it
is imported only for a file that is new or outdated.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from borgdesk import private
from borgdesk.domain.errors import StoreUnusable
from borgdesk.store import files
from borgdesk.store.faults import told_apart
from borgdesk.translation import _

NEWEST = "0020"
"""The newest migration; revisions are numbered, so that a file of a newer BorgDesk can be recognised."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_INCREMENTAL = 2
"""SQLite's number for the mode in which free pages are given back on request."""
_MIGRATION_TIMEOUT = 30.0
"""Seconds to wait for other programs before a migration fails."""


def prepare(path: Path, migrations: Path = _MIGRATIONS, newest: str = NEWEST) -> None:
    """Create the database or migrate it to the newest schema, if necessary.

    A file with history is copied beside itself before it is migrated. A migration is one transaction.

    Raises:
        StoreUnusable: the file is not a BorgDesk database, is damaged, of a newer version, or not writable.
    """
    _check_access(path)
    with told_apart(path), files.blamed(_("The database {path} cannot be prepared").format(path=path)):
        if _state(path, newest) == newest:
            return
        with _alone(path):
            version = _state(path, newest)
            if version == newest:
                return
            if version is not None:
                _copy(path, version)
            _migrate(path, migrations, newest)
            _let_shrink(path)


def _check_access(path: Path) -> None:
    try:
        private.make_missing(path.parent)
    except OSError as error:
        raise StoreUnusable(
            _("The folder {folder} cannot be created: {error}.").format(folder=path.parent, error=error.strerror)
        ) from error
    if path.exists() and not path.is_file():
        raise StoreUnusable(_("The database {path} cannot be opened: it is not a file.").format(path=path))
    if path.exists() and not os.access(path, os.R_OK):
        raise StoreUnusable(_("The database {path} cannot be read: permission denied.").format(path=path))
    for place in (path, path.parent):
        if place.exists() and not os.access(place, os.W_OK):
            sentence = (
                _("The database {path} cannot be written: the file is read-only.")
                if place == path
                else _("The database {path} cannot be written: the folder {folder} is read-only.")
            )
            raise StoreUnusable(sentence.format(path=path, folder=place))


def _state(path: Path, newest: str) -> str | None:
    """Return the schema version of a file in WAL mode; None for a file without tables."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    with closing(sqlite3.connect(path, timeout=_MIGRATION_TIMEOUT)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            return None
        version = _version(connection) if "alembic_version" in tables else None
        if version is None or not {"repositories", "backup_jobs"} <= tables:
            raise StoreUnusable(
                _("The file {path} is a database, but not BorgDesk's. Move it away and start again.").format(path=path)
            )
        if not version.isdigit() or int(version) > int(newest):
            raise StoreUnusable(
                _(
                    "The database {path} was written by a newer version of BorgDesk (schema {version}, this "
                    "version knows {newest}). Install that version again, or restore an older copy."
                ).format(path=path, version=version, newest=newest)
            )
        # A restored copy made by VACUUM INTO is not in WAL mode.
        connection.execute("PRAGMA journal_mode=WAL")
        return version


def _version(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock that lets only one process create or migrate the file."""
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _copy(path: Path, version: str) -> None:
    """Copy the file before migration, as ``borgdesk.db.schema-0001``."""
    kept = path.with_name(f"{path.name}.schema-{version}")
    unfinished = path.with_name(f"{kept.name}.partial")
    unfinished.unlink(missing_ok=True)
    # VACUUM INTO accepts an existing empty file, so the copy is private from its first byte.
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with closing(sqlite3.connect(path, timeout=_MIGRATION_TIMEOUT, isolation_level=None)) as connection:
            connection.execute("VACUUM INTO ?", (str(unfinished),))
        # SQLite does not wait until it is on the disk.
        with unfinished.open("rb") as copy:
            os.fsync(copy.fileno())
        unfinished.replace(kept)
        files.sync_folder(kept.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _migrate(path: Path, migrations: Path, newest: str) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import URL, NullPool, create_engine, event

    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(path, timeout=_MIGRATION_TIMEOUT)) as plain:
        # Counts for a file that is still empty; one of an older version needs a VACUUM.
        plain.execute("PRAGMA auto_vacuum=INCREMENTAL")
        plain.execute("PRAGMA journal_mode=WAL")
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        connect_args={"timeout": _MIGRATION_TIMEOUT, "isolation_level": None},
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    # Foreign keys stay off: a batch migration drops and renames tables, which would cascade to referring tables.
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, newest)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise RuntimeError(f"the migration to {newest} left a dangling reference: {tuple(broken)}")


def _let_shrink(path: Path) -> None:
    """Let a file of an older version give back free pages; if it is in use, it keeps them for later rows instead."""
    with closing(sqlite3.connect(path, timeout=_MIGRATION_TIMEOUT, isolation_level=None)) as connection:
        if connection.execute("PRAGMA auto_vacuum").fetchone() == (_INCREMENTAL,):
            return
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("VACUUM")
