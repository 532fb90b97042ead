"""The entry in the user's menu of applications, for a BorgDesk that no package of the system has installed.

Both files are where the XDG specifications look for those of a user: the entry, and the icon in all sizes.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.version import APPLICATION_ID
from borgdesk.engine.desktop.autostart import own_exec
from borgdesk.paths import resource
from borgdesk.translation import _

_EXEC = "Exec=borgdesk"


def install(environment: Mapping[str, str]) -> Path:
    """Write the menu entry and its icon, in place of earlier ones; return the path of the entry.

    Raises:
        InvalidInput: the home folder is not known.
        BorgDeskError: they cannot be written.
    """
    entry, icon = _files(environment)
    text = resource(entry.name).read_text(encoding="utf-8").replace(_EXEC, f"Exec={own_exec()}")
    try:
        for file in (entry, icon):
            file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(resource(f"icons/{icon.name}"), icon)
        partial = entry.with_suffix(".partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(entry)
    except OSError as error:
        raise BorgDeskError(
            _("The menu entry {path} cannot be written: {error}.").format(path=entry, error=error.strerror)
        ) from error
    return entry


def remove(environment: Mapping[str, str]) -> bool:
    """Remove what :func:`install` has written; return whether there was anything.

    Raises:
        InvalidInput: the home folder is not known.
        BorgDeskError: it cannot be removed.
    """
    removed = False
    for file in _files(environment):
        try:
            file.unlink()
            removed = True
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            raise BorgDeskError(
                _("The menu entry {path} cannot be removed: {error}.").format(path=file, error=error.strerror)
            ) from error
    return removed


def _files(environment: Mapping[str, str]) -> tuple[Path, Path]:
    """Return the paths of the entry and the icon."""
    home = environment.get("HOME")
    if not home:
        raise InvalidInput(_("The home folder is not known: HOME is not set."))
    data = Path(environment.get("XDG_DATA_HOME") or Path(home, ".local", "share"))
    icons = data / "icons" / "hicolor" / "scalable" / "apps"
    return data / "applications" / f"{APPLICATION_ID}.desktop", icons / f"{APPLICATION_ID}.svg"
