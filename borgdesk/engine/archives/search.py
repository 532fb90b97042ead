"""Searches cached listings, and finds the versions of a file, without calling Borg."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import NotFound, Stopped
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import ArchiveList
from borgdesk.engine.archives.listings import ask_kept, kept_ids, listing_file, listing_of
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.store.listings import Entry, entry_of, find_everywhere


@dataclass(frozen=True, slots=True)
class Hit:
    """A path that was found."""

    entry: Entry
    """As in the newest archive that contains it."""
    archive: Archive
    """The newest archive that contains it."""
    archives: int = 1
    """Number of archives that contain it."""


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search."""

    hits: tuple[Hit, ...]
    """By path."""
    searched: int
    """Number of archives."""
    left_out: int = 0
    """Number of archives that were never listed."""
    is_cut: bool = False
    """Whether there are more."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a file, with all archives that contain it."""

    entry: Entry
    archives: tuple[Archive, ...]
    """Newest first."""


def find_in(
    workspace: Workspace, archives: tuple[Archive, ...], text: str, limit: int, cancel: Cancel | None = None
) -> Found:
    """Find paths whose last component contains *text* in those *archives* that were listed; each path once.

    Raises:
        Stopped: *cancel* was asked.
    """
    hits: dict[str, Hit] = {}
    searched, is_cut = 0, False
    for archive in _kept(workspace, archives):
        if cancel is not None and cancel.asked:
            raise Stopped
        entries = ask_kept(workspace, archive, lambda listing: listing.find(text, limit + 1))
        if entries is None:
            continue
        searched += 1
        for entry in entries:
            known = hits.get(entry.path)
            if known is not None:
                hits[entry.path] = Hit(known.entry, known.archive, known.archives + 1)
            elif len(hits) < limit:
                hits[entry.path] = Hit(entry, archive)
            else:
                is_cut = True
    in_order = tuple(hits[path] for path in sorted(hits))
    return Found(in_order, searched, len(archives) - searched, is_cut)


def versions(workspace: Workspace, found: ArchiveList, path: str) -> list[Version]:
    """Return every different version of a file in the cached listings, newest first."""
    different: dict[tuple[int, int, int, str], list[Archive]] = {}
    entries: dict[tuple[int, int, int, str], Entry] = {}
    archives = _kept(workspace, found.archives)
    rows = find_everywhere([listing_file(workspace, one) for one in archives], path)
    folder = path.strip("/").rpartition("/")[0]
    for archive, row in zip(archives, rows, strict=True):
        if row is not None:
            entry = entry_of(row, folder)
            key = (entry.mode, entry.size, entry.mtime, entry.target)
            entries.setdefault(key, entry)
            different.setdefault(key, []).append(archive)
    return [Version(entries[key], tuple(archives)) for key, archives in different.items()]


def unread(workspace: Workspace, found: ArchiveList) -> list[Archive]:
    """Return the archives that were never listed, which searches leave out, newest first."""
    kept = {archive.id for archive in _kept(workspace, found.archives)}
    return [archive for archive in found.archives if archive.id not in kept]


def read_all(
    workspace: Workspace,
    repository: Repository,
    found: ArchiveList,
    cancel: Cancel,
    progress: Callable[[float], None] = lambda _: None,
) -> None:
    """List all archives that were never listed. *progress* gets how much of it is done, from 0 to 1, after each.

    Raises:
        BorgDeskError: Borg failed.
        InUse: a run is using the repository.
        Stopped: *cancel* was asked.
    """
    archives = unread(workspace, found)
    for number, archive in enumerate(archives, 1):
        # Another program may have deleted it meanwhile.
        with contextlib.suppress(NotFound), listing_of(workspace, repository, archive, cancel):
            pass
        progress(number / len(archives))


def _kept(workspace: Workspace, archives: Sequence[Archive]) -> list[Archive]:
    """Return those of one repository's archives that were listed."""
    kept = kept_ids(workspace, archives[0].repository_id) if archives else ()
    return [archive for archive in archives if archive.id in kept]
