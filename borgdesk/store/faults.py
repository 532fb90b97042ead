"""SQLite's errors, as sentences for people."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from borgdesk.domain.errors import StoreUnusable

_KEPT = "BorgDesk changed nothing in it; move it away, or put a copy of it back, and start again."
_SENTENCES = {
    sqlite3.SQLITE_BUSY: "The database {path} is locked by another program; close that program or try again later.",
    sqlite3.SQLITE_LOCKED: "The database {path} is locked by another program; close that program or try again later.",
    sqlite3.SQLITE_CORRUPT: "The database {path} is damaged. " + _KEPT,
    sqlite3.SQLITE_NOTADB: "The file {path} is not a database. " + _KEPT,
    sqlite3.SQLITE_FULL: "There is no space left on the disk for the database {path}; nothing was changed.",
    sqlite3.SQLITE_READONLY: "The database {path} cannot be written: the file, its folder or its disk is read-only.",
    sqlite3.SQLITE_PERM: "The database {path} cannot be opened: its permissions forbid it.",
    sqlite3.SQLITE_AUTH: "The database {path} cannot be opened: its permissions forbid it.",
    sqlite3.SQLITE_CANTOPEN: "The database {path} cannot be opened: look at its permissions and those of its folder.",
    sqlite3.SQLITE_IOERR: "The database {path} cannot be read or written: its disk reports an error.",
}
_PRIMARY = 0xFF
"""The low byte of an extended result code is the primary one (sqlite.org/rescode.html)."""


class StoreLocked(StoreUnusable):
    """Another program holds the database for longer than we waited; the same call may succeed later."""


class StoreDamaged(StoreUnusable):
    """The file is not what it was; waiting does not mend that."""


_KINDS: dict[int, type[StoreUnusable]] = {
    sqlite3.SQLITE_BUSY: StoreLocked,
    sqlite3.SQLITE_LOCKED: StoreLocked,
    sqlite3.SQLITE_CORRUPT: StoreDamaged,
    sqlite3.SQLITE_NOTADB: StoreDamaged,
}


def unusable(error: sqlite3.Error, path: Path) -> StoreUnusable | None:
    """The sentence for an error of SQLite; None where the mistake is ours and a traceback is due."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
    sentence = _SENTENCES.get(code)
    if sentence is None:
        return None
    return _KINDS.get(code, StoreUnusable)(sentence.format(path=path))


@contextmanager
def told_apart(path: Path) -> Iterator[None]:
    """Turn what the machine or the file is to blame for into :class:`StoreUnusable`, and leave all else alone."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except sqlite3.Error as error:
        if sentence := unusable(error, path):
            raise sentence from error
        raise
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error) and (sentence := unusable(error.orig, path)):
            raise sentence from error
        raise
