"""Keeps secret values as long as a run that is under way, or owes a script, refers to them.

Before such a value is changed or removed, it is copied for each of these runs, so that the owed scripts get the values
that were fixed for them. The copies are deleted when the run has ended and owes nothing, at the latest at the next
start.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from threading import Thread

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.ids import AssignmentId, RepositoryId, RunId
from borgdesk.engine.workspace import Workspace
from borgdesk.store.kept_secrets import KeptSecret

_log = logging.getLogger(__name__)

PASSPHRASE = "passphrase"  # noqa: S105 - a name, not a secret
"""The keyring's name for a repository's passphrase."""

_ASSIGNMENT, _REPOSITORY = "assignment:", "repository:"

_PATIENCE = 5.0
"""Seconds that the end of a run waits for the keyring to delete values; the next start deletes the rest."""


def secret_owner(assignment_id: AssignmentId) -> str:
    """Return the keyring's owner name for an assignment's secret values."""
    return f"{_ASSIGNMENT}{assignment_id}"


def passphrase_owner(repository_id: RepositoryId) -> str:
    """Return the keyring's owner name for a repository's passphrase."""
    return f"{_REPOSITORY}{repository_id}"


def _copy_owner(run_id: RunId, owner: str) -> str:
    return f"run:{run_id}/{owner}"


def copy_for_runs(workspace: Workspace, owner: str, names: Collection[str]) -> None:
    """Copy these values, before they are changed or removed, for the runs that were armed with them.

    Raises:
        SecretsUnavailable: the keyring is unavailable.
    """
    if not names:
        return
    kept = workspace.store.kept_secrets
    for run_id in _runs_that_need(workspace, owner):
        for name in names:
            mine = _copy_owner(run_id, owner)
            value = workspace.secrets.get(owner, name)
            if value is not None and workspace.secrets.get(mine, name) is None:
                kept.keep(run_id, owner, [name])
                workspace.secrets.set(mine, name, value)


def _runs_that_need(workspace: Workspace, owner: str) -> list[RunId]:
    kept = workspace.store.kept_secrets
    if owner.startswith(_ASSIGNMENT):
        return kept.needed_by(assignment=AssignmentId(int(owner.removeprefix(_ASSIGNMENT))))
    return kept.needed_by(repository=RepositoryId(int(owner.removeprefix(_REPOSITORY))))


def forget(workspace: Workspace, owner: str, names: Collection[str]) -> None:
    """Delete values that nothing refers to any more; runs that need them have copies.

    Raises:
        SecretsUnavailable: the keyring is unavailable.
    """
    copy_for_runs(workspace, owner, names)
    workspace.secrets.delete_all(owner, names)


def value_for_run(workspace: Workspace, run_id: RunId, owner: str, name: str) -> str | None:
    """Return the value that a run was armed with, even if it was changed since; None if it is lost.

    Raises:
        SecretsUnavailable: the keyring is unavailable.
    """
    value = None
    if any((one.owner, one.name) == (owner, name) for one in workspace.store.kept_secrets.of_run(run_id)):
        value = workspace.secrets.get(_copy_owner(run_id, owner), name)
    return workspace.secrets.get(owner, name) if value is None else value


def passphrase_for_run(workspace: Workspace, run_id: RunId, repository_id: RepositoryId | None) -> str | None:
    """Return the passphrase of a run's repository, even if that was removed since.

    Raises:
        SecretsUnavailable: the keyring is unavailable.
    """
    kept = (one.owner for one in workspace.store.kept_secrets.of_run(run_id) if one.owner.startswith(_REPOSITORY))
    owner = next(kept, None) or (None if repository_id is None else passphrase_owner(repository_id))
    return None if owner is None else value_for_run(workspace, run_id, owner, PASSPHRASE)


def forget_unneeded(workspace: Workspace) -> None:
    """Delete values that no run needs any more. If the keyring is unavailable, that is left to another time."""
    try:
        for one in workspace.store.kept_secrets.unneeded():
            _forget_one(workspace, one)
    except BorgDeskError as error:
        _log.warning("secrets that nothing needs any more are still kept: %s", error)


def forget_soon(workspace: Workspace) -> None:
    """Do the same at the end of a run, without waiting for a locked keyring."""
    try:
        if not workspace.store.kept_secrets.unneeded():
            return
    except BorgDeskError as error:
        _log.warning("nobody knows which secrets are still needed: %s", error)
        return
    work = Thread(target=forget_unneeded, args=(workspace,), name="forget secrets", daemon=True)
    work.start()
    work.join(_PATIENCE)


def _forget_one(workspace: Workspace, one: KeptSecret) -> None:
    kept = workspace.store.kept_secrets
    if one.run_id is not None:
        workspace.secrets.delete(_copy_owner(one.run_id, one.owner), one.name)
    elif not kept.is_in_use(one):
        forget(workspace, one.owner, [one.name])
    kept.drop(one)


def before_removal(workspace: Workspace, owner: str, names: Collection[str]) -> None:
    """Mark values of an object that is about to be removed, so that they are deleted later even after a crash.

    Until then the removal can be undone.

    Raises:
        SecretsUnavailable: the keyring is unavailable.
    """
    copy_for_runs(workspace, owner, names)
    if names:
        workspace.store.kept_secrets.keep(None, owner, names)


def forget_removed(workspace: Workspace, owner: str, names: Collection[str]) -> None:
    """Delete the values of a removed object that will not be restored.

    Raises:
        SecretsUnavailable: the keyring is unavailable; it is retried at a later start.
    """
    forget(workspace, owner, names)
    for name in names:
        workspace.store.kept_secrets.drop(KeptSecret(owner, name, None))
