"""Remembers that the user has had the advice about an old Borg, apart from what calls Borg to find out which it is."""

from __future__ import annotations

from borgdesk.engine.workspace import Workspace

_KEY = "advice.borg-1.2"


def was_given(workspace: Workspace) -> bool:
    """Return whether the user has had the advice.

    Raises:
        StoreUnusable: the database cannot be read.
    """
    return bool(workspace.store.key_values.get(_KEY))


def mark_given(workspace: Workspace) -> None:
    """Remember that the user has had the advice.

    Raises:
        StoreUnusable: the database cannot be written.
    """
    workspace.store.key_values.set(_KEY, True)
