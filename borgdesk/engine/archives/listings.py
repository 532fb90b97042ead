"""The contents of archives, from the cache or from one call of Borg."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from borgdesk import private
from borgdesk.borg.listing import ListingReader
from borgdesk.domain.archive import Archive
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import kept_archives, reading
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.store.cache_writer import CannotKeep
from borgdesk.store.listing_writer import ListingWriter
from borgdesk.store.listings import Listing, ListingLost, trim

T = TypeVar("T")

_log = logging.getLogger(__name__)

BUDGET = 2 * 1024**3
"""Bytes of all cached listings together."""


def listing_file(workspace: Workspace, archive: Archive) -> Path:
    """Return the cache file for the listing of an archive."""
    return workspace.paths.cache / "listings" / archive.repository_id / f"{archive.id}.db"


def kept_listing(workspace: Workspace, archive: Archive) -> Listing | None:
    """Return the cached listing of an archive, or None."""
    return Listing.open(listing_file(workspace, archive), archive.repository_id, archive.id)


def ask_kept(workspace: Workspace, archive: Archive, question: Callable[[Listing], T]) -> T | None:
    """Query a cached listing; None if the archive was never listed, or its listing is damaged."""
    listing = kept_listing(workspace, archive)
    if listing is None:
        return None
    try:
        with listing:
            return question(listing)
    except ListingLost:
        return None


def kept_ids(workspace: Workspace, repository_id: str) -> set[str]:
    """Return the ids of the archives whose listings are in the cache."""
    folder = workspace.paths.cache / "listings" / repository_id
    return {file.stem for file in folder.glob("*.db")}


def listing_of(
    workspace: Workspace,
    repository: Repository,
    archive: Archive,
    cancel: Cancel | None = None,
    watch: Callable[[ListingWriter], None] = lambda _: None,
) -> Listing:
    """Return the listing of an archive, from Borg if it is not cached; *watch* gets the writer meanwhile.

    Raises:
        NotFound: the archive does not exist any more.
        BorgDeskError: Borg failed, or its output is not a listing.
        InUse: a run is using the repository.
        Stopped: *cancel* was asked.
    """
    kept = kept_listing(workspace, archive)
    if kept is not None:
        return kept
    with reading(workspace, repository, cancel or Cancel()) as borg:
        borg.confirm(archive)

        def ask(take: Callable[[bytes], None]) -> None:
            borg.ask(lambda call: call.list_items(repository.location, archive), take)

        return read_listing(workspace, repository, archive, ask, watch)


def ask_listing(
    workspace: Workspace,
    repository: Repository,
    archive: Archive,
    question: Callable[[Listing], T],
    cancel: Cancel | None = None,
) -> T:
    """Return what *question* makes of the listing of an archive. If it turns out to be damaged, Borg makes it anew.

    Raises:
        ListingLost: the new one is damaged, too.
        BorgDeskError: as for :func:`listing_of`.
        Exception: whatever *question* raises.
    """
    try:
        with listing_of(workspace, repository, archive, cancel) as listing:
            return question(listing)
    except ListingLost:
        _log.info("the listing of %s is made anew", archive.name)
    with listing_of(workspace, repository, archive, cancel) as listing:
        return question(listing)


def read_listing(
    workspace: Workspace,
    repository: Repository,
    archive: Archive,
    ask: Callable[[Callable[[bytes], None]], None],
    watch: Callable[[ListingWriter], None] = lambda _: None,
) -> Listing:
    """Make the listing of an archive of what Borg prints: *ask* calls it, and hands on its output.

    If it cannot be cached, for example because the disk is full, it is made again where temporary files are.

    Raises:
        UnexpectedReply: that is no listing.
        CannotKeep: there is no room for it there either.
        Exception: whatever *ask* raises.
    """
    path = listing_file(workspace, archive)
    try:
        listing = _written(path, archive, ask, watch)
    except CannotKeep as error:
        _log.warning("%s", error)
        with private.temporary_folder("borgdesk-") as folder:
            # It is open, and can be read though it has no name any more.
            return _written(folder / path.name, archive, ask, watch)
    found = kept_archives(workspace, repository)
    newest = found.archives[0] if found is not None and found.archives else archive
    trim(path.parent.parent, BUDGET, (path, listing_file(workspace, newest)))
    return listing


def _written(
    path: Path,
    archive: Archive,
    ask: Callable[[Callable[[bytes], None]], None],
    watch: Callable[[ListingWriter], None],
) -> Listing:
    reader, writer = ListingReader(), ListingWriter(path, archive.repository_id, archive.id)

    def take(chunk: bytes) -> None:
        writer.add(reader.feed(chunk))
        watch(writer)

    try:
        ask(take)
        reader.finish()
        listing = writer.finish()
    except BaseException:
        writer.discard()
        raise
    return listing
