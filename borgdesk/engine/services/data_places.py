"""Finds out whether the data of what runs here are in the folders that are backed up, however either is reached.

A folder may have several paths: through a link, or because it is mounted a second time. So folders are compared by
what the kernel knows them by, and by where they are in their file system.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_probes import probe
from borgdesk.engine.processes.mount_table import MountEntry, read_mounts
from borgdesk.engine.services.service import Service, ServiceKind

_LIMIT = 3.0
"""Seconds that a form waits for a disk that does not respond."""


class Place(StrEnum):
    """Where data are."""

    INSIDE = "inside"
    """At least some of them are backed up."""
    OUTSIDE = "outside"
    """None of them are backed up."""
    UNKNOWN = "unknown"
    """They, or what is backed up, cannot be looked at."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for a service, given what is backed up."""

    service: Service
    """With the items whose data are, or may be, backed up."""
    is_on: bool
    place: Place | None = None
    """Of its data; None if nothing is known about them."""
    left_out: tuple[str, ...] = ()
    """The other items."""


def propose(services: Sequence[Service], sources: Sequence[str], cancel: Cancel | None = None) -> list[Proposal]:
    """Return a proposal for each service: only what is known to have no data in *sources* is not switched on."""
    folders = sorted({folder for one in services for paths in one.data.values() for folder in paths})
    places = _places(folders, sources, cancel) if folders else {}
    return [_proposal(one, places) for one in services]


def _proposal(service: Service, places: Mapping[str, Place]) -> Proposal:
    if not service.data:
        return Proposal(service, service.is_proposed)
    by_item = {
        item: _together([places[folder] for folder in service.data[item]]) if item in service.data else Place.UNKNOWN
        for item in service.items or service.data
    }
    place = _together([*by_item.values()])
    if place is Place.OUTSIDE:
        return Proposal(service, is_on=False, place=place)
    if service.kind is not ServiceKind.CONTAINERS:
        # The parts of a project belong together: one may keep the files of another consistent.
        return Proposal(service, service.is_proposed, place)
    left_out = tuple(item for item, where in by_item.items() if where is Place.OUTSIDE)
    stopped = service.with_items([item for item in service.items if item not in left_out]) if left_out else service
    return Proposal(stopped, service.is_proposed, place, left_out)


def _together(places: Sequence[Place]) -> Place:
    """Return where several folders are as a whole; without any, there is nothing that could be backed up."""
    return next((one for one in (Place.INSIDE, Place.UNKNOWN) if one in places), Place.OUTSIDE)


def _places(folders: Sequence[str], sources: Sequence[str], cancel: Cancel | None) -> dict[str, Place]:
    """Return where each folder is."""
    try:
        answers = probe([("lineage", path) for path in (*folders, *sources)], cancel, _LIMIT)
        mounts = read_mounts()
    except (BorgDeskError, OSError):
        return dict.fromkeys(folders, Place.UNKNOWN)
    found = [_Folder.of(answer, mounts) if isinstance(answer, dict) else None for answer in answers]
    data, backed_up = found[: len(folders)], found[len(folders) :]
    return {path: _place(one, backed_up) for path, one in zip(folders, data, strict=True)}


@dataclass(frozen=True, slots=True)
class _Folder:
    path: PurePosixPath
    """Without links, as far as it could be followed."""
    is_seen: bool
    ids: tuple[tuple[int, int] | None, ...]
    """Device and inode of the folder itself, and of each one above it; None for those that cannot be looked at."""
    parts: tuple[tuple[str, PurePosixPath], ...]
    """The file systems that it is on, or that are mounted below it, and where it is in each."""

    @staticmethod
    def of(lineage: Mapping[str, Any], mounts: Sequence[MountEntry]) -> _Folder:
        """Return what a probe found out about a folder."""
        path = PurePosixPath(lineage["path"])
        return _Folder(path, lineage["ids"][0] is not None, tuple(lineage["ids"]), tuple(_parts(path, mounts)))

    def has(self, other: _Folder) -> bool:
        """Return whether the other one is this one or below it."""
        return (
            other.path.is_relative_to(self.path)
            or (self.ids[0] is not None and self.ids[0] in other.ids)
            or any(
                number == mine and inside.is_relative_to(part)
                for mine, part in self.parts
                for number, inside in other.parts[:1]
            )
        )


def _parts(path: PurePosixPath, mounts: Sequence[MountEntry]) -> Iterator[tuple[str, PurePosixPath]]:
    # The last one of several at the same place hides the others.
    above = [one for one in reversed(mounts) if path.is_relative_to(one.point)]
    if above:
        mount = max(above, key=lambda one: len(one.point))
        yield mount.number, PurePosixPath(mount.root) / path.relative_to(mount.point)
    for one in mounts:
        if PurePosixPath(one.point).is_relative_to(path):
            yield one.number, PurePosixPath(one.root)


def _place(data: _Folder | None, sources: Sequence[_Folder | None]) -> Place:
    if data is None:
        return Place.UNKNOWN
    if any(one is not None and (one.has(data) or data.has(one)) for one in sources):
        return Place.INSIDE
    is_known = data.is_seen and all(one is not None and one.is_seen for one in sources)
    return Place.OUTSIDE if is_known else Place.UNKNOWN
