"""Where a new repository could be: the home folder of this computer, and the disks that are connected."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.processes.file_probes import probe
from borgdesk.engine.processes.mount_table import read_mounts
from borgdesk.engine.repositories.free_space import SPACE_LIMIT, free_in

_USUAL = ("/media/", "/run/media/", "/mnt/", "/Volumes/")
"""Disks for people, as opposed to parts of the system, are mounted below these."""
_MOST = 4
NAME = "borg-backup"
"""Of the folder that is offered."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that exists, and could get a repository."""

    folder: str
    is_disk: bool
    """Whether it is on a disk of its own."""
    free: int | None
    """Bytes that are left there; None if nobody knows."""

    @property
    def name(self) -> str:
        """The name of the disk."""
        return Path(self.folder).name or self.folder

    @property
    def location(self) -> str:
        """The path of the new repository: on a disk, several computers may have one."""
        return str(Path(self.folder) / (f"{NAME}-{socket.gethostname()}" if self.is_disk else NAME))


def find_places() -> list[Place]:
    """Return the home folder, then the disks; one that does not respond is left out."""
    home = str(Path.home())
    folders = [home, *_disks()]
    try:
        answers = probe([("space", folder) for folder in folders], limit=SPACE_LIMIT)
    except BorgDeskError:
        answers = [None] * len(folders)
    found = [Place(folder, folder != home, free_in([answer])) for folder, answer in zip(folders, answers, strict=True)]
    return [place for place in found if not place.is_disk or place.free is not None]


def _disks() -> list[str]:
    """Return the mount points of disks that can be written to."""
    try:
        mounts = read_mounts()
    except OSError:
        return []
    found = [
        one.point
        for one in mounts
        if one.source.startswith("/dev/") and one.point.startswith(_USUAL) and one.is_writable
    ]
    return list(dict.fromkeys(found))[:_MOST]
