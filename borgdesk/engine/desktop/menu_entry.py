"""The entry in the user's menu of applications, for a BorgDesk that no package of the system has installed.

All files are where the XDG specifications look for those of a user: the entry, the icon in all sizes, and the kind of
file that script packs are.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from borgdesk import private
from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.version import APPLICATION_ID
from borgdesk.engine.desktop.autostart import own_exec
from borgdesk.engine.processes.process import StartFailed, capture
from borgdesk.paths import resource
from borgdesk.translation import _

_EXEC = "Exec=borgdesk"
_PATIENCE = 20.0
"""Seconds for a program that indexes a folder."""


def install(environment: Mapping[str, str]) -> Path:
    """Write the menu entry, its icon and the kind of script packs, in place of earlier ones; return the entry's path.

    Raises:
        InvalidInput: the home folder is not known.
        BorgDeskError: they cannot be written.
    """
    entry, icon, kind = _files(environment)
    partial = entry.with_suffix(".partial")
    new = [partial, *(file for file in (icon, kind) if not os.path.lexists(file))]
    text = resource(entry.name).read_text(encoding="utf-8").replace(_EXEC, f"Exec={own_exec()}")
    try:
        for file in (entry, icon, kind):
            private.make_missing(file.parent)
        _write(kind, resource(kind.name).read_bytes())
        _write(icon, resource(f"icons/{icon.name}").read_bytes())
        _write(partial, text.encode())
        partial.replace(entry)
    except OSError as error:
        for file in new:
            with contextlib.suppress(OSError):
                file.unlink()
        raise BorgDeskError(
            _("The menu entry {path} cannot be written: {error}.").format(path=entry, error=error.strerror)
        ) from error
    _tell_desktop(environment)
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
    if removed:
        _tell_desktop(environment)
        _remove_empty_indexes(environment)
    return removed


def _tell_desktop(environment: Mapping[str, str]) -> None:
    """Bring the indexes up to date by which desktops find the program for a file; many have them, none needs them."""
    entry, _icon, kind = _files(environment)
    for program, folder in (
        ("update-desktop-database", entry.parent),
        ("update-mime-database", kind.parents[1]),
    ):
        with contextlib.suppress(StartFailed):
            capture([program, str(folder)], environment, _PATIENCE)


def _remove_empty_indexes(environment: Mapping[str, str]) -> None:
    """Remove the indexes of folders in which nothing is left to be found."""
    entry, _icon, kind = _files(environment)
    if not any(entry.parent.glob("*.desktop")):
        (entry.parent / "mimeinfo.cache").unlink(missing_ok=True)
    if kind.parent.is_dir() and not any(kind.parent.iterdir()):
        # All that is beside this folder was made of what was in it (shared-mime-info specification, 2.2).
        shutil.rmtree(kind.parents[1], ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    """Write a file that nobody else can change, whatever the umask."""
    with private.anew(path) as file:
        file.write(content)


def _files(environment: Mapping[str, str]) -> tuple[Path, Path, Path]:
    """Return the paths of the entry, the icon and the kind of script packs."""
    home = environment.get("HOME")
    if not home:
        raise InvalidInput(_("The home folder is not known: HOME is not set."))
    if not Path(home).is_absolute():
        raise InvalidInput(_("The home folder is not known: HOME is no absolute path."))
    # Desktops ignore what is not absolute (XDG Base Directory specification).
    given = Path(environment.get("XDG_DATA_HOME", ""))
    data = given if given.is_absolute() else Path(home, ".local", "share")
    icons = data / "icons" / "hicolor" / "scalable" / "apps"
    return (
        data / "applications" / f"{APPLICATION_ID}.desktop",
        icons / f"{APPLICATION_ID}.svg",
        data / "mime" / "packages" / f"{APPLICATION_ID}.xml",
    )
