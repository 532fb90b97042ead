"""Archives that are mounted, as recorded, and the repositories that they lock.

A mount is recorded before Borg starts, and its process is marked, so that it is found after any crash. Backups of its
repository have to wait until it is unmounted.
"""

from __future__ import annotations

import contextlib
import json
import shlex
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from borgdesk import private
from borgdesk.domain.errors import InUse
from borgdesk.domain.history import ProcessIdentity
from borgdesk.domain.repository import Repository
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.mount_table import read_mounts
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.engine.workspace import Workspace
from borgdesk.store.files import write
from borgdesk.translation import _

_SOURCE = "borgfs"
"""Borg's name for its file system in the mount table."""

_TOKEN = "BORGDESK_MOUNT"  # noqa: S105 - the name of a variable, and nothing secret


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted archive, or all archives of a repository."""

    id: str
    repository: str
    archive: str
    """Empty for all archives, each in a subfolder."""
    folder: str
    turn: str
    """The key shared by all configurations of the repository."""
    began_at: datetime
    starter: ProcessIdentity
    """The process that requested it."""
    belongs_to_starter: bool = False
    """Whether it ends with that process, as a mount of the window does, unlike one of the command line."""
    own_folder: bool = False
    """Whether the folder was created for it, and is removed with it."""

    @property
    def is_there(self) -> bool:
        """Whether it is mounted, even if its Borg is dead."""
        return is_mounted(self.folder)

    def servers(self) -> list[procfs.Process]:
        """Return its Borg processes."""
        return [one for one in procfs.processes() if procfs.has_marker(one.pid, self.marker)]

    @property
    def marker(self) -> frozenset[str]:
        """What marks its Borg processes."""
        return frozenset({f"{_TOKEN}={self.id}"})


def mounts(workspace: Workspace) -> list[Mount]:
    """Return the recorded mounts that were not unmounted, oldest first."""
    found = []
    for file in _folder(workspace).glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            found.append(_from_json(json.loads(file.read_bytes())))
    return sorted(found, key=lambda one: one.began_at)


def refuse_while_mounted(workspace: Workspace, repository: Repository) -> None:
    """Refuse to change a repository that a mount has locked, before anything waits for the lock.

    Raises:
        InUse: it is mounted; the sentence says where, and how to unmount it.
    """
    for one in mounts_of(workspace, repository):
        raise InUse(
            _(
                "“{name}” is mounted at {folder}, which locks it. Unmount it on the page Archives, or with: {line}"
            ).format(name=repository.name, folder=one.folder, line=line_that_unmounts(one))
        )


def line_that_unmounts(one: Mount) -> str:
    """Return the command that unmounts it, for a shell: folders of the window have blanks in their names."""
    return shlex.join(["borgdesk", "umount", one.folder])


def mounts_of(workspace: Workspace, repository: Repository) -> list[Mount]:
    """Return the mounts that lock *repository*, oldest first."""
    known = mounts(workspace)
    turn = turn_of(repository) if known else ""
    return [one for one in known if one.turn == turn and one.is_there and one.servers()]


def is_mounted(folder: str) -> bool:
    """Return whether Borg's file system is mounted, from the mount table: accessing a dead mount raises an error."""
    return any(one.point == folder and one.source == _SOURCE and one.kind.startswith("fuse") for one in read_mounts())


def _folder(workspace: Workspace) -> Path:
    return workspace.paths.state / "mounts"


def keep(workspace: Workspace, one: Mount) -> None:
    """Record a mount."""
    kept = {name: getattr(one, name) for name in Mount.__slots__}
    kept |= {"began_at": one.began_at.isoformat(), "starter": asdict(one.starter)}
    folder = _folder(workspace)
    private.make_missing(folder)
    write(folder / f"{one.id}.json", json.dumps(kept).encode(), 0o600)


def _from_json(kept: dict[str, Any]) -> Mount:
    return Mount(
        **kept | {"began_at": datetime.fromisoformat(kept["began_at"]), "starter": ProcessIdentity(**kept["starter"])}
    )


def forget(workspace: Workspace, one: Mount) -> None:
    """Remove the record of a mount, and the folder that was made for it."""
    if one.own_folder:
        with contextlib.suppress(OSError):
            Path(one.folder).rmdir()
    (_folder(workspace) / f"{one.id}.json").unlink(missing_ok=True)
