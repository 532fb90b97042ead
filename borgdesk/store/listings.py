"""A cache of archive contents: one immutable SQLite file per archive.

A file is written under a temporary name and renamed when it is complete. Whatever is damaged, of another format, or
missing is listed by Borg again.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from operator import itemgetter
from pathlib import Path
from typing import Any, Self

from borgdesk.domain.bounds import EARLIEST, LARGEST, LATEST
from borgdesk.domain.errors import BorgDeskError
from borgdesk.store.cache_file import (
    CacheFile,
    check_count,
    check_names,
    discard,
    literal_pattern,
    location_of,
)
from borgdesk.store.cache_writer import PARTIAL
from borgdesk.translation import _

_log = logging.getLogger(__name__)

FORMAT = 3
"""Version of the schema; a file of another version counts as missing."""

_ABANDONED = 24 * 3600.0
"""Seconds after which such a file is considered abandoned."""

SCHEMA = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE item(
    parent INTEGER NOT NULL, name TEXT NOT NULL, mode INTEGER NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL,
    target TEXT, dir INTEGER, PRIMARY KEY(parent, name)) WITHOUT ROWID;
CREATE TABLE dir(
    id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, files INTEGER NOT NULL);
"""
_ENTRY = """
SELECT item.parent, item.name, mode, coalesce(dir.size, item.size) AS size, mtime, target, dir
FROM item LEFT JOIN dir ON dir.id = item.dir
"""

_MODES = 0xFFFF

Row = tuple[int, str, int, int, int, str | None, int | None]
"""An item as stored: its folder's number, name, mode, size, time, target, and its own number if it is a folder. A plain
tuple, since a folder may have 100,000; :func:`entry_of` converts one to an :class:`Entry`."""

_OTHERS = "SELECT parent, name, mode, size, mtime, target, dir FROM item WHERE parent = :folder AND dir IS NULL"

_INNER = "(SELECT dir FROM one.item WHERE parent = {folder} AND name = ?{number})"
_LOOK_UP = """
SELECT parent, name, mode, coalesce((SELECT size FROM one.dir WHERE id = item.dir), size), mtime, target, dir
FROM one.item WHERE parent = {folder} AND name = ?{number}
"""
_LEVELS = 10
"""Folders that one question descends: SQLite's parser refuses one that is nested more than some thirty times."""


class Order(StrEnum):
    """Sort keys of the items in a folder; folders always come first."""

    NAME = "name"
    SIZE = "size"
    TIME = "mtime"


_KEYS: Mapping[Order, Callable[[Row], Any]] = {
    Order.NAME: lambda row: row[1].casefold(),
    Order.SIZE: itemgetter(3),
    Order.TIME: itemgetter(4),
}


class ListingLost(BorgDeskError):
    """A cached listing is missing or damaged; Borg can list the archive again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, folder or other item of an archive."""

    path: str
    mode: int
    """As ``st_mode``; 0 for a folder that the archive contains only as part of a path."""
    size: int
    """Bytes; for a folder, the sum of its contents."""
    mtime: int
    """Microseconds since 1970; unknown if the mode is."""
    target: str = ""
    """The target of a symbolic link, or the first name of a hard link."""
    dir: int | None = None
    """For a folder, the number to query its children by."""

    @property
    def name(self) -> str:
        """Last component of the path."""
        return self.path.rpartition("/")[2]

    @property
    def modified(self) -> datetime | None:
        """When it was modified; None if unknown. 1970 is a moment like any other: containers are full of it."""
        return datetime.fromtimestamp(self.mtime / 1_000_000, UTC) if self.mode else None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.dir is not None

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.mode)

    @property
    def is_device(self) -> bool:
        """Whether it is a device."""
        return stat.S_ISCHR(self.mode) or stat.S_ISBLK(self.mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode)


class Listing(CacheFile):
    """Read access to the listing of one archive."""

    FORMAT = FORMAT
    Lost = ListingLost

    @classmethod
    def open(cls, path: Path, repository: str, archive: str) -> Self | None:
        """Return the listing at *path*; None if there is no complete one of this archive."""
        return cls.open_if(path, {"repository": repository, "archive": archive})

    @property
    def through(self) -> list[str]:
        """Paths that are symbolic links in the archive, and have items below them all the same.

        It happens when a link's folder, or one below it, is a source of its own.
        """
        return list(self._through)

    @property
    def outside(self) -> list[str]:
        """Paths that may lead out of the folder that they are extracted to; no backup has any."""
        return list(self._outside)

    def _read_meta(self) -> None:
        super()._read_meta()
        self._through, self._outside = _paths(self._meta.get("through")), _paths(self._meta.get("outside"))

    def _check_rows(self, rows: list[Row]) -> None:
        check_rows(rows)

    def totals(self, dir_number: int = 0) -> tuple[int, int]:
        """Return bytes and number of files in a folder, or in the whole archive."""
        found = self._ask("SELECT size, files FROM dir WHERE id = ?", dir_number)
        with self._damage_told():
            ((size, files),) = found
            return check_count(size), check_count(files)

    def rows_of(self, dir_number: int = 0, order: Order = Order.NAME, *, descending: bool = False) -> list[Row]:
        """Return the contents of a folder: folders first, then other items, both in the given order."""
        folder = {"folder": dir_number}
        rows = self._ask_rows(f"{_ENTRY} WHERE item.parent = :folder AND dir IS NOT NULL", folder)
        return sorted_rows(rows + self._ask_rows(_OTHERS, folder), order, descending=descending)

    def children(self, dir_number: int = 0) -> list[Entry]:
        """Return the contents of a folder by name, folders first."""
        prefix = self.path_of(dir_number)
        return [entry_of(row, prefix) for row in self.rows_of(dir_number)]

    def find(self, text: str, limit: int = -1) -> list[Entry]:
        """Return items whose name contains *text*, ignoring the case of ASCII letters."""
        values = {"pattern": literal_pattern(text), "limit": limit}
        rows = self._ask_rows(f"{_ENTRY} WHERE item.name LIKE :pattern ESCAPE '\\' LIMIT :limit", values)
        prefixes: dict[int, str] = {}
        for parent in {row[0] for row in rows}:
            prefixes[parent] = self.path_of(parent)
        return sorted((entry_of(row, prefixes[row[0]]) for row in rows), key=lambda entry: entry.path)

    def get(self, path: str) -> Entry | None:
        """Return one item by its path, with or without a leading ``/``; the root is a folder, too."""
        parts = [part for part in path.split("/") if part]
        if not parts:
            return Entry("", stat.S_IFDIR, self.totals()[0], 0, dir=0)
        place: int | None = 0
        found: list[Any] = []
        for part in parts:
            values = {"folder": place, "name": part}
            found = self._ask_rows(f"{_ENTRY} WHERE item.parent = :folder AND item.name = :name", values)
            if not found:
                return None
            place = found[0][6]
        return entry_of(found[0], "/".join(parts[:-1]))

    def below(self, entry: Entry) -> Iterator[Entry]:
        """Yield an item and everything below it, folders before their contents."""
        waiting = [entry]
        while waiting:
            one = waiting.pop()
            if one.path:
                yield one
            if one.dir is not None:
                waiting += reversed(self.children(one.dir))

    def _lost_sentence(self) -> str:
        return _("The list of this archive's contents is damaged or gone. Open the archive again.")


def hand_over(path: Path, to: Path, archive: str) -> None:
    """Assign the listing at *path*, if there is one, to another archive with the same items."""
    if not path.exists():
        return
    try:
        database = sqlite3.connect(path, isolation_level=None)
        database.execute("UPDATE meta SET value = ? WHERE name = 'archive'", (archive,))
        database.close()
        path.replace(to)
    except (OSError, sqlite3.Error):
        discard(path)


def trim(folder: Path, budget: int, keep: Sequence[Path] = ()) -> None:
    """Remove abandoned partial listings, and the least recently read ones until the rest fits into *budget* bytes."""
    for path in folder.glob(f"*/*{PARTIAL}"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < time.time() - _ABANDONED:
                path.unlink()
    found = []
    for path in folder.glob("*/*.db"):
        with contextlib.suppress(OSError):
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    total = sum(size for _time, size, _path in found)
    for _time, size, path in sorted(found):
        if total <= budget:
            return
        if path not in keep:
            discard(path)
            total -= size


def sorted_rows(rows: Iterable[Row], order: Order, *, descending: bool) -> list[Row]:
    """Sort the rows of one folder: folders first, then other items, both in the given order.

    For 100,000 rows, SQLite would take twenty times as long.
    """
    kinds: tuple[list[Row], list[Row]] = ([], [])
    for row in rows:
        kinds[row[6] is None].append(row)
    for kind in kinds:
        kind.sort(key=_KEYS[order], reverse=descending)
    return kinds[0] + kinds[1]


def find_everywhere(files: Sequence[Path], path: str) -> list[Row | None]:
    """Look up one path in several listings at once; None where a listing, or the path in it, is missing.

    Opening a listing costs several times as much as the question, so they are attached to one connection.
    """
    parts = [part for part in path.split("/") if part]
    if not parts:
        return [None for _file in files]
    found: list[Row | None] = []
    waiting = list(reversed(files))
    while waiting:
        # A damaged one may leave the connection in a state of which nothing is known.
        with contextlib.closing(sqlite3.connect(":memory:", uri=True, isolation_level=None)) as database:
            while waiting:
                file = waiting.pop()
                try:
                    found.append(_look_up(database, file, parts))
                except (sqlite3.Error, UnicodeDecodeError, ValueError, TypeError) as error:
                    _log.warning("%s is of no use: %s", file, error)
                    discard(file)
                    found.append(None)
                    break
    return found


def _look_up(database: sqlite3.Connection, file: Path, parts: list[str]) -> Row | None:
    if not file.exists():
        return None
    database.execute("ATTACH ? AS one", (location_of(file),))
    row = _walk(database, parts)
    database.execute("DETACH one")
    return row


def check_rows(rows: Sequence[Row]) -> None:
    """Check rows that were read from a file, which may be damaged, before anything relies on them.

    Raises:
        ValueError, TypeError: no listing contains such rows.
    """
    for parent, _name, mode, size, mtime, target, number in rows:
        # One sum tells whether all are whole numbers, in a third of the time.
        if type(parent + mode + size + mtime) is not int or not (
            parent >= 0 and 0 <= mode <= _MODES and 0 <= size <= LARGEST and EARLIEST <= mtime <= LATEST
        ):
            raise ValueError("an item has impossible numbers")
        # Folders have higher numbers than those that they are in, so that none is in itself.
        if number is not None and (type(number) is not int or number <= parent):
            raise ValueError("a folder has an impossible number")
        if target is not None and type(target) is not str:
            raise ValueError("the target of a link is no text")
    check_names(row[1] for row in rows)


def _paths(text: object) -> list[str]:
    """Return the paths in a part of the metadata."""
    paths = json.loads(text) if type(text) is str else None
    if type(paths) is not list or not all(type(path) is str for path in paths):
        raise ValueError("paths are missing")
    return paths


def _walk(database: sqlite3.Connection, parts: Sequence[str]) -> Row | None:
    """Look up a path in the attached listing, with as few questions as possible."""
    row: Row | None = None
    start: int | None = 0
    for begin in range(0, len(parts), _LEVELS):
        names = parts[begin : begin + _LEVELS]
        folder = str(start)
        for number in range(1, len(names)):
            folder = _INNER.format(folder=folder, number=number)
        rows: list[Row] = database.execute(_LOOK_UP.format(folder=folder, number=len(names)), names).fetchall()
        check_rows(rows)
        row = rows[0] if rows else None
        start = row[6] if row is not None else None
        if start is None and begin + _LEVELS < len(parts):
            return None
    return row


def first_rows(read: Callable[[int], list[Row]]) -> dict[int, list[Row]]:
    """Return rows by folder number: of the root and, while a folder contains nothing but one folder, of that."""
    found: dict[int, list[Row]] = {}
    number: int | None = 0
    while number is not None:
        found[number] = rows = read(number)
        number = rows[0][6] if len(rows) == 1 else None
    return found


def entry_of(row: Row, folder: str) -> Entry:
    """Convert a row to an entry, given the path of its folder."""
    _, name, mode, size, mtime, target, number = row
    return Entry(f"{folder}/{name}" if folder else name, mode, size, mtime, target or "", number)
