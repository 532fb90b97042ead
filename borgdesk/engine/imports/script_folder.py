"""Reads a folder of scripts."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.run import ALWAYS
from borgdesk.domain.script import NewScript, normalized
from borgdesk.engine.imports.findings import SCRIPT_FOLDER, TIMEOUT, Found, NotTaken
from borgdesk.engine.scripts.library import header_or_empty, lacks, readable_name
from borgdesk.engine.scripts.library_scan import is_beside_scripts
from borgdesk.store import files
from borgdesk.translation import _

_MOST = 2000
"""Files: a folder with more is not one of scripts."""


def read_script_folder(folder: Path) -> Found:
    """Read the scripts in a folder and below; hidden ones, links to elsewhere, notes and other files are not taken.

    Raises:
        InvalidInput: it is not a folder that can be read, or has far too many files.
    """
    scripts: list[NewScript] = []
    not_taken: list[NotTaken] = []
    for path in _paths(folder):
        shown = _shown(path, folder)
        try:
            script = read_script(path, folder)
            if is_beside_scripts(path) and not script.content.startswith(b"#!"):
                not_taken.append(NotTaken(shown, _("Judging by its name and its first line, this is not a script.")))
                continue
            scripts.append(script)
            if remark := lacks(script.content, path.parent):
                not_taken.append(NotTaken(_("files beside {path}").format(path=shown), remark))
        except BorgDeskError as error:
            not_taken.append(NotTaken(shown, str(error)))
    return Found(SCRIPT_FOLDER, scripts=tuple(scripts), not_taken=tuple(not_taken))


def read_script(path: Path, folder: Path) -> NewScript:
    """Read one script, which must be in *folder* when links have been followed.

    Raises:
        InvalidInput: it is elsewhere, or no text.
        ScriptUnreadable: it cannot be read.
    """
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise InvalidInput(
            _("{path} is not in the folder {folder}, so it is not read.").format(
                path=_shown(path, folder), folder=folder
            )
        )
    content = normalized(files.read(path), _("The file {path}").format(path=_shown(path, folder)))
    header = header_or_empty(content)
    return NewScript(
        header.name or readable_name(path),
        content,
        header.description,
        header.timeout or TIMEOUT,
        header.run_on or ALWAYS,
        path.name,
    )


def _shown(path: Path, folder: Path) -> str:
    name = path.relative_to(folder) if path.is_relative_to(folder) else path
    return os.fspath(name).encode(errors="replace").decode(errors="replace")


def _paths(folder: Path) -> list[Path]:
    """Return the files below a folder, in alphabetical order."""
    found: list[Path] = []
    try:
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise InvalidInput(_("{path} is not a folder.").format(path=folder))
        with os.scandir(folder):
            pass
    except OSError as error:
        raise InvalidInput(_("{path} cannot be read: {error}.").format(path=folder, error=error.strerror)) from error
    except ValueError as error:
        raise InvalidInput(_("“{path}” is not the name of a folder.").format(path=folder)) from error
    for current, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(current, name) for name in sorted(names) if not name.startswith(".") and not name.endswith("~")]
        if len(found) > _MOST:
            raise InvalidInput(
                _("There are more than {most} files in {path}. Name the folder that contains only scripts.").format(
                    most=_MOST, path=folder
                )
            )
    return found
