"""The frame of a card: a rounded surface for one subject, marked while it has the keyboard focus."""

from __future__ import annotations

from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget

_ROUND = 6
_FAINT = 50
"""Opacity of the frame, out of 255: it separates surfaces, and nothing is read from it."""


class Card(QWidget):
    """Draws the surface; what is on it is up to its user."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        line = palette.color(QPalette.ColorRole.Text)
        line.setAlpha(_FAINT)
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2) if self.hasFocus() else line)
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), _ROUND, _ROUND)
        painter.end()
