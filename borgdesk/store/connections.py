"""Connections to the database file with SQLite's driver alone, kept open for the next caller."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from borgdesk.domain.errors import Stopped
from borgdesk.domain.reason_json import from_json
from borgdesk.domain.reasons import in_words
from borgdesk.store.faults import driver_error
from borgdesk.store.text_search import mentions

Stop = Callable[[], bool]
"""Polled from within SQLite; True cancels the current operation."""

_STEPS = 20_000
"""Steps of SQLite's virtual machine between two polls: a millisecond or less."""
_MOST_KEPT = 5


class Connections:
    """The connections of one program. Each serves one caller at a time, in any thread, and nobody waits for another."""

    def __init__(self, path: Path, busy_timeout: int) -> None:
        self._path, self._busy_timeout = path, busy_timeout
        self._idle: list[sqlite3.Connection] = []
        self._changing = threading.Lock()
        self._is_closed = False

    def make(self) -> sqlite3.Connection:
        """Return a new connection, which the caller has to close."""
        connection = sqlite3.connect(
            self._path, timeout=self._busy_timeout / 1000, isolation_level=None, check_same_thread=False
        )
        try:
            _configure(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def one(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection. After an error it is not used again."""
        with self._changing:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self.make()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._changing:
            is_kept = not self._is_closed and len(self._idle) < _MOST_KEPT
            if is_kept:
                self._idle.append(connection)
        if not is_kept:
            connection.close()

    def close(self) -> None:
        """Close the connections: those in use as soon as they are given back."""
        with self._changing:
            self._is_closed, idle, self._idle = True, self._idle, []
        for connection in idle:
            connection.close()


@contextmanager
def interrupted(connection: sqlite3.Connection, stop: Stop) -> Iterator[None]:
    """Cancel the connection's current operation as soon as *stop* returns True.

    Raises:
        Stopped: it did.
    """
    connection.set_progress_handler(lambda: int(stop()), _STEPS)
    try:
        yield
    except Exception as error:
        if getattr(driver_error(error), "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
            raise Stopped("The search stopped there.") from error
        raise
    finally:
        connection.set_progress_handler(None, 0)


@lru_cache(maxsize=1000)
def _in_words(reasons: str | None) -> str | None:
    return None if reasons is None else in_words(from_json(json.loads(reasons)), "\n")


def _configure(connection: sqlite3.Connection) -> None:
    # Reasons are searched in their displayed form, which is not stored.
    connection.create_function("in_words", 1, _in_words, deterministic=True)
    connection.create_function("mentions", -1, mentions, deterministic=True)
    connection.execute("PRAGMA foreign_keys=ON")
    # What a run owes must be on the disk before the act it protects.
    connection.execute("PRAGMA synchronous=FULL")
    # A value that turned out to be a secret must not remain in free pages.
    connection.execute("PRAGMA secure_delete=ON")
