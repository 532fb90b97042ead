"""Translates SQLite errors into errors with sentences for the user."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from borgdesk.domain.errors import StoreUnusable
from borgdesk.translation import N_, _

_SENTENCES = {
    sqlite3.SQLITE_BUSY: N_(
        "The database {path} is locked by another program. Close that program, or try again later."
    ),
    sqlite3.SQLITE_LOCKED: N_(
        "The database {path} is locked by another program. Close that program, or try again later."
    ),
    sqlite3.SQLITE_CORRUPT: N_(
        "The database {path} is damaged. BorgDesk did not change it. Move it away, or restore a copy of it, and start "
        "again."
    ),
    sqlite3.SQLITE_NOTADB: N_(
        "The file {path} is not a database. BorgDesk did not change it. Move it away, or restore a copy of it, and "
        "start again."
    ),
    sqlite3.SQLITE_FULL: N_("There is no space left on the disk for the database {path}; nothing was changed."),
    sqlite3.SQLITE_READONLY: N_(
        "The database {path} cannot be written: the file, its folder or its disk is read-only."
    ),
    sqlite3.SQLITE_PERM: N_("The database {path} cannot be opened: permission denied."),
    sqlite3.SQLITE_AUTH: N_("The database {path} cannot be opened: permission denied."),
    sqlite3.SQLITE_CANTOPEN: N_("The database {path} cannot be opened. Check its permissions and those of its folder."),
    sqlite3.SQLITE_IOERR: N_("The database {path} cannot be read or written: its disk reports an error."),
}
_PRIMARY = 0xFF
"""The low byte of an extended result code is the primary one (sqlite.org/rescode.html)."""


class StoreLocked(StoreUnusable):
    """Another program has locked the database for longer than the timeout; a retry may succeed."""


class StoreDamaged(StoreUnusable):
    """The file is corrupt; waiting does not help."""


_KINDS: dict[int, type[StoreUnusable]] = {
    sqlite3.SQLITE_BUSY: StoreLocked,
    sqlite3.SQLITE_LOCKED: StoreLocked,
    sqlite3.SQLITE_CORRUPT: StoreDamaged,
    sqlite3.SQLITE_NOTADB: StoreDamaged,
}


def unusable(error: sqlite3.Error, path: Path) -> StoreUnusable | None:
    """Return the user's error for an SQLite error; None if it is a bug, for which a traceback is due."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
    sentence = _SENTENCES.get(code)
    if sentence is None:
        return None
    return _KINDS.get(code, StoreUnusable)(_(sentence).format(path=path))


@contextmanager
def told_apart(path: Path) -> Iterator[None]:
    """Convert errors caused by the machine or the file to :class:`StoreUnusable`; let all others pass."""
    try:
        yield
    except Exception as error:
        cause = driver_error(error)
        if cause is not None and (sentence := unusable(cause, path)):
            raise sentence from error
        raise


def driver_error(error: Exception) -> sqlite3.Error | None:
    """Return the error of SQLite's driver, also out of SQLAlchemy's, which wraps it; None for any other error."""
    # Not by SQLAlchemy's type, which would have to be imported.
    cause = getattr(error, "orig", error)
    return cause if isinstance(cause, sqlite3.Error) else None
