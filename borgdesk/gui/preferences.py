"""What the user wants of the window itself. Kept in a small file, so that it is known before the store is open."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from borgdesk.paths import Paths

SCHEMES = ("system", "light", "dark")
_GEOMETRY = "window/geometry"


@dataclass(frozen=True, slots=True)
class Wishes:
    """The settings, with the values they have before anybody chose."""

    scheme: str = "system"
    """One of :data:`SCHEMES`."""
    notify_success: bool = False
    """Whether a good backup is worth a notification; failures and warnings always are."""
    close_to_tray: bool = True
    """Whether closing the window leaves BorgDesk in the tray, where there is one."""
    keep_checkpoint: bool = True
    """Whether Borg, when a backup is stopped, saves what it has read so far."""


class Preferences(QObject):
    """The wishes and the window's place, on the disk."""

    changed = Signal()

    def __init__(self, paths: Paths, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = QSettings(str(paths.config / "window.ini"), QSettings.Format.IniFormat, self)
        self._wishes = self._read()

    @property
    def wishes(self) -> Wishes:
        """What is wished now."""
        return self._wishes

    def change(self, **values: object) -> None:
        """Keep some new wishes, by their names in :class:`Wishes`."""
        wishes = replace(self._wishes, **values)  # type: ignore[arg-type]
        if wishes == self._wishes:
            return
        self._wishes = wishes
        for field in fields(wishes):
            self._settings.setValue(f"wishes/{field.name}", getattr(wishes, field.name))
        self.changed.emit()

    @property
    def geometry(self) -> QByteArray:
        """Where the window was; empty when it never was anywhere."""
        value = self._settings.value(_GEOMETRY, QByteArray())
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep_geometry(self, geometry: QByteArray) -> None:
        """Remember where the window is."""
        self._settings.setValue(_GEOMETRY, geometry)

    def _read(self) -> Wishes:
        """The wishes of the file; whatever cannot be understood there counts as not chosen."""
        values: dict[str, Any] = {}
        for field in fields(Wishes):
            value = self._settings.value(f"wishes/{field.name}", field.default)
            if isinstance(field.default, bool):
                value = value if isinstance(value, bool) else str(value).lower() == "true"
            elif value not in SCHEMES:
                value = field.default
            values[field.name] = value
        return Wishes(**values)
