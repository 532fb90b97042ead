"""The destination of a restore: which ones are refused, how much space is free, and which folders are created."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.numbers import grouped
from borgdesk.domain.repository import is_local, local_path
from borgdesk.engine.archives.selection import Selection, is_inside
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_probes import NoAnswer, probe
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

SPARE = 64 * 1024**2
"""Bytes that stay free on the disk that is restored to."""


class Destination:
    """The place of one restore."""

    def __init__(self, workspace: Workspace, selection: Selection) -> None:
        self._workspace, self._selection = workspace, selection
        self.root = selection.root

    @property
    def folder(self) -> Path:
        """The folder that has all that is restored, for messages."""
        if self._selection.request.folder is not None or not self._selection.entries:
            return self.root
        return Path(os.path.commonpath([self._selection.place_of(one) for one in self._selection.entries]))

    def protected(self) -> dict[bytes, str]:
        """What nothing is ever put into, by its real path, each with the reason."""
        found = dict.fromkeys(self._repositories, _("it is a backup repository"))
        found |= dict.fromkeys(self._own(), _("it belongs to BorgDesk itself"))
        return {os.fsencode(path): reason for path, reason in found.items()}

    def responds(self, cancel: Cancel) -> bool:
        """Return whether its disk responds. If not, nobody should look at it: a thread that does hangs.

        Raises:
            Stopped: *cancel* was asked meanwhile.
        """
        return probe([("real", str(self.folder))], cancel) != [NoAnswer]

    def check_kind(self) -> None:
        """Refuse what no script before the restore could make possible.

        Raises:
            InvalidInput: why, as a sentence.
        """
        in_place = self._selection.request.folder is None
        places = [self._selection.place_of(one) for one in self._selection.entries] if in_place else [self.root]
        for place in places:
            real = os.path.realpath(place)
            for repository in self._repositories:
                if is_inside(real, repository):
                    raise InvalidInput(
                        _("{place} is in the repository itself. Choose another folder.").format(place=place)
                    )
                if not in_place and is_inside(repository, real):
                    raise InvalidInput(_("{place} contains the repository. Choose another folder.").format(place=place))
            if any(is_inside(real, own) for own in self._own()):
                raise InvalidInput(_("{place} belongs to BorgDesk itself. Choose another folder.").format(place=place))

    def check_now(self) -> None:
        """Refuse what cannot be done as things are.

        Raises:
            InvalidInput: why, as a sentence.
        """
        try:
            self._check_root()
        except OSError as error:
            raise InvalidInput(
                _("{folder} cannot be read: {reason}.").format(folder=self.root, reason=error.strerror)
            ) from error

    def _check_root(self) -> None:
        if _is_there(self.root):
            _check_folder(self.root)
        home = self.home()
        size = self._selection.amount()[1]
        free = shutil.disk_usage(home).free
        if size + SPARE > free:
            raise InvalidInput(
                _("There is not enough space at {home}: {needed} bytes are needed, {free} are free.").format(
                    home=home, needed=grouped(size + SPARE), free=grouped(free)
                )
            )

    def home(self) -> Path:
        """A folder that is there, near all that is restored, and can be written: the stage is made in it.

        Raises:
            InvalidInput: there is none.
        """
        parents = [self._selection.place_of(entry).parent for entry in self._selection.entries]
        candidates = [_deepest(one) for one in (Path(os.path.commonpath(parents)), *parents)]
        usable = (one for one in candidates if os.access(one, os.W_OK | os.X_OK))
        home = next(usable, None)
        if home is None:
            told = _("{home} cannot be written: permission denied.")
            if _is_read_only(candidates[0]):
                told = _("{home} cannot be written: its file system is read-only.")
            raise InvalidInput(told.format(home=candidates[0]))
        return home

    def missing(self) -> list[Path]:
        """The folders to be made so that there is one to restore to, the outermost first."""
        return [one for one in (*reversed(self.root.parents), self.root) if not one.exists()]

    @cached_property
    def _repositories(self) -> list[str]:
        """The real paths of all repositories on this machine; their own where a disk does not respond."""
        stored = self._workspace.store.repositories.list()
        paths = [os.path.normpath(local_path(one.location)) for one in stored if is_local(one.location)]
        found = probe([("real", path) for path in paths])
        return [path if real is NoAnswer else real for path, real in zip(paths, found, strict=True)]

    def _own(self) -> Iterator[str]:
        paths = self._workspace.paths
        for own in (paths.data, paths.state, paths.cache, paths.config):
            yield os.path.realpath(own)


def make_folders(folders: list[Path]) -> None:
    """Make them.

    Raises:
        BorgDeskError: one cannot be made.
    """
    for folder in folders:
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise BorgDeskError(
                _("{folder} cannot be created: {error}.").format(folder=folder, error=error.strerror)
            ) from error


def _deepest(folder: Path) -> Path:
    """The deepest folder on the way to *folder* that is there.

    Raises:
        InvalidInput: something else is in the way.
    """
    while not _is_there(folder):
        folder = folder.parent
    _check_folder(folder)
    return folder


def _is_there(path: Path) -> bool:
    """Return whether there is something, be it a link that leads nowhere.

    Raises:
        OSError: nobody may look.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _check_folder(folder: Path) -> None:
    if folder.is_symlink() and not folder.exists():
        raise InvalidInput(_("{folder} is a symbolic link to something that does not exist.").format(folder=folder))
    if not folder.is_dir():
        raise InvalidInput(_("{folder} is not a folder.").format(folder=folder))


def _is_read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
