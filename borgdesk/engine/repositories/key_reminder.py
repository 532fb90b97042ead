"""Remembers whose key the user was advised to save and has not saved: without the key, a passphrase opens nothing."""

from __future__ import annotations

from borgdesk.domain.ids import RepositoryId
from borgdesk.engine.workspace import Workspace


def remind_of_key(workspace: Workspace, repository_id: RepositoryId) -> None:
    """Advise to save the key of a repository until that is done, or the user says that it is.

    Raises:
        StoreUnusable: this cannot be stored.
    """
    workspace.store.key_values.set(_key(repository_id), True)


def is_key_to_be_saved(workspace: Workspace, repository_id: RepositoryId) -> bool:
    """Return whether the user is still to be advised.

    Raises:
        StoreUnusable: the store cannot be read.
    """
    return workspace.store.key_values.get(_key(repository_id)) is not None


def forget_reminder(workspace: Workspace, repository_id: RepositoryId) -> None:
    """Advise no more: the key was saved, or the repository is removed.

    Raises:
        StoreUnusable: this cannot be stored.
    """
    workspace.store.key_values.drop(_key(repository_id))


def _key(repository_id: RepositoryId) -> str:
    return f"key-to-save/{repository_id}"
