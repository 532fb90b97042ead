"""Finds the existing files that differ from those to be restored, so that the user can be asked once, beforehand."""

from __future__ import annotations

import stat
from dataclasses import dataclass

from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import Stopped
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.listings import ask_listing
from borgdesk.engine.archives.selection import RestoreRequest, Selection
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.store.listings import Entry, Listing

_MOST_NAMED = 5
_TIME_GRAIN = 2
"""Microseconds: Borg rounds the times that it lists."""


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Files that exist at the destination and differ from the archive."""

    count: int
    newer: int
    """How many of them were modified later than the file in the archive."""
    examples: tuple[str, ...]
    """Paths of the first of them."""


def conflicts(
    workspace: Workspace,
    repository: Repository,
    archive: Archive,
    request: RestoreRequest,
    cancel: Cancel | None = None,
) -> Conflicts:
    """Compare the selection with the destination.

    Raises:
        BorgDeskError: The selection is invalid, or Borg could not list the archive.
        Stopped: *cancel* was requested.
    """

    def compare(listing: Listing) -> Conflicts:
        return _compared(Selection(listing, archive, request), cancel)

    return ask_listing(workspace, repository, archive, compare, cancel)


def _compared(selection: Selection, cancel: Cancel | None) -> Conflicts:
    count = newer = 0
    examples: list[str] = []
    for entry in selection.items():
        if cancel is not None and cancel.asked:
            raise Stopped
        place = selection.place_of(entry)
        try:
            there = place.lstat()
        except OSError:
            continue
        if not _differs(entry, there.st_mode, there.st_size, there.st_mtime_ns // 1000):
            continue
        count += 1
        newer += there.st_mtime_ns // 1000 > entry.mtime
        if len(examples) < _MOST_NAMED:
            examples.append(str(place))
    return Conflicts(count, newer, tuple(examples))


def _differs(entry: Entry, mode: int, size: int, mtime: int) -> bool:
    """Whether a restore would call it a different file; two folders are one."""
    if entry.is_folder or stat.S_ISDIR(mode):
        return entry.is_folder != stat.S_ISDIR(mode)
    if stat.S_IFMT(mode) != stat.S_IFMT(entry.mode):
        return True
    return not entry.is_link and (size != entry.size or abs(mtime - entry.mtime) > _TIME_GRAIN)
