"""``borgdesk --install-desktop`` and ``--remove-desktop``: the entry in the menu of applications."""

from __future__ import annotations

import argparse

from borgdesk.cli.console import Commands, Console
from borgdesk.engine.desktop import menu_entry
from borgdesk.translation import _


def install(console: Console, _arguments: argparse.Namespace) -> int:
    """Write the entry."""
    path = menu_entry.install(console.workspace.environment)
    console.say(_("BorgDesk is in the menu of applications now: {path}.").format(path=path))
    console.answer({"menu_entry": str(path)})
    return 0


def remove(console: Console, _arguments: argparse.Namespace) -> int:
    """Remove the entry."""
    removed = menu_entry.remove(console.workspace.environment)
    console.say(_("The menu entry is removed.") if removed else _("There is no menu entry to remove."))
    console.answer({"removed": removed})
    return 0


COMMANDS: Commands = {"install-desktop": install, "remove-desktop": remove}
