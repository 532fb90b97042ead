"""Lists of what a backup would contain or leave out, with the sizes of folders while they are being written."""

from __future__ import annotations

from pathlib import Path

from borgdesk.store.listing_writer import ListingWriter
from borgdesk.store.listings import Entry, Listing, Order, Row, entry_of, sorted_rows
from borgdesk.translation import N_


class PreviewWriter(ListingWriter):
    """As a listing of an archive that does not exist yet."""

    cannot_keep = N_("The preview cannot be stored in {folder}: {reason}.")

    def __init__(self, path: Path) -> None:
        """Start a list: nothing appears at *path* before :meth:`finish`."""
        super().__init__(path, "", "")

    def children(
        self, dir_number: int, order: Order = Order.NAME, *, descending: bool = False, limit: int = -1
    ) -> list[Row]:
        """Return the contents of a folder known so far, with the sizes that folders have so far."""
        rows = super().children(dir_number, limit=limit)
        sizes = self._sizes_so_far() if any(row[6] is not None for row in rows) else []
        sized = [row if row[6] is None else (*row[:3], sizes[row[6]], *row[4:]) for row in rows]
        return sorted_rows(sized, order, descending=descending)

    def _sizes_so_far(self) -> list[int]:
        sizes = self._sizes.copy()
        # Deeper folders have higher numbers.
        for number in range(len(sizes) - 1, 0, -1):
            sizes[self._parents[number]] += sizes[number]
        return sizes


_FOLDERS = """
SELECT item.parent, item.name, mode, dir.size, mtime, target, item.dir
FROM dir JOIN item ON item.parent = dir.parent AND item.name = dir.name
WHERE dir.id > 0 ORDER BY dir.size DESC LIMIT ?
"""
_FILES = """
SELECT parent, name, mode, size, mtime, target, dir FROM item WHERE dir IS NULL ORDER BY size DESC LIMIT ?
"""
_LEAVES = """
SELECT item.parent, item.name, mode, item.size, mtime, target, dir
FROM item LEFT JOIN dir ON dir.id = item.dir
WHERE mode != 0 AND (dir IS NULL OR dir.files = 0) ORDER BY item.size DESC, item.parent, item.name LIMIT ?
"""


class PreviewList(Listing):
    """A complete list."""

    def biggest(self, most: int) -> list[Entry]:
        """Return the folders and files that take most room, the biggest first.

        A folder in which one other folder takes all the room is left out.
        """
        # Each of the folders above the sources may be one of those.
        folders: list[Row] = self._ask(_FOLDERS, most + 100)
        inner = {(row[0], row[3]) for row in folders}
        telling = [row for row in folders if row[3] and (row[6], row[3]) not in inner]
        rows = sorted(telling + self._ask(_FILES, most), key=lambda row: (-row[3], row[6] is None, row[1]))
        return [entry_of(row, self.path_of(row[0])) for row in rows[:most]]

    def leaves(self, most: int) -> list[Entry]:
        """Return files, and folders of which nothing else is known, the biggest first."""
        return [entry_of(row, self.path_of(row[0])) for row in self._ask(_LEAVES, most)]
