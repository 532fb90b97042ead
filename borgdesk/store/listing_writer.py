"""Writes the listing of an archive while Borg prints it, and answers queries about folders meanwhile."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable
from pathlib import Path

from borgdesk.domain.bounds import LARGEST
from borgdesk.store.cache_writer import BATCH, CacheWriter
from borgdesk.store.listings import FORMAT, SCHEMA, Listing, Order, Row, sorted_rows
from borgdesk.translation import N_

_OUTSIDE = ("..", ".", "")
"""Names that no folder has: a path with one may lead out of the folder that it is extracted to."""

_PRAGMAS = "PRAGMA page_size=16384; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16000;"
_INSERT_FILES = "INSERT OR REPLACE INTO item(parent, name, mode, size, mtime) VALUES "
_FILE = "(?, ?, ?, ?, ?)"
_SO_FAR = "SELECT parent, name, mode, size, mtime, target, dir FROM item WHERE parent = ? LIMIT ?"

Item = tuple[str, int, int, int, str]
"""Path, mode, size, modification time in microseconds, target; see :mod:`borgdesk.borg.listing`."""


class ListingWriter(CacheWriter):
    """Writes the listing of one archive; only the thread that created it may use it."""

    cannot_keep = N_("The contents of the archive cannot be stored in {folder}: {reason}.")

    def __init__(self, path: Path, repository: str, archive: str) -> None:
        """Start a listing: nothing appears at *path* before :meth:`finish`."""
        meta = {"format": str(FORMAT), "repository": repository, "archive": archive}
        super().__init__(path, _PRAGMAS + SCHEMA, meta)
        self._dirs = {"": 0}
        self._parents, self._names = [0], [""]
        self._sizes, self._files = [0], [0]
        self._waiting: list[tuple[int, str, int, int, int]] = []
        """Files, the most frequent kind of items."""
        self._others: list[Row] = []
        self._links: list[tuple[int, str, str]] = []
        self._symlinks: set[str] = set()
        self._outside: list[str] = []
        self.rows = 0

    def add(self, items: Iterable[Item]) -> None:
        """Add items in the order of the archive.

        Raises:
            CannotKeep: The disk of the cache is full or read-only.
        """
        last, place = None, 0
        waiting, sizes, files = self._waiting, self._sizes, self._files
        for path, mode, size, mtime, target in items:
            folder, _, name = path.rpartition("/")
            if folder != last:
                last, place = folder, self._dir(folder)
            self.rows += 1
            if stat.S_ISDIR(mode):
                self._others.append((place, name, mode, 0, mtime, None, self._dir(path)))
                continue
            sizes[place] += size
            files[place] += 1
            if not target:
                waiting.append((place, name, mode, size, mtime))
                continue
            self._others.append((place, name, mode, size, mtime, target, None))
            if stat.S_ISREG(mode):
                self._links.append((place, name, target))
            else:
                self._symlinks.add(path)
        if len(waiting) + len(self._others) >= BATCH:
            with self._told():
                self._flush()

    def children(
        self, dir_number: int, order: Order = Order.NAME, *, descending: bool = False, limit: int = -1
    ) -> list[Row]:
        """Return the contents of a folder known so far; the sizes of folders are still unknown and 0."""
        with self._told():
            self._flush()
            rows = self._database.execute(_SO_FAR, (dir_number, limit)).fetchall()
        return sorted_rows(rows, order, descending=descending)

    def finish(self) -> Listing:
        """Complete the listing and return it for reading.

        Raises:
            CannotKeep: The disk of the cache is full or read-only.
        """
        with self._told():
            self._flush()
            for place, name, target in self._links:
                self._take_size(place, name, target)
            self._add_up()
            through, outside = json.dumps(self._folders_of_links()), json.dumps(self._outside)
            self._add_meta({"rows": str(self.rows), "through": through, "outside": outside})
            self._publish()
        return Listing(self._path)

    def _folders_of_links(self) -> list[str]:
        """Return symbolic links with items below them, which are listed as folders."""
        found = sorted(self._symlinks & self._dirs.keys())
        for path in found:
            number = self._dirs[path]
            row = (self._parents[number], self._names[number], 0, 0, 0, None, number)
            self._database.execute("INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return found

    def _dir(self, path: str) -> int:
        number = self._dirs.get(path)
        if number is None:
            folder, _, name = path.rpartition("/")
            parent = self._dir(folder)
            if name in _OUTSIDE:
                self._outside.append(path)
            number = self._dirs[path] = len(self._parents)
            self._parents.append(parent)
            self._names.append(name)
            self._sizes.append(0)
            self._files.append(0)
            # The archive need not contain the folders above a source; an item for one replaces this row.
            self._others.append((parent, name, 0, 0, 0, None, number))
        return number

    def _flush(self) -> None:
        self._database.execute("BEGIN")
        self._insert(_INSERT_FILES, _FILE, self._waiting)
        self._database.executemany("INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?, ?, ?, ?)", self._others)
        self._database.execute("COMMIT")
        self._waiting.clear()
        self._others.clear()

    def _take_size(self, place: int, name: str, target: str) -> None:
        """Record a further name of a hard link: it has the size of the first one, and is counted once."""
        folder, _, first = target.rpartition("/")
        number = self._dirs.get(folder)
        if number is not None:
            self._database.execute(
                "UPDATE item SET size = coalesce((SELECT size FROM item WHERE parent = ? AND name = ?), 0) "
                "WHERE parent = ? AND name = ?",
                (number, first, place, name),
            )

    def _add_up(self) -> None:
        # Deeper folders have higher numbers.
        for number in range(len(self._parents) - 1, 0, -1):
            self._sizes[self._parents[number]] += self._sizes[number]
            self._files[self._parents[number]] += self._files[number]
        # They are those of a repository that may be hostile.
        sizes = [min(size, LARGEST) for size in self._sizes]
        self._database.execute("BEGIN")
        self._database.executemany(
            "INSERT INTO dir VALUES (?, ?, ?, ?, ?)",
            zip(range(len(self._parents)), self._parents, self._names, sizes, self._files, strict=True),
        )
        self._database.execute("COMMIT")
