"""The login autostart: after a reboot or a power loss, ``borgdesk recover`` does what dead runs still owe.

It is a file of the XDG autostart specification, which every desktop reads at login. It belongs to the user, so it is
written for those who use BorgDesk, and again when BorgDesk has moved.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

NAME = "borgdesk-recover.desktop"
_TEXT = """[Desktop Entry]
Type=Application
Name=BorgDesk recovery
Comment=Start again what an interrupted backup left stopped
Exec={command} recover
Icon=borgdesk
Terminal=false
NoDisplay=true
X-GNOME-Autostart-enabled=true
"""


def install(environment: Mapping[str, str]) -> Path | None:
    """Write the autostart file; its path, or None in a trial (``BORGDESK_HOME``) and where it cannot be written.

    A file that the user has disabled (``Hidden=true``) or changed for another command stays disabled: only a file of
    ours that names an older place of BorgDesk is replaced.
    """
    if environment.get("BORGDESK_HOME") or not environment.get("HOME"):
        return None
    config = Path(environment.get("XDG_CONFIG_HOME") or Path(environment["HOME"], ".config"))
    path = config / "autostart" / NAME
    text = _TEXT.format(command=_command())
    with contextlib.suppress(OSError):
        if path.exists() and "Hidden=true" in path.read_text():
            return path
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            partial.write_text(text)
            partial.replace(path)
        return path
    return None


def _command() -> str:
    """How this BorgDesk is started, as a desktop file quotes it."""
    program = shutil.which("borgdesk", path=str(Path(sys.executable).parent))
    if program is not None:
        return _quoted(program)
    root = str(Path(__file__).parent.parent.parent)
    code = f"import sys; sys.path.insert(0, {root!r}); from borgdesk.__main__ import main; sys.exit(main())"
    return f"{_quoted(sys.executable)} -c {_quoted(code)}"


def _quoted(word: str) -> str:
    """A word of an Exec line: the specification wants these characters escaped inside double quotes."""
    for character in ("\\", '"', "`", "$"):
        word = word.replace(character, "\\" + character)
    return '"' + word.replace("%", "%%") + '"'
