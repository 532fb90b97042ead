"""What the window must know before the store is open: its geometry and colours, in a small file.

All other settings are in the store (:mod:`borgdesk.domain.settings`).
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from borgdesk.domain.settings import (
    CLOSE_TO_TRAY,
    COLOUR_SCHEMES,
    COLOURS,
    KEEP_CHECKPOINT,
    NOTIFY_SUCCESS,
    Setting,
)
from borgdesk.paths import Paths

_GEOMETRY = "window/geometry"
_SCHEME = "window/scheme"
_OLD = "wishes"
"""Name of the group in which the first versions kept all settings."""
_OLD_KEYS: dict[str, Setting[Any]] = {
    "scheme": COLOURS,
    "notify_success": NOTIFY_SUCCESS,
    "close_to_tray": CLOSE_TO_TRAY,
    "keep_checkpoint": KEEP_CHECKPOINT,
}


class WindowSettings(QObject):
    """The file ``window.ini``."""

    scheme_changed = Signal()

    def __init__(self, paths: Paths, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = QSettings(str(paths.config / "window.ini"), QSettings.Format.IniFormat, self)

    @property
    def scheme(self) -> str:
        """The colours of the window at the last start, one of ``COLOUR_SCHEMES``."""
        found = self._file.value(_SCHEME, self._file.value(f"{_OLD}/scheme"))
        return found if isinstance(found, str) and found in COLOUR_SCHEMES else COLOURS.default

    def keep_scheme(self, scheme: str) -> None:
        """Save the colours for the next start."""
        if scheme != self.scheme:
            self._file.setValue(_SCHEME, scheme)
            self.scheme_changed.emit()

    @property
    def geometry(self) -> QByteArray:
        """The saved geometry of the window; empty if none was saved."""
        value = self._file.value(_GEOMETRY, QByteArray())
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep_geometry(self, geometry: QByteArray) -> None:
        """Save the geometry of the window."""
        self._file.setValue(_GEOMETRY, geometry)

    def take_old(self) -> dict[str, Any]:
        """Return the settings that an older version kept here, by their keys of today, and forget them here."""
        found: dict[str, Any] = {}
        for name, setting in _OLD_KEYS.items():
            value = self._file.value(f"{_OLD}/{name}")
            if isinstance(setting.default, bool) and value is not None:
                found[setting.key] = value if isinstance(value, bool) else str(value).lower() == "true"
            elif value is not None:
                found[setting.key] = value
        if found:
            self._file.setValue(_SCHEME, self.scheme)
            self._file.remove(_OLD)
        return found
