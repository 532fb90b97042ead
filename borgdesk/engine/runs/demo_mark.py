"""Tells the store of a demo from all others, without what it takes to make one."""

from __future__ import annotations

from borgdesk.engine.workspace import Workspace

KEY = "demo.folder"
"""Key under which the store of a demo has its folder."""


def folder_of(workspace: Workspace) -> str | None:
    """Return the folder of the demo that this workspace belongs to; None for any other workspace."""
    folder = workspace.store.key_values.get(KEY)
    return folder if isinstance(folder, str) else None
