"""Field for a time of day."""

from __future__ import annotations

from datetime import time

from PySide6.QtCore import QTime
from PySide6.QtWidgets import QTimeEdit, QWidget


class TimeEdit(QTimeEdit):
    """Edits hours and minutes. Tab leaves it, as it leaves every other field; the arrow keys go from part to part."""

    def __init__(self, name: str = "", parent: QWidget | None = None) -> None:
        """*name* is the accessible name, if no label leads to it."""
        super().__init__(parent)
        self.setDisplayFormat("HH:mm")
        self.setAccessibleName(name)

    def value(self) -> time:
        """Return the time of day."""
        return time(self.time().hour(), self.time().minute())

    def set_value(self, value: time) -> None:
        """Show a time of day."""
        self.setTime(QTime(value.hour, value.minute))

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002 - Qt's name
        return QWidget.focusNextPrevChild(self, next)
