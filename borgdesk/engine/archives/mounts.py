"""Mounts archives as folders, through a Borg process in the background, and unmounts them.

A mount is recorded before Borg starts, and its process is marked, so that it is found after any crash. Borg keeps the
repository locked while it is mounted: backups have to wait until it is unmounted.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import select
import shutil
import signal
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from borgdesk import private
from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import BorgDeskError, InUse, InvalidInput, NotFound
from borgdesk.domain.location import parse_location
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import reading
from borgdesk.engine.processes import process, procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.mounted import Mount, forget, is_mounted, keep, mounts
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_log = logging.getLogger(__name__)

DEVICE = Path("/dev/fuse")
_PATIENCE = 10.0
"""Seconds for unmounting, and then for Borg to release its lock."""

_GLANCE = 2.0
"""The same if files may be open in the folder, which keep Borg running."""

_NO_FUSE = "no FUSE support"
"""Part of the message of a Borg that was installed without FUSE support."""


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
    keep(workspace, begun)
    marker = begun.marker
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
    if not is_mounted(path):
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
        forget(workspace, one)


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
    if is_mounted(str(place)):
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
        private.make_missing(parent)
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


def _detach(environment: Mapping[str, str], folder: str, *, lazily: bool) -> None:
    program = _program(environment)
    argv = [program, "-u", *(["-z"] if lazily else []), "--", folder] if program else ["umount", "--", folder]
    code, _stdout, stderr = process.capture(argv, {**environment, "LC_ALL": "C"}, _PATIENCE)
    if code == 0 or not is_mounted(folder):
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
    forget(workspace, one)


def _try_to_detach(workspace: Workspace, one: Mount) -> None:
    with contextlib.suppress(BorgDeskError):
        _detach(workspace.environment, one.folder, lazily=True)
