"""Creates a Borg repository, and removes it again if anything fails."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from borgdesk import private
from borgdesk.borg.connection import is_host_unknown
from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError, CannotOpen, InUse, Remedy, Stopped
from borgdesk.domain.repository import is_local, local_path
from borgdesk.domain.run import Outcome
from borgdesk.engine.borg_calls.borg_process import Access, call
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import N_, _

_OF_OTHERS = ("Repository.AlreadyExists", "Repository.PathAlreadyExists")
"""Borg's message ids if something was there before."""

_OF_BORG = re.compile(r"(?:README|config|data|hints|index|integrity|lock|nonce)(?:[.-].*)?")
"""Names that Borg creates in a repository, temporary ones included."""

_NOT_CREATED = N_("Stopped; no repository was created.")
_UNKNOWN = N_(
    "Stopped while Borg was creating the repository {location}. To see whether it exists, add it as an existing "
    "repository."
)
_LEFT = N_("The new repository {location} was created anyway: add it as an existing repository.")


@contextlib.contextmanager
def created_repository(
    workspace: Workspace, location: str, access: Access, encryption: Encryption, cancel: Cancel
) -> Iterator[None]:
    """Create a repository, and remove it again if the block raises an error.

    A repository that may be on another host is never removed; the error message then says that it exists.

    Raises:
        InUse: another process of BorgDesk is using the location.
        BorgDeskError: Borg could not create it.
        Stopped: *cancel* was asked meanwhile.
    """
    turn = Turn.try_take(workspace, location)
    if turn is None:
        raise InUse(
            _("Another process is using {location} right now. Try again when it has finished.").format(
                location=location
            )
        )
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
            raise type(error)(f"{error} {_(_LEFT).format(location=location)}") from error
        except BaseException:
            site.clear()
            raise


class _Site:
    """The place of a new repository. It is cleared only if it was free before."""

    def __init__(self, location: str) -> None:
        self.location = location
        # Links are resolved now, so that a later change of one has no effect.
        self._path = Path(os.path.realpath(local_path(location)))
        self._was_there = os.path.lexists(self._path)
        self.is_ours = is_local(location) and (not self._was_there or _is_empty(self._path))

    def clear(self) -> bool:
        """Remove what Borg created; return whether nothing of it is left."""
        if not self.is_ours:
            return False
        for name in self._made():
            private.remove(self._path, name)
        if not self._was_there:
            with contextlib.suppress(OSError):
                self._path.rmdir()
        return not self._made()

    def _made(self) -> list[str]:
        """Return what Borg created there; files that others added meanwhile are left alone."""
        try:
            return [name for name in os.listdir(self._path) if _OF_BORG.fullmatch(name)]  # noqa: PTH208 - names only
        except OSError:
            return []


def _is_empty(path: Path) -> bool:
    try:
        return not any(path.iterdir())
    except OSError:
        return False


def _make(workspace: Workspace, site: _Site, access: Access, encryption: Encryption, cancel: Cancel) -> None:
    try:
        answer = call(workspace, access, lambda borg: borg.init(site.location, encryption), cancel=cancel)
    except Stopped:
        # Cancelled while the passphrase was obtained: Borg was not called yet.
        raise Stopped(_(_NOT_CREATED)) from None
    if answer.cancelled:
        raise Stopped(_(_NOT_CREATED if is_local(site.location) else _UNKNOWN).format(location=site.location))
    if answer.result.outcome is Outcome.FAILURE:
        site.is_ours = site.is_ours and answer.result.msgid not in _OF_OTHERS
        raise CannotOpen(
            _("The repository {location} could not be created. {sentence}").format(
                location=site.location, sentence=answer.result.sentence
            ),
            Remedy.HOST_KEY if is_host_unknown(answer.result.detail) else None,
        )
