"""Notices that somebody begins to use the window, so that what a window in the tray never needs is loaded only then."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QWidget

_SIGNS = {
    *(QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel),
    *(QEvent.Type.KeyPress, QEvent.Type.TouchBegin, QEvent.Type.TabletMove),
}
"""Not that the pointer enters: a window may open below it."""


class Interest(QObject):
    """Waits for the first movement of the pointer over a window, or the first key: mostly a second before a click."""

    shown = Signal()
    """Once."""

    def __init__(self, window: QWidget, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # Widgets hear of movements of the pointer only if they asked for it; the window of the system always does.
        window.winId()
        self._watched = window.windowHandle()
        self._watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at what the window is told first of all, and change nothing."""
        if event.type() in _SIGNS:
            watched.removeEventFilter(self)
            self.shown.emit()
        return False
