"""Stores the secrets of objects that are added in one transaction, so that a kill leaves none without its object.

Neither a keyring nor the file of secrets takes part in a transaction of the database. The names of the values are
therefore recorded in a file first, which is locked while its process lives. Whoever finds it unlocked deletes the
values whose objects were never added. They must not stay: the ids of a transaction that was rolled back are given
again.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import uuid
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path

from borgdesk import private
from borgdesk.domain.errors import BorgDeskError, StoreUnusable
from borgdesk.engine.workspace import Workspace
from borgdesk.store.kept_secrets import KeptSecret
from borgdesk.translation import _

_log = logging.getLogger(__name__)

_SUFFIX = ".jsonl"
_NOTHING = ("import", "unlock")
"""Asked for so that a keyring is unlocked; it has no such value."""


class AddedSecrets:
    """Stores values within a transaction."""

    def __init__(self, workspace: Workspace, record: FileIO) -> None:
        self._workspace, self._record = workspace, record

    def set(self, owner: str, name: str, value: str) -> None:
        """Store a value of an object that is added in the same transaction.

        Raises:
            SecretsUnavailable: it cannot be stored.
            StoreUnusable: its name cannot be recorded.
        """
        with _written():
            self._record.write(json.dumps([owner, name]).encode() + b"\n")
            os.fsync(self._record.fileno())
        self._workspace.secrets.set(owner, name, value)


@contextmanager
def adding_secrets(workspace: Workspace, *, may_be_any: bool) -> Iterator[AddedSecrets]:
    """Provide the storage for the secrets of objects that a transaction adds; enter it before the transaction.

    After an error they are deleted, as far as the keyring allows; a later start deletes the rest. Unless there *may be
    any*, no place for secrets is needed.

    Raises:
        SecretsUnavailable: there is no place for secrets, or it stays locked. It is asked here because others wait for
            the database only for seconds.
        StoreUnusable: the names cannot be recorded.
    """
    forget_never_added(workspace)
    if may_be_any:
        workspace.secrets.get(*_NOTHING)
    path, record = _new_record(workspace)
    with record:
        try:
            yield AddedSecrets(workspace, record)
        except BaseException:
            _forget(workspace, path)
            raise
        with suppress(OSError):
            path.unlink()


def forget_never_added(workspace: Workspace) -> None:
    """Delete the secrets of objects that killed processes were adding, as far as the keyring allows."""
    for path in _folder(workspace).glob(f"*{_SUFFIX}"):
        with suppress(OSError), path.open("rb") as record:
            fcntl.flock(record, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _forget(workspace, path)


def are_any_left(workspace: Workspace) -> bool:
    """Return whether there is anything for :func:`forget_never_added` to look at."""
    return any(_folder(workspace).glob(f"*{_SUFFIX}"))


def _folder(workspace: Workspace) -> Path:
    return workspace.paths.state / "secrets-being-added"


def _new_record(workspace: Workspace) -> tuple[Path, FileIO]:
    """Create a record and lock it."""
    folder = _folder(workspace)
    with _written():
        private.make_folder(folder)
        while True:
            path = folder / f"{uuid.uuid4()}{_SUFFIX}"
            record = private.anew(path)
            with ExitStack() as unless_locked:
                unless_locked.enter_context(record)
                fcntl.flock(record, fcntl.LOCK_EX)
                if path.exists():
                    unless_locked.pop_all()
                    return path, record
            # Somebody has found it before it was locked, and removed it.


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnusable(
            _("The names of secrets cannot be recorded: {error}. Nothing was changed.").format(error=error.strerror)
        ) from error


def _forget(workspace: Workspace, path: Path) -> None:
    try:
        _delete_unused(workspace, _recorded(path))
    except BorgDeskError as error:
        _log.warning("secrets of what was never added are still kept: %s", error)
    else:
        with suppress(OSError):
            path.unlink()


def _delete_unused(workspace: Workspace, names: Collection[KeptSecret]) -> None:
    if not names:
        return
    workspace.secrets.get(*_NOTHING)
    # Nobody can add an object with one of these ids meanwhile.
    with workspace.store.database.transaction():
        for one in names:
            if not workspace.store.kept_secrets.is_in_use(one):
                workspace.secrets.delete(one.owner, one.name)


def _recorded(path: Path) -> list[KeptSecret]:
    """Return the names in a record, of which the last may have been written in part."""
    found = []
    for line in path.read_bytes().splitlines():
        with suppress(ValueError):
            owner, name = json.loads(line)
            found.append(KeptSecret(owner, name, None))
    return found
