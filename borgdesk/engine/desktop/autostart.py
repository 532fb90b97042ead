"""The files in the autostart folder, which every desktop reads at login (XDG Autostart specification).

There are two, per user:

* One runs ``borgdesk recover`` after a reboot or power failure. It is written when BorgDesk is used, because what an
  interrupted backup has stopped must be started again.
* One opens the window, hidden in the tray. It is written only if the user asks for it.

Both name the absolute path of BorgDesk and are written again after it has moved.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from borgdesk import private
from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.version import APPLICATION_ID
from borgdesk.engine.processes.self_start import own_command
from borgdesk.translation import _

NAME = "borgdesk-recover.desktop"
WINDOW_NAME = f"{APPLICATION_ID}.desktop"

_TEXT = """[Desktop Entry]
Type=Application
Name=BorgDesk recovery
Comment=Restart whatever an interrupted backup left stopped
Exec={command} recover
Icon={icon}
Terminal=false
NoDisplay=true
X-GNOME-Autostart-enabled=true
"""
_WINDOW_TEXT = """[Desktop Entry]
Type=Application
Name=BorgDesk
Comment=Back up in the background
Exec={command} --hidden
Icon={icon}
Terminal=false
X-GNOME-Autostart-enabled=true
"""
_SWITCHED_OFF = ("Hidden=true", "X-GNOME-Autostart-enabled=false")
"""Lines with which desktops switch an entry off."""


def install(environment: Mapping[str, str]) -> Path | None:
    """Write the recovery's file; return its path, or None with ``BORGDESK_HOME`` (trials) or if it is not writable.

    A file that the user has disabled (``Hidden=true``) is left alone; any other one is replaced if it differs, for
    example because it names an older location of BorgDesk.
    """
    path = recovery_file(environment)
    if path is None:
        return None
    with contextlib.suppress(OSError):
        if path.exists() and "Hidden=true" in path.read_text():
            return path
        _write(path, _TEXT)
        return path
    return None


def recovery_file(environment: Mapping[str, str]) -> Path | None:
    """Return the path of the recovery's file, whether or not it exists; None where nothing starts at login."""
    folder = _folder(environment)
    return None if folder is None else folder / NAME


def start_window_at_login(environment: Mapping[str, str]) -> Path:
    """Write the window's file, and return its path.

    Raises:
        InvalidInput: this BorgDesk is for trials (``BORGDESK_HOME``), or the home folder is not known.
        BorgDeskError: it cannot be written.
    """
    folder = _folder(environment)
    if folder is None:
        raise InvalidInput(
            _("A BorgDesk that keeps its data in BORGDESK_HOME does not start at login. Nothing was changed.")
        )
    path = folder / WINDOW_NAME
    try:
        _write(path, _WINDOW_TEXT)
    except OSError as error:
        raise BorgDeskError(
            _("The autostart file {path} cannot be written: {error}. Nothing was changed.").format(
                path=path, error=error.strerror
            )
        ) from error
    return path


def forget_window(environment: Mapping[str, str]) -> None:
    """Remove the window's file, if there is one.

    Raises:
        BorgDeskError: it cannot be removed.
    """
    folder = _folder(environment)
    if folder is None:
        return
    try:
        (folder / WINDOW_NAME).unlink(missing_ok=True)
    except NotADirectoryError:
        return
    except OSError as error:
        raise BorgDeskError(
            _("The autostart file {path} cannot be removed: {error}. Nothing was changed.").format(
                path=folder / WINDOW_NAME, error=error.strerror
            )
        ) from error


def refresh_window(environment: Mapping[str, str]) -> bool:
    """Write the window's file again if BorgDesk has moved; return False if the user removed it or switched it off."""
    folder = _folder(environment)
    if folder is None:
        return True
    path = folder / WINDOW_NAME
    with contextlib.suppress(OSError):
        if not path.exists() or any(line in _SWITCHED_OFF for line in path.read_text().splitlines()):
            return False
        _write(path, _WINDOW_TEXT)
    return True


def own_exec() -> str:
    """Return the beginning of an ``Exec`` line that starts this BorgDesk, wherever it is."""
    return " ".join(map(_quoted, own_command()))


def _folder(environment: Mapping[str, str]) -> Path | None:
    if environment.get("BORGDESK_HOME") or not environment.get("HOME"):
        return None
    # Desktops ignore what is not absolute (XDG Base Directory specification).
    given = Path(environment.get("XDG_CONFIG_HOME", ""))
    config = given if given.is_absolute() else Path(environment["HOME"], ".config")
    return config / "autostart" if config.is_absolute() else None


def _write(path: Path, text: str) -> None:
    text = text.format(command=own_exec(), icon=APPLICATION_ID)
    if path.exists() and path.read_text() == text:
        return
    private.make_missing(path.parent)
    partial = path.with_suffix(".partial")
    # Private, whatever the umask: who can change it decides what starts at login.
    with private.anew(partial) as file:
        file.write(text.encode())
    partial.replace(path)


def _quoted(word: str) -> str:
    """Quote a word of an Exec line: the specification requires these characters to be escaped in double quotes."""
    for character in ("\\", '"', "`", "$"):
        word = word.replace(character, "\\" + character)
    return '"' + word.replace("%", "%%") + '"'
