"""Making a Borg repository: all of it, or nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError, InUse, Stopped
from borgdesk.domain.repository import is_local
from borgdesk.domain.run import Outcome
from borgdesk.engine.borg_process import Access, call
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.queue import Turn
from borgdesk.engine.workspace import Workspace

_OF_OTHERS = ("Repository.AlreadyExists", "Repository.PathAlreadyExists")
"""Borg's names for what was there before it came."""

_UNKNOWN = (
    "Stopped while Borg was making the repository {}. Adding it as an existing one will show whether it is there."
)
_LEFT = "The new repository {} is there all the same: add it as an existing one."


@contextlib.contextmanager
def founded(
    workspace: Workspace, location: str, access: Access, encryption: Encryption, cancel: Cancel
) -> Iterator[None]:
    """A new repository, for what is to be done with it; an error in that takes it away again.

    What may be on another machine is never touched: the sentence says then that it is there.

    Raises:
        InUse: something of ours works at the location just now.
        BorgDeskError: Borg could not make it.
        Stopped: *cancel* was asked meanwhile.
    """
    turn = Turn.try_take(workspace, location)
    if turn is None:
        raise InUse(f"Something else is at work at {location} just now; try again when it has ended.")
    with turn:
        site = _Site(location)
        try:
            _make(workspace, site, access, encryption, cancel)
        except BaseException:
            site.clear()
            raise
        try:
            yield
        except BorgDeskError as error:
            if site.clear():
                raise
            raise type(error)(f"{error} {_LEFT.format(location)}") from error
        except BaseException:
            site.clear()
            raise


class _Site:
    """The place of a new repository. Only what was free before is ever cleared."""

    def __init__(self, location: str) -> None:
        self.location = location
        self._path = Path(location)
        self._was_there = os.path.lexists(location)
        self.is_ours = is_local(location) and (not self._was_there or _is_empty(self._path))

    def clear(self) -> bool:
        """Take away what Borg made; says whether nothing of it is left."""
        if not self.is_ours:
            return False
        with contextlib.suppress(OSError):
            for entry in self._path.iterdir():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            if not self._was_there:
                self._path.rmdir()
        return not self._path.exists() or _is_empty(self._path)


def _is_empty(path: Path) -> bool:
    try:
        return not any(path.iterdir())
    except OSError:
        return False


def _make(workspace: Workspace, site: _Site, access: Access, encryption: Encryption, cancel: Cancel) -> None:
    answer = call(workspace, access, lambda borg: borg.init(site.location, encryption), cancel=cancel)
    if answer.cancelled:
        raise Stopped("Stopped; no repository was made." if is_local(site.location) else _UNKNOWN.format(site.location))
    if answer.result.outcome is Outcome.FAILURE:
        site.is_ours = site.is_ours and answer.result.msgid not in _OF_OTHERS
        raise BorgDeskError(f"The repository {site.location} could not be made. {answer.result.sentence}")
