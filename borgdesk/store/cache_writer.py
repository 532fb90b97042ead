"""Writes the SQLite files of the cache, which appear under their name only when they are complete."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

from borgdesk import private
from borgdesk.domain.errors import BorgDeskError
from borgdesk.translation import _

PARTIAL = ".part"
"""The suffix of files that are still being written."""

BATCH = 20_000
"""Rows that are collected before they are written."""

_AT_ONCE = 50
"""Rows per statement: the cost of a statement and that of its rows are then about equal."""


class CannotKeep(BorgDeskError):
    """A file cannot be written, for example because the disk of the cache is full."""


class CacheWriter:
    """Writes one file; only the thread that created it may use it."""

    cannot_keep: ClassVar[str]
    """The message of :class:`CannotKeep`, with ``{folder}`` and ``{reason}``."""

    def __init__(self, path: Path, schema: str, meta: Mapping[str, str]) -> None:
        """Start a file: nothing appears at *path* before :meth:`_publish`. *meta* says what it is about.

        Raises:
            CannotKeep: The disk of the cache is full or read-only.
        """
        self._path = path
        # One that was cancelled may still be finishing when the same file is made again.
        self._partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}{PARTIAL}")
        with self._told():
            private.make_missing(path.parent)
            self._database = sqlite3.connect(self._partial, isolation_level=None)
            try:
                self._database.executescript(schema)
                self._add_meta(meta)
            except BaseException:
                self.discard()
                raise

    def discard(self) -> None:
        """Remove the incomplete file."""
        self._database.close()
        with suppress(OSError):
            self._partial.unlink()

    def _publish(self) -> None:
        self._database.close()
        self._partial.replace(self._path)

    def _add_meta(self, meta: Mapping[str, str]) -> None:
        self._database.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())

    def _insert(self, insert: str, row: str, rows: Sequence[Sequence[Any]]) -> None:
        """Insert many rows; *row* are the placeholders of one."""
        whole = len(rows) // _AT_ONCE * _AT_ONCE
        many = insert + ", ".join([row] * _AT_ONCE)
        for first in range(0, whole, _AT_ONCE):
            self._database.execute(many, list(chain.from_iterable(rows[first : first + _AT_ONCE])))
        self._database.executemany(insert + row, rows[whole:])

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Convert disk errors to errors with a sentence."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise CannotKeep(_(self.cannot_keep).format(folder=self._path.parent, reason=reason)) from error
