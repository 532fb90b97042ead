"""Problem report: versions, folders, and the last lines of the log."""

from __future__ import annotations

import os
import platform
from contextlib import suppress

import PySide6
from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from borgdesk import logs
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.version import VERSION
from borgdesk.engine.borg_calls.borg_process import usable_version
from borgdesk.engine.workspace import Workspace
from borgdesk.paths import Paths
from borgdesk.store.database import SQLITE_VERSION

_LINES = 300
"""Number of log lines in the report."""
NOT_ASKED = "not asked"
"""In place of Borg's version, if there is no workspace that says which Borg it is."""


def report(paths: Paths, workspace: Workspace | None) -> str:
    """Return the report, in English and without secrets, ready to be pasted into a message.

    It may run Borg to get its version, so it must not be called in the GUI thread. Without a *workspace*, which is
    missing if the store cannot be opened, Borg is not run.
    """
    known = facts(paths, workspace)
    width = max(map(len, known)) + 2
    lines = [f"{name + ':':{width}}{value}" for name, value in known.items()]
    log = logs.last_lines(paths.state, _LINES) or "(empty)"
    return "\n".join([*lines, "", f"The last lines of {paths.state / logs.FILE_NAME}:", "", log, ""])


def facts(paths: Paths, workspace: Workspace | None) -> dict[str, str]:
    """Return versions and folders, by their English names; as :func:`report`, not in the GUI thread."""
    return {
        "BorgDesk": VERSION,
        "Borg": NOT_ASKED if workspace is None else _borg(workspace),
        "Python": platform.python_version(),
        "Qt": f"{qVersion()}, PySide6 {PySide6.__version__}, {QGuiApplication.platformName()}",
        "SQLite": SQLITE_VERSION,
        "System": f"{_system()}, Linux {platform.release()}, {platform.machine()}",
        "Desktop": ", ".join(os.environ.get(name, "unknown") for name in ("XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE")),
        "Config": str(paths.config),
        "Data": str(paths.data),
        "State": str(paths.state),
        "Cache": str(paths.cache),
    }


def _borg(workspace: Workspace) -> str:
    try:
        return f"{usable_version(workspace)} ({workspace.borg})"
    except BorgDeskError as error:
        return str(error)


def _system() -> str:
    with suppress(OSError):
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    return "unknown"
