"""The SQLite file with all metadata and history, and the two ways to talk to it: reading and writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, select
from sqlalchemy.orm import Session

from borgdesk.store import schema
from borgdesk.store.faults import told_apart
from borgdesk.store.tables import RepositoryRow, ScriptRow

DEFAULT_BUSY_TIMEOUT = 5000
"""Milliseconds to wait for another writer."""

_MAX_ID = 2**63 - 1
_Row = TypeVar("_Row")
_Named = TypeVar("_Named", RepositoryRow, ScriptRow)


class Database:
    """One database file. May be used from any thread: each call has a session and a connection of its own."""

    def __init__(self, path: Path, *, busy_timeout: int = DEFAULT_BUSY_TIMEOUT) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._engine: Engine | None = None

    def open(self) -> None:
        """Create the file, or bring it to this version's schema, and be ready. Opening twice is harmless.

        Raises:
            StoreUnusable: the file is not our database, damaged, of a newer version, or cannot be read or written.
        """
        if self._engine is None:
            schema.prepare(self.path)
            self._engine = self._make_engine()

    def close(self) -> None:
        """Give back all connections; the last program to do so folds the write-ahead log into the file."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the database and is never in a writer's way.

        Raises:
            StoreUnusable: the file cannot be read; :class:`StoreLocked` when another program holds it.
        """
        with told_apart(self.path), Session(self._opened, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that is the only writer from its first read on, committed at the end unless an error leaves it.

        SQLAlchemy's default on SQLite would take the write lock at the first write only, and lose updates that read
        before they write.

        Raises:
            StoreUnusable: the file cannot be written; :class:`StoreLocked` when another program holds it.
        """
        engine = self._opened.execution_options(immediate=True)
        with told_apart(self.path), Session(engine, expire_on_commit=False) as session, session.begin():
            session.connection()
            yield session

    def wipe_log(self) -> None:
        """Fold the write-ahead log into the file: what was deleted is still in it. While others are busy, it stays."""
        with closing(self._opened.raw_connection()) as connection, suppress(sqlite3.OperationalError):
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @property
    def _opened(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("the database is not open")
        return self._engine

    def _make_engine(self) -> Engine:
        engine = create_engine(
            URL.create("sqlite", database=str(self.path)),
            poolclass=QueuePool,
            # A thread never waits for another thread's connection: only for the lock of the file.
            max_overflow=-1,
            connect_args={
                "timeout": self._busy_timeout / 1000,
                "isolation_level": None,
                "check_same_thread": False,
            },
        )
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
        return engine


def row_by_id(session: Session, kind: type[_Row], row_id: int) -> _Row | None:
    """The row with that id. People may ask for ids that are larger than any database keeps."""
    return session.get(kind, row_id) if 0 < row_id <= _MAX_ID else None


def row_by_ref(session: Session, kind: type[_Named], ref: int | str) -> _Named | None:
    """The row with that id or exact name; digits are an id first, and then a name."""
    number = ref if isinstance(ref, int) else id_meant(ref)
    row = None if number is None else row_by_id(session, kind, number)
    if row is None and isinstance(ref, str):
        row = session.scalar(select(kind).where(kind.name == ref.strip()))
    return row


def id_meant(text: str) -> int | None:
    """The id that *text* is, if it is one; Python would not convert numbers of thousands of digits."""
    return int(text) if text.isdecimal() and len(text) <= len(str(_MAX_ID)) else None


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    # What is owed must be on the disk, not in its cache, before the act it protects.
    connection.execute("PRAGMA synchronous=FULL")
    # A value that turned out to be a secret must not stay where it was deleted.
    connection.execute("PRAGMA secure_delete=ON")


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
