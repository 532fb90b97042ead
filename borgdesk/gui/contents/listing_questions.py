"""Questions to cached listings, asked in the background; and how the number of files in an archive is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from borgdesk.domain.archive import Archive
from borgdesk.engine.archives.archive_list import ArchiveList
from borgdesk.engine.archives.listings import kept_listing
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import words
from borgdesk.store.listings import Listing, Order, Row, first_rows, sorted_rows
from borgdesk.translation import ngettext


def kept_path(workspace: Workspace, archive: Archive) -> Path | None:
    """Return the file of a cached listing, or None."""
    listing = kept_listing(workspace, archive)
    if listing is None:
        return None
    with listing:
        return listing.path


def totals(path: Path) -> tuple[int, int]:
    """Return the size and the number of files of an archive."""
    with Listing(path) as listing:
        return listing.totals()


def rows_of(path: Path, numbers: tuple[int, ...], order: Order, descending: bool) -> dict[int, list[Row]]:
    """Return the rows of folders."""
    with Listing(path) as listing:
        return {number: listing.rows_of(number, order, descending=descending) for number in numbers}


def top_rows(path: Path, order: Order, descending: bool) -> dict[int, list[Row]]:
    """Return the rows of the topmost folders."""
    with Listing(path) as listing:
        return first_rows(partial(listing.rows_of, order=order, descending=descending))


def in_order(inside: Mapping[int, Sequence[Row]], order: Order, descending: bool) -> dict[int, list[Row]]:
    """Return rows that are known already in another order."""
    return {number: sorted_rows(rows, order, descending=descending) for number, rows in inside.items()}


def how_many(found: ArchiveList | None, archive: Archive | None, listed: int) -> str:
    """Return the number of files as Borg counts them; if it is not known, that of all items that are not folders."""
    archives = found.archives if found is not None else ()
    counted = next((one.files for one in archives if archive is not None and one.id == archive.id), None)
    if counted is not None:
        return words.files(counted)
    said = ngettext("{count} file or link", "{count} files and links", listed)
    return said.format(count=words.number(listed))
