"""The file of the text index: which texts may be in which runs of the history.

It is a file of its own in the cache, so that writing it never holds the lock that a run waits for, and so that it may
be lost at any time. It holds no texts but their trigrams, groups of three characters, without their places: half as
large as the texts, where the trigrams with their places need 2.6 times as much, and words cannot be searched in part.
A run that has all trigrams of what is searched for may mention it; the history itself is asked whether it does.

Runs are indexed in blocks of numbers. A block can be dropped and made again, which is how removed runs leave it:
SQLite's contentless tables cannot remove rows without their texts before version 3.43.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from borgdesk import private
from borgdesk.domain.version import VERSION
from borgdesk.translation import language

BLOCK = 8192
"""Numbers of runs in a block."""
_FORMAT = 1
_TIMEOUT = 2.0
"""Seconds to wait for another process that writes the index."""
_SCHEMA = """
CREATE TABLE meta (key TEXT NOT NULL);
CREATE TABLE blocks (
    number INTEGER PRIMARY KEY, low INTEGER NOT NULL, high INTEGER NOT NULL, runs INTEGER NOT NULL, newest INTEGER,
    newest_uid TEXT
);
CREATE TABLE unsure (run_id INTEGER PRIMARY KEY, is_waiting INTEGER NOT NULL);
"""
"""A block knows all runs from ``low`` to ``high``, except those that are ``unsure``: they are waiting for their end, or
were changed after they had been indexed."""


@dataclass(frozen=True, slots=True)
class Block:
    """What is known of a block."""

    number: int
    low: int
    high: int
    runs: int
    newest: int | None
    """The newest run in it, with its uid: a database that was restored from a copy has other runs of that number."""
    newest_uid: str | None

    @property
    def table(self) -> str:
        """The name of its table."""
        return table_of(self.number)

    @property
    def start(self) -> int:
        """The first number that belongs to it."""
        return max(1, self.number * BLOCK)

    @property
    def end(self) -> int:
        """The last number that belongs to it."""
        return (self.number + 1) * BLOCK - 1

    def is_of_history(self, newest: int, uid: str | None) -> bool:
        """Return whether it was made of this history, and not of one that a copy has replaced.

        *newest* is the history's newest run, and *uid* that of its run with the number of the newest one in the block.
        """
        if self.newest is None:
            return self.high <= newest
        return self.newest <= newest if uid is None else uid == self.newest_uid


def table_of(number: int) -> str:
    """Return the name of a block's table."""
    return f"block_{number}"


def key() -> str:
    """Return what an index must have been made by: reasons are indexed as sentences of a version and a language."""
    return f"{_FORMAT} {VERSION} {language()}"


def can_index() -> bool:
    """Return whether this SQLite knows trigrams: since version 3.34, if it was built with FTS5."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE tried USING fts5(text, tokenize='trigram case_sensitive 1')")
    except sqlite3.Error:
        return False
    finally:
        connection.close()
    return True


class SearchFile:
    """The file; every use has its own connection."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """Provide a snapshot; None if there is no file that is made as this program would."""
        if not self.path.exists():
            yield None
            return
        connection = self._connect()
        try:
            connection.execute("BEGIN")
            row = connection.execute("SELECT key FROM meta").fetchone()
            yield connection if row == (key(),) else None
        finally:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Provide a transaction of the complete file; one that is made otherwise is emptied.

        Raises:
            sqlite3.Error: another process is writing it, or it is damaged or cannot be written.
        """
        with suppress(FileExistsError):
            private.make_missing(self.path.parent)
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        connection = self._connect()
        try:
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute("BEGIN IMMEDIATE")
            _prepare(connection)
            yield connection
            connection.execute("COMMIT")
        finally:
            # What was not committed is rolled back.
            connection.close()

    def discard(self) -> None:
        """Delete the file: it is damaged, and is made again."""
        for suffix in ("-wal", "-shm", ""):
            with suppress(OSError):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=_TIMEOUT, isolation_level=None)


def blocks(connection: sqlite3.Connection) -> list[Block]:
    """Return all blocks, newest first."""
    rows = connection.execute("SELECT number, low, high, runs, newest, newest_uid FROM blocks ORDER BY number DESC")
    return [Block(*row) for row in rows]


def put_block(connection: sqlite3.Connection, block: Block) -> None:
    """Store what is known of a block, and make its table if it is new."""
    connection.execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {block.table} "
        "USING fts5(text, content='', detail=none, columnsize=0, tokenize='trigram case_sensitive 1')"
    )
    values = block.number, block.low, block.high, block.runs, block.newest, block.newest_uid
    connection.execute("INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?, ?)", values)


def drop_block(connection: sqlite3.Connection, number: int) -> None:
    """Forget a block, so that it is made again from what the history still has."""
    connection.execute(f"DROP TABLE IF EXISTS {table_of(number)}")
    connection.execute("DELETE FROM blocks WHERE number = ?", (number,))
    first = number * BLOCK
    connection.execute("DELETE FROM unsure WHERE run_id BETWEEN ? AND ?", (first, first + BLOCK - 1))


def _prepare(connection: sqlite3.Connection) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'meta'").fetchone() == (0,):
        for statement in _SCHEMA.split(";\n"):
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES (?)", (key(),))
    elif connection.execute("SELECT key FROM meta").fetchone() != (key(),):
        for block in blocks(connection):
            drop_block(connection, block.number)
        connection.execute("DELETE FROM unsure")
        connection.execute("UPDATE meta SET key = ?", (key(),))
