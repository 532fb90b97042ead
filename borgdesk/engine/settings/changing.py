"""Changes settings for the window and the command line: checks a value, does what it entails, and stores it."""

from __future__ import annotations

from typing import Any

from borgdesk.domain.settings import AUTOSTART, BORG_PROGRAM, Setting, V
from borgdesk.engine.desktop import autostart
from borgdesk.engine.workspace import Workspace


def change(workspace: Workspace, setting: Setting[V], value: V) -> V:
    """Store a value; return it in its usual form.

    Raises:
        InvalidInput: it is not possible.
        BorgUnusable: the program is not a Borg that BorgDesk can use.
        BorgDeskError: the autostart file cannot be written.
        StoreUnusable: the database cannot be written.
    """
    value = setting.valid(value)
    _entail(workspace, setting, value)
    workspace.store.settings.set(setting, value)
    return value


def reset(workspace: Workspace, setting: Setting[Any]) -> None:
    """Let the default count again.

    Raises:
        BorgDeskError: the autostart file cannot be removed.
        StoreUnusable: the database cannot be written.
    """
    _entail(workspace, setting, setting.default)
    workspace.store.settings.reset(setting)


def _entail(workspace: Workspace, setting: Setting[Any], value: Any) -> None:
    """Check a value in the real world, and do what it means there; before it is stored, so that it can be refused."""
    if setting is BORG_PROGRAM and value:
        # Imported here: every start of the window asks this module about its autostart file.
        from borgdesk.engine.settings.borg_program import version_of

        version_of(workspace, value)
    if setting is AUTOSTART:
        if value:
            autostart.start_window_at_login(workspace.environment)
        else:
            autostart.forget_window(workspace.environment)


def follow_autostart(workspace: Workspace) -> None:
    """Write the autostart file of the window again if BorgDesk moved, and note that the user removed it elsewhere.

    Raises:
        StoreUnusable: the database cannot be written.
    """
    if workspace.store.settings.latest[AUTOSTART] and not autostart.refresh_window(workspace.environment):
        workspace.store.settings.set(AUTOSTART, False)
