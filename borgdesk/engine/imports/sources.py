"""The programs that can be imported from, and how each of them is read."""

from __future__ import annotations

import os
from pathlib import Path

from borgdesk.domain.errors import InvalidInput
from borgdesk.engine.imports import findings
from borgdesk.engine.imports.borg_ui import read_borg_ui
from borgdesk.engine.imports.borgmatic import read_borgmatic
from borgdesk.engine.imports.findings import BORG_UI, BORGMATIC, SCRIPT_FOLDER, VORTA, Found
from borgdesk.engine.imports.script_folder import read_script_folder
from borgdesk.engine.imports.vorta import read_vorta
from borgdesk.translation import _


def usual_places(source: str, home: Path) -> list[Path]:
    """Return where the files of a program usually are."""
    return {
        VORTA: [
            home / ".local/share/Vorta/settings.db",
            home / ".var/app/com.borgbase.Vorta/data/Vorta/settings.db",
        ],
        BORGMATIC: [
            home / ".config/borgmatic/config.yaml",
            home / ".config/borgmatic.d",
            Path("/etc/borgmatic/config.yaml"),
            Path("/etc/borgmatic.d"),
        ],
        BORG_UI: [],
        SCRIPT_FOLDER: [],
    }[source]


def likely_place(source: str, home: Path) -> Path | None:
    """Return the first of the usual places that exists."""
    # That of the system may be in a folder that only root can read, for which Path.exists() raises an error.
    return next((path for path in usual_places(source, home) if os.path.exists(path)), None)  # noqa: PTH110


def read_source(source: str, path: Path, home: Path, scripts: Path | None = None) -> Found:
    """Read the files of a program; *scripts* is the folder of borg-ui's.

    Raises:
        InvalidInput: they cannot be read, or are none of that program.
    """
    match source:
        case findings.VORTA:
            return read_vorta(path, home)
        case findings.BORGMATIC:
            return read_borgmatic([path], home)
        case findings.BORG_UI:
            return read_borg_ui(path, scripts or path.parent / "scripts")
        case findings.SCRIPT_FOLDER:
            return read_script_folder(path)
    raise InvalidInput(_("“{source}” is not a program that can be imported from.").format(source=source))
