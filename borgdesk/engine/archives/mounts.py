"""Mounts archives as folders, through a Borg process in the background, and unmounts them.

A mount is recorded before Borg starts, and its process is marked, so that it is found after any crash. Borg keeps the
repository locked while it is mounted: backups have to wait until it is unmounted.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import select
import shlex
import shutil
import signal
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import BorgDeskError, InUse, InvalidInput, NotFound
from borgdesk.domain.history import ProcessIdentity
from borgdesk.domain.location import parse_location
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import reading
from borgdesk.engine.processes import process, procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.engine.workspace import Workspace
from borgdesk.store.files import write
from borgdesk.translation import _

_log = logging.getLogger(__name__)

DEVICE = Path("/dev/fuse")
_MOUNTED = Path("/proc/self/mountinfo")
_SOURCE = "borgfs"
"""Borg's name for its file system in the mount table."""

_TOKEN = "BORGDESK_MOUNT"  # noqa: S105 - the name of a variable, and nothing secret
_PATIENCE = 10.0
"""Seconds for unmounting, and then for Borg to release its lock."""

_GLANCE = 2.0
"""The same if files may be open in the folder, which keep Borg running."""

_NO_FUSE = "no FUSE support"
"""Part of the message of a Borg that was installed without FUSE support."""


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
        return _is_mounted(self.folder)

    def servers(self) -> list[procfs.Process]:
        """Return its Borg processes."""
        marker = frozenset({f"{_TOKEN}={self.id}"})
        return [one for one in procfs.processes() if procfs.has_marker(one.pid, marker)]


def mount(
    workspace: Workspace,
    repository: Repository,
    archive: Archive | None,
    folder: Path | None = None,
    cancel: Cancel | None = None,
    *,
    belongs_to_us: bool = False,
) -> Mount:
    """Mount an archive, or all of them, read-only; without *folder*, in a new one.

    Raises:
        InvalidInput: it cannot be mounted there.
        BorgDeskError: it cannot be mounted at all; the sentence says what is missing.
        InUse: a run is using the repository.
        Stopped: *cancel* was asked.
    """
    _check_fuse(workspace.environment)
    # A folder whose Borg has died is of no use until it is unmounted, and can then be used again.
    recover_mounts(workspace)
    own = folder is None
    place = _made_folder(workspace, repository, archive) if folder is None else _checked(repository, folder)
    name = archive.name if archive else ""
    begun = Mount(
        uuid.uuid4().hex, repository.name, name, str(place), turn_of(repository), datetime.now(UTC),
        procfs.identity(), belongs_to_us, own,
    )  # fmt: skip
    _keep(workspace, begun)
    marker = frozenset({f"{_TOKEN}={begun.id}"})
    try:
        with reading(workspace, repository, cancel or Cancel()) as borg:
            if archive is not None:
                borg.confirm(archive)
            borg.ask(lambda call: call.mount(repository.location, name, str(place)), marker=marker)
        if not begun.is_there:
            raise BorgDeskError(_("Borg did not mount the archive, and gave no reason."))
    except BaseException as error:
        _give_up(workspace, begun)
        if isinstance(error, BorgDeskError) and _NO_FUSE in str(error):
            raise BorgDeskError(
                _("This Borg cannot mount archives. Install the package python3-pyfuse3 or python3-llfuse.")
            ) from error
        raise
    return begun


def unmount(workspace: Workspace, folder: Path, *, even_in_use: bool = False) -> None:
    """Unmount what Borg has mounted in *folder*. With *even_in_use*, open files stay accessible until they are closed.

    Raises:
        NotFound: Borg has mounted nothing there.
        InUse: a program is using it.
        BorgDeskError: it cannot be unmounted.
    """
    path = str(_resolved(folder))
    known = [one for one in mounts(workspace) if one.folder in (path, str(folder.absolute()))]
    if not _is_mounted(path):
        for one in known:
            _give_up(workspace, one)
        if not known:
            raise NotFound(_("No archive is mounted at {folder}.").format(folder=folder))
        return
    servers = [server for one in known for server in one.servers()]
    # Nobody can use a mount whose Borg is dead.
    _detach(workspace.environment, path, lazily=even_in_use or (bool(known) and not servers))
    for server in servers:
        _wait_for(server, _GLANCE if even_in_use else _PATIENCE)
    for one in known:
        _forget(workspace, one)


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


def unmount_ours(workspace: Workspace) -> None:
    """Unmount the mounts of this process, which is about to exit."""
    us = procfs.identity()
    for one in mounts(workspace):
        if one.belongs_to_starter and one.starter == us:
            _try_to_unmount(workspace, one)


def recover_mounts(workspace: Workspace) -> list[Mount]:
    """Remove mounts whose window, or whose Borg, has died."""
    recovered = []
    for one in mounts(workspace):
        if one.is_there:
            orphaned = one.belongs_to_starter and not procfs.is_alive(one.starter)
            if orphaned or not one.servers():
                _try_to_unmount(workspace, one)
                recovered.append(one)
        elif not procfs.is_alive(one.starter):
            _give_up(workspace, one)
    return recovered


def _try_to_unmount(workspace: Workspace, one: Mount) -> None:
    try:
        unmount(workspace, Path(one.folder), even_in_use=True)
    except BorgDeskError as error:
        _log.warning("%s could not be unmounted: %s", one.folder, error)


def _check_fuse(environment: Mapping[str, str]) -> None:
    if not DEVICE.exists():
        raise BorgDeskError(
            _("Archives cannot be mounted on this machine: {device} is missing. Install the package fuse3.").format(
                device=DEVICE
            )
        )
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        raise BorgDeskError(_("Archives cannot be mounted: you have no access to {device}.").format(device=DEVICE))
    if _program(environment) is None:
        raise BorgDeskError(
            _("Archives cannot be mounted: the program fusermount3 is missing. Install the package fuse3.")
        )


def _program(environment: Mapping[str, str]) -> str | None:
    path = environment.get("PATH")
    return shutil.which("fusermount3", path=path) or shutil.which("fusermount", path=path)


def _checked(repository: Repository, folder: Path) -> Path:
    place = _resolved(folder)
    if _is_mounted(str(place)):
        raise InvalidInput(_("An archive is mounted at {folder} already.").format(folder=place))
    try:
        is_empty = next(place.iterdir(), None) is None
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InvalidInput(_("There is no folder {folder}.").format(folder=place)) from error
    except OSError as error:
        raise InvalidInput(
            _("{folder} cannot be read: {reason}.").format(folder=place, reason=error.strerror)
        ) from error
    if not is_empty:
        raise InvalidInput(_("{folder} is not empty. Choose an empty folder.").format(folder=place))
    if not os.access(place, os.W_OK):
        raise InvalidInput(_("{folder} cannot be written. Choose a folder of your own.").format(folder=place))
    location = parse_location(repository.location)
    own = [Path(location.path).resolve()] if location.host is None else []
    if any(place.is_relative_to(one) for one in own):
        raise InvalidInput(_("{folder} is in the repository itself. Choose another folder.").format(folder=place))
    return place


def _resolved(folder: Path) -> Path:
    """Return the path as the kernel lists mounts.

    Raises:
        InvalidInput: it cannot be the path of a folder.
    """
    try:
        return Path(os.path.realpath(folder))
    except (OSError, ValueError) as error:
        raise InvalidInput(_("“{folder}” is not a folder.").format(folder=ascii(str(folder))[1:-1])) from error


def _made_folder(workspace: Workspace, repository: Repository, archive: Archive | None) -> Path:
    """Create a folder in the cache, which is never backed up."""
    wanted = f"{repository.name} {archive.name}" if archive else repository.name
    short = re.sub(r"[/\0\n]", "-", wanted).encode(errors="replace")[:100].decode(errors="ignore")
    name = short.strip(". ") or "archive"
    parent = workspace.paths.cache / "mounted"
    try:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in range(1, 1000):
            place = parent / (name if number == 1 else f"{name} {number}")
            with contextlib.suppress(FileExistsError):
                place.mkdir(mode=0o700)
                return place.resolve()
    except OSError as error:
        raise BorgDeskError(
            _("{folder} cannot be created: {error}.").format(folder=parent, error=error.strerror)
        ) from error
    raise InvalidInput(_("{folder} has no room for another mount.").format(folder=parent))


def _is_mounted(folder: str) -> bool:
    """Return whether Borg's file system is mounted, from the mount table: accessing a dead mount raises an error."""
    for line in _MOUNTED.read_bytes().splitlines():
        first, _, last = line.partition(b" - ")
        kind, source = last.split()[:2]
        if kind.startswith(b"fuse") and source == _SOURCE.encode():
            place = re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), first.split()[4])
            if os.fsdecode(place) == folder:
                return True
    return False


def _detach(environment: Mapping[str, str], folder: str, *, lazily: bool) -> None:
    program = _program(environment)
    argv = [program, "-u", *(["-z"] if lazily else []), "--", folder] if program else ["umount", "--", folder]
    code, _stdout, stderr = process.capture(argv, {**environment, "LC_ALL": "C"}, _PATIENCE)
    if code == 0 or not _is_mounted(folder):
        return
    said = stderr.decode(errors="replace").strip().rpartition("\n")[2]
    if "busy" in said:
        raise InUse(
            _("{folder} is in use. Close the files and programs that are open there, then unmount it again.").format(
                folder=folder
            )
        )
    raise BorgDeskError(_("{folder} cannot be unmounted: {reason}").format(folder=folder, reason=said))


def _wait_for(server: procfs.Process, seconds: float) -> None:
    """Wait until Borg has exited and released its lock; with open files, it keeps running."""
    try:
        descriptor = os.pidfd_open(server.pid)
    except ProcessLookupError:
        return
    try:
        current = procfs.look_up(server.pid)
        if current is not None and current.started == server.started:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll(seconds * 1000)
    finally:
        os.close(descriptor)


def _give_up(workspace: Workspace, one: Mount) -> None:
    """Remove all traces of a mount that is gone, or should be."""
    if one.is_there:
        _try_to_detach(workspace, one)
    for server in one.servers():
        procfs.send(server, signal.SIGTERM)
        _wait_for(server, _PATIENCE)
    _forget(workspace, one)


def _try_to_detach(workspace: Workspace, one: Mount) -> None:
    with contextlib.suppress(BorgDeskError):
        _detach(workspace.environment, one.folder, lazily=True)


def _forget(workspace: Workspace, one: Mount) -> None:
    if one.own_folder:
        with contextlib.suppress(OSError):
            Path(one.folder).rmdir()
    (_folder(workspace) / f"{one.id}.json").unlink(missing_ok=True)


def _folder(workspace: Workspace) -> Path:
    return workspace.paths.state / "mounts"


def _keep(workspace: Workspace, one: Mount) -> None:
    kept = {name: getattr(one, name) for name in Mount.__slots__}
    kept |= {"began_at": one.began_at.isoformat(), "starter": asdict(one.starter)}
    folder = _folder(workspace)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(folder / f"{one.id}.json", json.dumps(kept).encode(), 0o600)


def _from_json(kept: dict[str, Any]) -> Mount:
    return Mount(
        **kept | {"began_at": datetime.fromisoformat(kept["began_at"]), "starter": ProcessIdentity(**kept["starter"])}
    )
