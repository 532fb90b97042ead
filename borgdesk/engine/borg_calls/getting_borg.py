"""Says how Borg is installed on this computer, where there is none.

The commands are those of Borg's documentation (Installation, distribution packages).
"""

from __future__ import annotations

import os
import platform
import shutil

from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_COMMANDS = {
    "debian": "sudo apt install borgbackup",
    "ubuntu": "sudo apt install borgbackup",
    "fedora": "sudo dnf install borgbackup",
    "arch": "sudo pacman -S borg",
    "suse": "sudo zypper install borgbackup",
    "opensuse": "sudo zypper install borgbackup",
    "alpine": "sudo apk add borgbackup",
    "gentoo": "sudo emerge app-backup/borgbackup",
    "nixos": "nix-env -iA nixos.borgbackup",
}
"""By what os-release calls a distribution, or those that it is like."""


def is_missing(workspace: Workspace) -> bool:
    """Return whether there is no Borg program; a folder of the search path that does not respond keeps it waiting."""
    program = workspace.borg
    if "/" in program:
        return not os.access(program, os.X_OK)
    return shutil.which(program, path=workspace.environment.get("PATH")) is None


def install_command() -> str:
    """Return the command that installs Borg on this distribution; empty if it is not known."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ""
    names = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    return next((_COMMANDS[name] for name in names if name in _COMMANDS), "")


def how_to_install() -> str:
    """Return what to do where there is no Borg, as a sentence."""
    if command := install_command():
        return _("Install it with “{command}”, or choose the program in the settings.").format(command=command)
    return _("Install the package borgbackup, or choose the program in the settings.")
