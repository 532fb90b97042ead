"""Shared access to the immutable SQLite files of the cache: listings and differences of archives."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import quote

from borgdesk.domain.bounds import LARGEST
from borgdesk.domain.errors import BorgDeskError

_log = logging.getLogger(__name__)

_DAMAGE = (sqlite3.Error, UnicodeDecodeError, ValueError, TypeError, OverflowError, RecursionError)
"""What a damaged file makes SQLite raise, or the checks of what it returned."""


class CacheFile:
    """Read access to one file. Whatever is damaged is deleted, so that it is asked of Borg again."""

    FORMAT: ClassVar[int]
    """Version of the schema; a file of another version counts as missing."""
    Lost: ClassVar[type[BorgDeskError]]
    """Raised by every query if the file is gone or damaged."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            BorgDeskError: it is not there, or damaged; see :attr:`Lost`.
        """
        self.path = path
        try:
            # A restore reads it in several threads, one after the other.
            self._database = sqlite3.connect(location_of(path), uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise self._lost(error) from error
        try:
            self._meta = dict(self._ask("SELECT name, value FROM meta"))
            with self._damage_told():
                self._read_meta()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open_if(cls, path: Path, wanted: Mapping[str, str]) -> Self | None:
        """Return the file at *path*; None if there is no complete one that is about what is *wanted*."""
        if not path.exists():
            return None
        try:
            file = cls(path)
        except cls.Lost:
            return None
        facts = {"format": str(cls.FORMAT), **wanted}
        if {name: file._meta.get(name) for name in facts} != facts:
            file.close()
            discard(path)
            return None
        with contextlib.suppress(OSError):  # least recently read files are removed first
            os.utime(path)
        return file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @property
    def rows(self) -> int:
        """Number of items."""
        return self._count

    def _read_meta(self) -> None:
        """Convert what the file tells of itself.

        Raises:
            Exception: one of those of damage.
        """
        text = self._meta.get("rows")
        if type(text) is not str:
            raise ValueError("the number of rows is missing")
        self._count = check_count(int(text))

    def path_of(self, dir_number: int) -> str:
        """Return the path of a folder; empty for the root."""
        parts = []
        while dir_number:
            found = self._ask("SELECT parent, name FROM dir WHERE id = ?", dir_number)
            with self._damage_told():
                ((parent, name),) = found
                # Folders have higher numbers than those that they are in.
                if type(parent) is not int or not 0 <= parent < dir_number:
                    raise ValueError(f"folder {dir_number} is in {parent!r:.100}")
                check_names([name])
            dir_number = parent
            parts.append(name)
        return "/".join(reversed(parts))

    def _ask(self, question: str, *values: object) -> list[Any]:
        with self._damage_told():
            return self._database.execute(question, values).fetchall()

    def _ask_rows(self, question: str, values: Mapping[str, object]) -> list[Any]:
        """Return rows of items: nothing of a damaged file gets further than this."""
        with self._damage_told():
            rows = self._database.execute(question, values).fetchall()
            self._check_rows(rows)
            return rows

    def _check_rows(self, rows: list[Any]) -> None:
        """Check rows of items.

        Raises:
            Exception: one of those of damage.
        """
        raise NotImplementedError

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        """Delete the file and raise :attr:`Lost` if it turns out to be damaged."""
        try:
            yield
        except _DAMAGE as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> BorgDeskError:
        _log.warning("%s is of no use: %s", self.path, error)
        discard(self.path)
        return self.Lost(self._lost_sentence())

    def _lost_sentence(self) -> str:
        """Return the message of :attr:`Lost`."""
        raise NotImplementedError


def discard(path: Path) -> None:
    """Delete a file of no use, if that is possible."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def check_count(value: object) -> int:
    """Return a number of items or bytes.

    Raises:
        ValueError: it is none.
    """
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise ValueError(f"{value!r:.100} is no number of items or bytes")
    return value


def check_names(names: Iterable[str]) -> None:
    """Check last components of paths.

    Raises:
        ValueError: one contains a slash or NUL.
        TypeError: one is no text.
    """
    names = list(names)
    joined = "/".join(names)
    if joined.count("/") != max(0, len(names) - 1) or "\0" in joined:
        raise ValueError("the name of an item cannot be one")


def literal_pattern(text: str) -> str:
    r"""Return the pattern of ``LIKE … ESCAPE '\'`` for names that contain *text*."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def location_of(path: Path) -> str:
    """Return the URI that opens a file read-only, without locks."""
    return f"file:{quote(str(path))}?mode=ro&immutable=1"
