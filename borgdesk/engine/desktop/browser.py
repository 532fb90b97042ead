"""Whether this desktop has a web browser, which a page of the documentation can be opened in.

Qt cannot tell: it starts ``xdg-open``, which reports that nothing opens the page only after Qt has stopped listening.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_SCHEME = "x-scheme-handler/https"
_IN_CACHE = re.compile(rf"^{_SCHEME}=[^;\s]", re.MULTILINE)
_IN_ENTRY = re.compile(rf"^MimeType=(?:[^\n]*;)?{_SCHEME}(?:;|$)", re.MULTILINE)


def has_browser(environment: Mapping[str, str]) -> bool:
    """Return whether a program for web pages is registered where desktops look for it."""
    home = environment.get("XDG_DATA_HOME") or f"{environment.get('HOME', '')}/.local/share"
    system = environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    return any(_is_registered(Path(folder, "applications")) for folder in [home, *system.split(":")] if folder)


def _is_registered(applications: Path) -> bool:
    """Return whether a folder of menu entries has a browser, by its index if there is one."""
    text = _read(applications / "mimeinfo.cache")
    if text is not None:
        return _IN_CACHE.search(text) is not None
    try:
        entries = sorted(applications.glob("*.desktop"))
    except OSError:
        return False
    return any(_IN_ENTRY.search(_read(entry) or "") for entry in entries)


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
