"""Which schema a database file has, and how it gets the newest one.

The version is read with plain SQL: Alembic takes longer to import than everything else a start does with the store,
so only a file that is new or old pays for it.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from borgdesk.domain.errors import StoreUnusable
from borgdesk.store import files
from borgdesk.store.faults import told_apart

NEWEST = "0001"
"""The newest migration; revisions are numbered, so that a file of a newer BorgDesk is recognised."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_TIMEOUT = 30.0
"""Seconds to wait for other programs before a migration is given up."""


def prepare(path: Path, migrations: Path = _MIGRATIONS, newest: str = NEWEST) -> None:
    """Create the database, or bring it to the newest schema; do nothing when it has that already.

    Before a file with history is migrated it is copied beside itself. A migration is one transaction: it happens
    wholly or not at all.

    Raises:
        StoreUnusable: the file is not a database of ours, damaged, of a newer version, or cannot be written.
    """
    _check_access(path)
    with told_apart(path), files.blamed(f"The database {path} cannot be prepared"):
        if _state(path, newest) == newest:
            return
        with _alone(path):
            version = _state(path, newest)
            if version == newest:
                return
            if version is not None:
                _copy(path, version)
            _migrate(path, migrations, newest)


def _check_access(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnusable(f"The folder {path.parent} cannot be created: {error.strerror}.") from error
    if path.exists() and not path.is_file():
        raise StoreUnusable(f"The database {path} cannot be opened: it is not a file.")
    if path.exists() and not os.access(path, os.R_OK):
        raise StoreUnusable(f"The database {path} cannot be read: its permissions forbid it.")
    for place in (path, path.parent):
        if place.exists() and not os.access(place, os.W_OK):
            what = "the file" if place == path else f"the folder {place}"
            raise StoreUnusable(f"The database {path} cannot be written: {what} is read-only.")


def _state(path: Path, newest: str) -> str | None:
    """The version of the file, None for a file that has no tables yet; ready means in WAL mode, too."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    with closing(sqlite3.connect(path, timeout=_MIGRATION_TIMEOUT)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            return None
        version = _version(connection) if "alembic_version" in tables else None
        if version is None or not {"repositories", "backup_jobs"} <= tables:
            raise StoreUnusable(
                f"The file {path} is a database, but not one of BorgDesk. Move it away and start again."
            )
        if not version.isdigit() or int(version) > int(newest):
            raise StoreUnusable(
                f"The database {path} was written by a newer version of BorgDesk (schema {version}, "
                f"this version knows {newest}). Install that version again, or put an older copy back."
            )
        # A copy made by VACUUM INTO that was put back is not in WAL mode.
        connection.execute("PRAGMA journal_mode=WAL")
        return version


def _version(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock that lets one process at a time create or migrate the file."""
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _copy(path: Path, version: str) -> None:
    """Keep the file as it was, beside it: ``borgdesk.db.schema-0001``."""
    kept = path.with_name(f"{path.name}.schema-{version}")
    unfinished = path.with_name(f"{kept.name}.partial")
    unfinished.unlink(missing_ok=True)
    # VACUUM INTO takes over an empty file, so the copy is private from its first byte.
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with closing(sqlite3.connect(path, timeout=_MIGRATION_TIMEOUT, isolation_level=None)) as connection:
            connection.execute("VACUUM INTO ?", (str(unfinished),))
        unfinished.replace(kept)
    finally:
        unfinished.unlink(missing_ok=True)


def _migrate(path: Path, migrations: Path, newest: str) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import URL, NullPool, create_engine, event

    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(path, timeout=_MIGRATION_TIMEOUT)) as plain:
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
    # Foreign keys stay off: a batch migration drops and renames tables, which would cascade into those that refer.
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, newest)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise RuntimeError(f"the migration to {newest} left a dangling reference: {tuple(broken)}")
