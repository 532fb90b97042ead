"""A cache of differences between two archives: one immutable SQLite file per pair.

As with listings (:mod:`borgdesk.store.listings`), a file appears under its name only when it is complete.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from borgdesk.domain.bounds import LARGEST
from borgdesk.domain.change import ALL_KINDS, ChangeKind, kinds_of
from borgdesk.domain.errors import BorgDeskError
from borgdesk.store.cache_file import CacheFile, check_count, check_names, literal_pattern
from borgdesk.store.cache_writer import BATCH, CacheWriter
from borgdesk.translation import N_, _

FORMAT = 1
"""Version of the schema; a file of another version counts as missing."""

_PRAGMAS = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16000;"
_SCHEMA = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE item(
    parent INTEGER NOT NULL, name TEXT NOT NULL, kinds INTEGER NOT NULL, added INTEGER NOT NULL,
    removed INTEGER NOT NULL, note TEXT, dir INTEGER, PRIMARY KEY(parent, name)) WITHOUT ROWID;
CREATE TABLE dir(
    id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, name TEXT NOT NULL, kinds INTEGER NOT NULL,
    came INTEGER NOT NULL, went INTEGER NOT NULL, grew INTEGER NOT NULL, shrank INTEGER NOT NULL);
"""
"""Folders have the kinds of all changes in them, the bytes of what was added and removed, and separately those of what
was modified, so that totals add up if only some kinds are shown."""

_INSERT = "INSERT OR REPLACE INTO item(parent, name, kinds, added, removed, note) VALUES "
_ROW = "(?, ?, ?, ?, ?, ?)"
_NEW_DIR = """
INSERT INTO item VALUES (?, ?, 0, 0, 0, NULL, ?) ON CONFLICT(parent, name) DO UPDATE SET dir = excluded.dir
"""
_ENTRY = """
SELECT item.parent, item.name, item.kinds, coalesce(
    (:kinds & 1 = 1) * came + (:kinds & 8 = 8) * grew, added) AS added, coalesce(
    (:kinds & 2 = 2) * went + (:kinds & 8 = 8) * shrank, removed) AS removed, note, item.dir
FROM item LEFT JOIN dir ON dir.id = item.dir
WHERE (item.kinds | coalesce(dir.kinds, 0)) & :kinds
"""
_UNSOUND = f"""
SELECT 1 FROM item LEFT JOIN dir ON dir.id = item.dir LEFT JOIN dir AS above ON above.id = item.parent
WHERE above.id IS NULL OR NOT (
    typeof(item.parent) = 'integer' AND typeof(item.name) = 'text' AND instr(item.name, '/') = 0
    AND typeof(item.kinds) = 'integer' AND item.kinds BETWEEN 0 AND {ALL_KINDS}
    AND typeof(item.added) = 'integer' AND item.added BETWEEN 0 AND {LARGEST}
    AND typeof(item.removed) = 'integer' AND item.removed BETWEEN 0 AND {LARGEST}
    AND typeof(item.note) IN ('text', 'null') AND typeof(item.dir) IN ('integer', 'null'))
OR item.dir IS NOT NULL AND NOT (
    typeof(dir.parent) = 'integer' AND dir.parent = item.parent AND dir.id > dir.parent
    AND typeof(dir.name) = 'text' AND dir.name = item.name
    AND typeof(dir.kinds) = 'integer' AND dir.kinds BETWEEN 0 AND {ALL_KINDS}
    AND typeof(dir.came) = 'integer' AND dir.came BETWEEN 0 AND {LARGEST}
    AND typeof(dir.went) = 'integer' AND dir.went BETWEEN 0 AND {LARGEST}
    AND typeof(dir.grew) = 'integer' AND dir.grew BETWEEN 0 AND {LARGEST}
    AND typeof(dir.shrank) = 'integer' AND dir.shrank BETWEEN 0 AND {LARGEST})
LIMIT 1
"""  # noqa: S608 - the values are constants
"""Finds a change that no difference contains; the same rules as those for rows that are shown."""

assert (ChangeKind.ADDED.bit, ChangeKind.REMOVED.bit, ChangeKind.MODIFIED.bit) == (1, 2, 8)

_ORDERS = {"name": "item.name", "added": "added", "removed": "removed", "kind": "item.kinds"}

Change = tuple[str, int, int, int, str]
"""Path, kinds, added bytes, removed bytes, note; see :mod:`borgdesk.borg.difference`."""

Row = tuple[int, str, int, int, int, str | None, int | None]
"""A stored change: number of its folder, name, kinds, added bytes, removed bytes, note, and its own number if it
contains changes. A plain tuple because a folder can have 100,000; :func:`changed_entry` converts one."""


class DifferenceLost(BorgDeskError):
    """The difference is gone from the cache, or damaged."""


@dataclass(frozen=True, slots=True)
class ChangedEntry:
    """A changed path, or a folder that contains changed paths."""

    path: str
    kinds: tuple[ChangeKind, ...]
    """What changed, most significant first; empty if only the contents of the folder changed."""
    added: int
    """Added bytes; for a folder, the sum over its contents."""
    removed: int
    note: str = ""
    """Old and new owner or mode."""
    dir: int | None = None
    """For a folder that contains changes, the number to query them by."""

    @property
    def name(self) -> str:
        """Last component of the path."""
        return self.path.rpartition("/")[2]


class DifferenceWriter(CacheWriter):
    """Writes the difference between two archives."""

    cannot_keep = N_("The comparison cannot be stored in {folder}: {reason}.")

    def __init__(self, path: Path, meta: dict[str, str]) -> None:
        """Start writing: nothing appears at *path* before :meth:`finish`. *meta* identifies the difference."""
        super().__init__(path, _PRAGMAS + _SCHEMA, {"format": str(FORMAT), **meta})
        self._dirs = {"": 0}
        self._parents, self._names, self._kinds = [0], [""], [0]
        self._came, self._went, self._grew, self._shrank = [0], [0], [0], [0]
        self._waiting: list[tuple[int, str, int, int, int, str | None]] = []
        self.rows = 0

    def add(self, rows: Iterable[Change]) -> None:
        """Add changes."""
        last, place = None, 0
        waiting, all_kinds = self._waiting, self._kinds
        came, went, grew, shrank = self._came, self._went, self._grew, self._shrank
        before = len(waiting)
        for path, kinds, added, removed, note in rows:
            folder, _slash, name = path.rpartition("/")
            if folder != last:
                last, place = folder, self._dir(folder)
            all_kinds[place] |= kinds
            if kinds & ChangeKind.MODIFIED.bit:
                grew[place] += added
                shrank[place] += removed
            else:
                came[place] += added
                went[place] += removed
            waiting.append((place, name, kinds, added, removed, note or None))
        self.rows += len(waiting) - before
        if len(waiting) >= BATCH:
            self._flush()

    def finish(self) -> Difference:
        """Complete the difference and return it for reading."""
        self._flush()
        self._add_up()
        with self._told():
            self._write_folders()
            self._publish()
        return Difference(self._path)

    def _add_up(self) -> None:
        # Deeper folders have higher numbers.
        for number in range(len(self._parents) - 1, 0, -1):
            parent = self._parents[number]
            self._kinds[parent] |= self._kinds[number]
            for sums in (self._came, self._went, self._grew, self._shrank):
                sums[parent] += sums[number]

    def _write_folders(self) -> None:
        count = range(len(self._parents))
        # The numbers are those of a repository that may be hostile.
        sums = [[min(one, LARGEST) for one in each] for each in (self._came, self._went, self._grew, self._shrank)]
        columns = (self._parents, self._names, self._kinds, *sums)
        self._database.execute("BEGIN")
        # After all changes, since a folder that changed itself already has a row.
        self._database.executemany(_NEW_DIR, zip(self._parents[1:], self._names[1:], count[1:], strict=True))
        self._database.executemany("INSERT INTO dir VALUES (?, ?, ?, ?, ?, ?, ?, ?)", zip(count, *columns, strict=True))
        self._add_meta({"rows": str(self.rows)})
        self._database.execute("COMMIT")

    def _dir(self, path: str) -> int:
        number = self._dirs.get(path)
        if number is None:
            folder, _slash, name = path.rpartition("/")
            parent = self._dir(folder)
            number = self._dirs[path] = len(self._parents)
            self._parents.append(parent)
            self._names.append(name)
            for sums in (self._kinds, self._came, self._went, self._grew, self._shrank):
                sums.append(0)
        return number

    def _flush(self) -> None:
        with self._told():
            self._database.execute("BEGIN")
            self._insert(_INSERT, _ROW, self._waiting)
            self._database.execute("COMMIT")
        self._waiting.clear()


class Difference(CacheFile):
    """Read access to the difference between two archives."""

    FORMAT = FORMAT
    Lost = DifferenceLost

    def totals(self, kinds: int = ALL_KINDS) -> tuple[int, int]:
        """Return added and removed bytes."""
        found = self._ask("SELECT came, went, grew, shrank FROM dir WHERE id = 0")
        with self._damage_told():
            (sums,) = found
            came, went, grew, shrank = map(check_count, sums)
        modified = bool(kinds & ChangeKind.MODIFIED.bit)
        return (
            bool(kinds & ChangeKind.ADDED.bit) * came + modified * grew,
            bool(kinds & ChangeKind.REMOVED.bit) * went + modified * shrank,
        )

    def rows_in(
        self, dir_number: int, *, kinds: int = ALL_KINDS, order: str = "name", descending: bool = False
    ) -> list[Row]:
        """Return the changes in a folder: folders first, by *order*: ``name``, ``added``, ``removed`` or ``kind``."""
        way = "DESC" if descending else "ASC"
        return self._ask_rows(
            f"{_ENTRY} AND item.parent = :parent ORDER BY item.dir IS NULL, {_ORDERS[order]} {way}, item.name",
            {"parent": dir_number, "kinds": kinds},
        )

    def children(
        self, dir_number: int = 0, *, kinds: int = ALL_KINDS, order: str = "name", descending: bool = False
    ) -> list[ChangedEntry]:
        """Like :meth:`rows_in`, as entries."""
        prefix = self.path_of(dir_number)
        rows = self.rows_in(dir_number, kinds=kinds, order=order, descending=descending)
        return [changed_entry(row, prefix) for row in rows]

    def find(self, text: str, *, kinds: int = ALL_KINDS, limit: int = -1) -> list[ChangedEntry]:
        """Return changes whose name contains *text*, ignoring the case of ASCII letters."""
        return sorted((changed_entry(row, "") for row in self.find_rows(text, kinds, limit=limit)), key=_path)

    def find_rows(
        self, text: str, kinds: int = ALL_KINDS, order: str = "name", *, descending: bool = False, limit: int = -1
    ) -> list[Row]:
        """Like :meth:`find`, as rows of the root whose names are complete paths."""
        way = "DESC" if descending else "ASC"
        rows = self._ask_rows(
            f"{_ENTRY} AND item.kinds & :kinds AND item.name LIKE :pattern ESCAPE '\\' "
            f"ORDER BY {_ORDERS[order]} {way}, item.name LIMIT :limit",
            {"kinds": kinds, "pattern": literal_pattern(text), "limit": limit},
        )
        prefixes = {parent: self.path_of(parent) for parent in {row[0] for row in rows}}
        return [(0, changed_entry(row, prefixes[row[0]]).path, *row[2:6], None) for row in rows]

    def get(self, path: str) -> ChangedEntry | None:
        """Return one path, with or without a leading ``/``; the root always exists."""
        parts = [part for part in path.split("/") if part]
        if not parts:
            return ChangedEntry("", (), *self.totals(), dir=0)
        place: int | None = 0
        found: list[Row] = []
        for part in parts:
            found = self._ask_rows(
                f"{_ENTRY} AND item.parent = :parent AND item.name = :name",
                {"kinds": ALL_KINDS, "parent": place, "name": part},
            )
            if not found:
                return None
            place = found[0][6]
        return changed_entry(found[0], "/".join(parts[:-1]))

    def below(self, entry: ChangedEntry, kinds: int = ALL_KINDS) -> Iterator[ChangedEntry]:
        """Yield a path and everything below it that changed itself, folders before their contents."""
        waiting = [entry]
        while waiting:
            one = waiting.pop()
            if one.path and any(kind.bit & kinds for kind in one.kinds):
                yield one
            if one.dir is not None:
                waiting += reversed(self.children(one.dir, kinds=kinds))

    def check(self) -> None:
        """Look through all of it, before the first part is shown of what cannot be taken back.

        Raises:
            DifferenceLost: it is damaged.
        """
        for (found,) in self._ask("PRAGMA quick_check(1)"):
            if found != "ok":
                raise self._lost(sqlite3.DatabaseError(str(found)))
        if self._ask(_UNSOUND):
            raise self._lost(sqlite3.DatabaseError("a change has impossible values"))

    def _lost_sentence(self) -> str:
        return _("The comparison of these archives is damaged or gone. Compare them again.")

    def _check_rows(self, rows: list[Row]) -> None:
        for parent, _name, kinds, added, removed, note, number in rows:
            if type(parent + kinds + added + removed) is not int or not (
                parent >= 0 and 0 <= kinds <= ALL_KINDS and added >= 0 and removed >= 0
            ):
                raise ValueError("a change has impossible numbers")
            # Folders have higher numbers than those that they are in, so that none is in itself.
            if number is not None and (type(number) is not int or number <= parent):
                raise ValueError("a folder has an impossible number")
            if note is not None and type(note) is not str:
                raise ValueError("a note is no text")
        check_names(row[1] for row in rows)


def changed_entry(row: Row, folder: str) -> ChangedEntry:
    """Convert a row; *folder* is the path of its folder."""
    _parent, name, kinds, added, removed, note, number = row
    return ChangedEntry(f"{folder}/{name}" if folder else name, kinds_of(kinds), added, removed, note or "", number)


def _path(entry: ChangedEntry) -> str:
    return entry.path
