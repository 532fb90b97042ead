"""The SQLite database with all metadata and history, and its read and write transactions."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from borgdesk.domain.errors import Stopped
from borgdesk.domain.reasons import from_json, in_words
from borgdesk.store import schema
from borgdesk.store.faults import told_apart
from borgdesk.store.log_room import make_room
from borgdesk.store.statements import Prepared, Transaction
from borgdesk.store.tables import RepositoryRow, ScriptRow
from borgdesk.store.text_search import mentions

SQLITE_VERSION = sqlite3.sqlite_version

DEFAULT_BUSY_TIMEOUT = 5000
"""Milliseconds to wait for another writer."""

Stop = Callable[[], bool]
"""Polled from within SQLite; True cancels the current operation."""

_STEPS = 20_000
"""Steps of SQLite's virtual machine between two polls: a millisecond or less."""

MAX_ID = 2**63 - 1
"""The largest integer that SQLite stores."""

_Row = TypeVar("_Row")
_Named = TypeVar("_Named", RepositoryRow, ScriptRow)


class Database:
    """One database file. May be used from any thread: each call has its own session and connection."""

    def __init__(self, path: Path, *, busy_timeout: int = DEFAULT_BUSY_TIMEOUT) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._engine: Engine | None = None
        self._shared = _Shared()

    def open(self) -> None:
        """Create the file, or migrate it to this version's schema. May be called more than once.

        Raises:
            StoreUnusable: the file is not a BorgDesk database, is damaged, of a newer version, or not readable and
                writable.
        """
        if self._engine is None:
            schema.prepare(self.path)
            self._engine = self._make_engine()

    def close(self) -> None:
        """Close all connections; the last program to do so checkpoints the write-ahead log."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextmanager
    def reading(self, stop: Stop | None = None) -> Iterator[Session]:
        """Provide a session with a consistent snapshot, which never blocks a writer.

        *stop* is polled every few milliseconds and can cancel the query.

        Raises:
            Stopped: *stop* returned True.
            StoreUnusable: the file cannot be read; :class:`StoreLocked` if another program has locked it.
        """
        with told_apart(self.path), Session(self._opened, expire_on_commit=False) as session:
            if stop is None:
                yield session
            else:
                with _interrupted(session, stop):
                    yield session

    def first(self, statement: Prepared, values: Mapping[str, object]) -> Any:
        """Return the first row of a prepared query as the driver returns it; None if there is none.

        Raises:
            StoreUnusable: as :meth:`reading`.
        """
        text, places = statement.for_driver(self._opened.dialect, values)
        with told_apart(self.path), closing(self._opened.raw_connection()) as connection:
            return connection.cursor().execute(text, places).fetchone()

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
        engine = self._opened.execution_options(immediate=True)
        with told_apart(self.path), Session(engine, expire_on_commit=False) as session, session.begin():
            session.connection()
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
        with told_apart(self.path), closing(Transaction(self._opened)) as transaction:
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
        with closing(self._opened.raw_connection()) as connection, suppress(sqlite3.OperationalError):
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def give_back(self, pages: int) -> int:
        """Make the file smaller by some of its free pages, in one transaction; return how many are left.

        Raises:
            StoreUnusable: as :meth:`writing`.
        """
        with told_apart(self.path), closing(self._opened.raw_connection()) as connection:
            cursor = connection.cursor()
            # Not with execute(), which makes one step: SQLite frees one page in each.
            cursor.executescript(f"PRAGMA incremental_vacuum({pages})")
            left = int(cursor.execute("PRAGMA freelist_count").fetchone()[0])
            if not left:
                # The file itself shrinks with a checkpoint; this kind waits for nobody.
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            return left

    @property
    def _opened(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("the database is not open")
        return self._engine

    def _make_engine(self) -> Engine:
        engine = create_engine(
            URL.create("sqlite", database=str(self.path)),
            poolclass=QueuePool,
            # A thread never waits for another thread's connection, only for the file lock.
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


@contextmanager
def _interrupted(session: Session, stop: Stop) -> Iterator[None]:
    """Cancel the session's current operation as soon as *stop* returns True."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, sqlite3.Connection)
    connection.set_progress_handler(lambda: int(stop()), _STEPS)
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error) and error.orig.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise Stopped("The search stopped there.") from error
        raise
    finally:
        connection.set_progress_handler(None, 0)


def row_by_id(session: Session, kind: type[_Row], row_id: int) -> _Row | None:
    """Return the row with that id. Users may enter ids larger than any database stores."""
    return session.get(kind, row_id) if 0 < row_id <= MAX_ID else None


def row_by_ref(session: Session, kind: type[_Named], ref: int | str) -> _Named | None:
    """Return the row with that id or exact name; digits are tried as an id first, then as a name."""
    number = ref if isinstance(ref, int) else id_meant(ref)
    row = None if number is None else row_by_id(session, kind, number)
    if row is None and isinstance(ref, str):
        row = session.scalar(select(kind).where(kind.name == ref.strip()))
    return row


def id_meant(text: str) -> int | None:
    """Return the id in *text*, if it is one; Python refuses to convert numbers of thousands of digits."""
    return int(text) if text.isdecimal() and len(text) <= len(str(MAX_ID)) else None


@lru_cache(maxsize=1000)
def _in_words(reasons: str | None) -> str | None:
    return None if reasons is None else in_words(from_json(json.loads(reasons)), "\n")


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    # Reasons are searched in their displayed form, which is not stored.
    connection.create_function("in_words", 1, _in_words, deterministic=True)
    connection.create_function("mentions", -1, mentions, deterministic=True)
    connection.execute("PRAGMA foreign_keys=ON")
    # What a run owes must be on the disk before the act it protects.
    connection.execute("PRAGMA synchronous=FULL")
    # A value that turned out to be a secret must not remain in free pages.
    connection.execute("PRAGMA secure_delete=ON")


def _begin(connection: Connection) -> None:
    if Transaction.has_begun(connection):
        return
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
