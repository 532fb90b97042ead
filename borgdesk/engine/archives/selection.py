"""The items of an archive that are selected for a restore, and where each of them is restored to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import InvalidInput, NotFound
from borgdesk.engine.archives.placement import OnConflict
from borgdesk.store.listings import Entry, Listing
from borgdesk.translation import _

_MOST_LINKS = 500
"""Links with items below them, as arguments for Borg."""


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """What is to be restored, and where to."""

    paths: tuple[str, ...] = ()
    """As the archive has them; none for all of it."""
    folder: Path | None = None
    """Where to; None for the original places."""
    on_conflict: OnConflict = OnConflict.KEEP
    full_paths: bool = False
    """In a folder: with all folders above what is selected, not only what is selected."""
    verify: bool = False
    """Whether contents are compared with the archive, too, before anything is placed."""

    @property
    def root(self) -> Path:
        """The folder that everything will be below."""
        return Path("/") if self.folder is None else self.folder.absolute()


class Selection:
    """The selected part of a listing."""

    def __init__(self, listing: Listing, archive: Archive, request: RestoreRequest) -> None:
        """Look up what is wanted.

        Raises:
            NotFound: the archive does not have a path.
            InvalidInput: there is nothing in the archive, or a path that cannot be trusted.
        """
        self._listing, self._archive, self.request = listing, archive, request
        self.root = request.root
        self.entries = self._select()
        self.through = [path for path in listing.through if self._has_selected(path)]
        """Links that Borg would follow when it extracts what is below them, to whatever they refer to here."""
        outside = [path for path in listing.outside if self._has_selected(path)]
        if outside or len(self.through) > _MOST_LINKS:
            raise InvalidInput(
                _("The archive “{archive}” cannot be restored: its path “{path}” leads out of the folder.").format(
                    archive=archive.name, path=[*outside, *self.through][0]
                )
            )
        self.cut = self._common_part()
        """What is left away from the beginning of paths."""

    def _has_selected(self, path: str) -> bool:
        return any(is_inside(path, one.path) for one in self.entries)

    def _select(self) -> list[Entry]:
        if not self.request.paths:
            selected = self._listing.children()
        else:
            selected = [one for path in self.request.paths for one in self._found(path)]
        if not selected:
            raise InvalidInput(
                _("The archive “{archive}” is empty: there is nothing to restore.").format(archive=self._archive.name)
            )
        # What is in a selected folder is selected.
        unique = {entry.path: entry for entry in selected}
        return [one for path, one in unique.items() if unique.keys().isdisjoint(_folders_above(path))]

    def _found(self, path: str) -> list[Entry]:
        entry = self._listing.get(path)
        if entry is None:
            raise NotFound(
                _("There is no “{path}” in the archive “{archive}”.").format(path=path, archive=self._archive.name)
            )
        return [entry] if entry.path else self._listing.children()

    def _common_part(self) -> str:
        """In the original places, and with full paths, nothing."""
        request = self.request
        if request.folder is None or request.full_paths or not request.paths:
            return ""
        return os.path.commonpath([entry.path.rpartition("/")[0] for entry in self.entries])

    @property
    def paths(self) -> list[str]:
        """What Borg is asked for; nothing for all of it."""
        return [entry.path for entry in self.entries] if self.request.paths else []

    def place_of(self, entry: Entry) -> Path:
        """Where an item will be."""
        return self.root / entry.path[len(self.cut) :].lstrip("/")

    def items(self) -> Iterator[Entry]:
        """All that is selected, with all that is in it."""
        for entry in self.entries:
            yield from self._listing.below(entry)

    def on_the_way(self) -> Iterator[Entry]:
        """All folders that the archive has only as parts of paths."""
        waiting = list(self.entries)
        while waiting:
            one = waiting.pop()
            if one.dir is not None and not one.mode:
                yield one
                waiting += self._listing.children(one.dir)

    def has(self, path: str) -> bool:
        """Whether the archive has something at *path*."""
        return self._listing.get(path) is not None

    def amount(self) -> tuple[int, int]:
        """Files and bytes; a folder without any files counts as one, as when it is placed."""
        items = size = 0
        for entry in self.entries:
            items += 1 if entry.dir is None else max(self._listing.totals(entry.dir)[1], 1)
            size += entry.size
        return items, size


def is_inside(path: str, folder: str) -> bool:
    """Whether *path* is *folder*, or in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _folders_above(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path
