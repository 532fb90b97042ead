"""Scroll area for forms that asks for the width of its content, and scrolls sideways only if it does not get it.

On wide screens, a form stays as wide as lines of text can be read.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

_LEAST_HEIGHT = 60
_WIDEST = 130
"""Average characters."""


class FormScroll(QScrollArea):
    """Contains one widget."""

    def __init__(self, inside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inside = inside
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(inside)
        self._limit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # QScrollArea is an event filter of its widget.
        if watched is self._inside and event.type() == QEvent.Type.LayoutRequest:
            self._limit()
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._limit()

    def _limit(self) -> None:
        widest = self.fontMetrics().averageCharWidth() * _WIDEST
        self._inside.setMaximumWidth(max(widest, self._inside.minimumSizeHint().width()))

    def minimumSizeHint(self) -> QSize:
        width = self._inside.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(width, _LEAST_HEIGHT)

    def sizeHint(self) -> QSize:
        hint = self._inside.sizeHint()
        return QSize(hint.width() + self.verticalScrollBar().sizeHint().width(), hint.height())
