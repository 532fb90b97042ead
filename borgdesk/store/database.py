"""The SQLite database with all metadata and history, and its read and write transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from borgdesk.store import schema
from borgdesk.store.connections import Connections, Stop, interrupted
from borgdesk.store.faults import told_apart
from borgdesk.store.log_room import make_room

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from borgdesk.store.sessions import Sessions
    from borgdesk.store.statements import Prepared, Transaction

SQLITE_VERSION = sqlite3.sqlite_version

DEFAULT_BUSY_TIMEOUT = 5000
"""Milliseconds to wait for another writer."""

MAX_ID = 2**63 - 1
"""The largest integer that SQLite stores."""


class SqlExecutor(Protocol):
    """Executes plain SQL: a connection or a cursor of the driver."""

    def execute(self, sql: str, values: Any = ..., /) -> Any:
        """Execute one statement and return its cursor."""


class Database:
    """One database file. May be used from any thread: each call has its own session and connection.

    Sessions come from SQLAlchemy, whose import takes longer than everything else at a start, and 20 MB: it is imported
    for the first one. What quick commands and an idle window need is read through :meth:`snapshot` instead.
    """

    def __init__(self, path: Path, *, busy_timeout: int = DEFAULT_BUSY_TIMEOUT) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._connections: Connections | None = None
        self._sessions: Sessions | None = None
        self._opening = threading.Lock()
        self._shared = _Shared()

    def open(self) -> None:
        """Create the file, or migrate it to this version's schema. May be called more than once.

        Raises:
            StoreUnusable: the file is not a BorgDesk database, is damaged, of a newer version, or not readable and
                writable.
        """
        if self._connections is None:
            schema.prepare(self.path)
            self._connections = Connections(self.path, self._busy_timeout)

    def close(self) -> None:
        """Close all connections; the last program to do so checkpoints the write-ahead log."""
        with self._opening:
            sessions, self._sessions = self._sessions, None
            connections, self._connections = self._connections, None
        if sessions is not None:
            sessions.close()
        if connections is not None:
            connections.close()

    @contextmanager
    def snapshot(self, stop: Stop | None = None) -> Iterator[sqlite3.Connection]:
        """Provide a connection for plain SQL with a consistent snapshot, as :meth:`reading` does with a session.

        Raises:
            Stopped: *stop* returned True.
            StoreUnusable: as :meth:`reading`.
        """
        with told_apart(self.path), self._opened.one() as connection:
            connection.execute("BEGIN")
            if stop is None:
                yield connection
            else:
                with interrupted(connection, stop):
                    yield connection
            connection.rollback()

    @contextmanager
    def change(self) -> Iterator[SqlExecutor]:
        """Provide what executes plain SQL and holds the write lock, as :meth:`writing` does with a session.

        Raises:
            StoreUnusable: as :meth:`writing`.
        """
        if self._shared.transaction is not None:
            yield self._shared.transaction.cursor
            return
        # After an error the connection is closed, which rolls back.
        with told_apart(self.path), self._opened.one() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    @contextmanager
    def reading(self, stop: Stop | None = None) -> Iterator[Session]:
        """Provide a session with a consistent snapshot, which never blocks a writer.

        *stop* is polled every few milliseconds and can cancel the query.

        Raises:
            Stopped: *stop* returned True.
            StoreUnusable: the file cannot be read; :class:`StoreLocked` if another program has locked it.
        """
        with told_apart(self.path), self._made_sessions.reading(stop) as session:
            yield session

    def first(self, statement: Prepared, values: Mapping[str, object]) -> Any:
        """Return the first row of a prepared query as the driver returns it; None if there is none.

        Raises:
            StoreUnusable: as :meth:`reading`.
        """
        with told_apart(self.path):
            return self._made_sessions.first(statement, values)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Provide a session that holds the write lock from the start, and commit unless there is an error.

        With SQLAlchemy's default on SQLite, the write lock would be taken only at the first write, and read-then-write
        updates would be lost.

        Raises:
            StoreUnusable: the file cannot be written; :class:`StoreLocked` if another program has locked it.
        """
        if self._shared.transaction is not None:
            with self._shared.transaction.session() as session:
                yield session
            return
        with told_apart(self.path), self._made_sessions.writing() as session:
            yield session

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """As :meth:`writing`, for prepared statements, which a run executes between two scripts.

        Raises:
            StoreUnusable: as :meth:`writing`.
        """
        if self._shared.transaction is not None:
            yield self._shared.transaction
            return
        with told_apart(self.path), closing(self._made_sessions.transaction()) as transaction:
            try:
                yield transaction
                transaction.commit()
            except BaseException:
                transaction.roll_back()
                raise

    @contextmanager
    def together(self) -> Iterator[None]:
        """Combine everything that this thread writes in the block into one transaction.

        Raises:
            StoreUnusable: as :meth:`writing`.
        """
        with self.transaction() as transaction:
            before, self._shared.transaction = self._shared.transaction, transaction
            try:
                yield
            finally:
                self._shared.transaction = before

    def expect(self, commits: int) -> None:
        """Grow the write-ahead log now for this many commits, so that none of them has to.

        Raises:
            StoreUnusable: as :meth:`writing`.
        """
        with self.transaction():
            make_room(self.path, commits)

    def commits(self) -> CommitWatch:
        """Return a watch for commits from now on; the caller has to close it."""
        return CommitWatch(self.path)

    def wipe_log(self) -> None:
        """Checkpoint the write-ahead log, which still contains deleted data. It stays while others are using it."""
        with suppress(sqlite3.OperationalError), self._opened.one() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def give_back(self, pages: int) -> int:
        """Make the file smaller by some of its free pages, in one transaction; return how many are left.

        Raises:
            StoreUnusable: as :meth:`writing`.
        """
        with told_apart(self.path), self._opened.one() as connection:
            cursor = connection.cursor()
            # Not with execute(), which makes one step: SQLite frees one page in each.
            cursor.executescript(f"PRAGMA incremental_vacuum({pages})")
            left = int(cursor.execute("PRAGMA freelist_count").fetchone()[0])
            if not left:
                # The file itself shrinks with a checkpoint; this kind waits for nobody.
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            return left

    @property
    def _opened(self) -> Connections:
        if self._connections is None:
            raise RuntimeError("the database is not open")
        return self._connections

    @property
    def _made_sessions(self) -> Sessions:
        with self._opening:
            if self._sessions is None:
                from borgdesk.store.sessions import Sessions

                self._sessions = Sessions(self._opened)
            return self._sessions


class _Shared(threading.local):
    """State shared by the calls of one thread."""

    transaction: Transaction | None = None


class CommitWatch:
    """Reports whether the database was changed, by this or another process, since the last query."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._known: int | None = None
        self._asking = threading.Lock()

    def begin(self) -> None:
        """Report what is changed from now on, unless that was to be reported before."""
        with self._asking:
            if self._known is None:
                self._query()

    def has_changed(self) -> bool:
        """Query ``PRAGMA data_version``. The first call returns False, and so does an unreadable file."""
        with self._asking:
            return self._query()

    def _query(self) -> bool:
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._path, timeout=0, check_same_thread=False)
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return False
        known, self._known = self._known, version
        return known is not None and known != version

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def id_meant(text: str) -> int | None:
    """Return the id in *text*, if it is one; Python refuses to convert numbers of thousands of digits."""
    return int(text) if text.isdecimal() and len(text) <= len(str(MAX_ID)) else None
