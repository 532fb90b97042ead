"""Segment: one of several buttons in a row that belong together, at most one of which is pressed."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QStyle, QToolButton, QWidget

from borgdesk.gui.look import theme

_PADDING = 8
_LEAST_PADDING = 3
"""Before its text is cut."""
_RADIUS = 6
_ARROW = 14
"""Pixels that the arrow of a menu takes."""


class Segment(QToolButton):
    """Drawn from the palette; elides its text where there is no room."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._first = self._last = False
        self.setText(text)
        self.setToolTip(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance(self.text()) + 2 * _PADDING
        return QSize(width + (_ARROW if self._has_menu() else 0), self.fontMetrics().height() + 12)

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * _LEAST_PADDING + 5 * self.fontMetrics().averageCharWidth(), self.sizeHint().height())

    def set_ends(self, *, first: bool, last: bool) -> None:
        """Say whether it begins or ends its row."""
        self._first, self._last = first, last
        self.update()

    def whole_width(self) -> int:
        """Return the width in which nothing of its text is cut."""
        return self.sizeHint().width() - 2 * (_PADDING - _LEAST_PADDING)

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = self.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = self._outline()
        group = QPalette.ColorGroup.Normal if self.isEnabled() else QPalette.ColorGroup.Disabled
        pressed = self.isChecked() or self.isDown()
        ground = QPalette.ColorRole.Highlight if pressed else QPalette.ColorRole.Base
        text = QPalette.ColorRole.HighlightedText if pressed else QPalette.ColorRole.Text
        painter.fillPath(outline, palette.color(group, ground))
        if self.underMouse() and not pressed and self.isEnabled():
            painter.fillPath(outline, theme.tint(theme.Tone.WORKING, 24))
        painter.setPen(QPen(theme.outline(palette), 1))
        painter.drawPath(outline)
        painter.setPen(palette.color(group, text))
        padding = self.padding()
        room = self.rect().adjusted(padding, 0, -padding - (_ARROW if self._has_menu() else 0), 0)
        room = QStyle.visualRect(self.layoutDirection(), self.rect(), room)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width() + 2)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, shown)
        if self._has_menu():
            right, middle = _PADDING + 9 if self.isRightToLeft() else self.width() - _PADDING, self.height() / 2
            painter.setBrush(palette.color(group, text))
            painter.setPen(Qt.PenStyle.NoPen)
            corners = [QPointF(right - 9, middle - 2), QPointF(right, middle - 2), QPointF(right - 4.5, middle + 3)]
            painter.drawPolygon(QPolygonF(corners))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.color(group, text), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(4, 4, -5, -5))
        painter.end()

    def padding(self) -> int:
        """Return the pixels on both sides of the text."""
        free = self.width() - self.fontMetrics().horizontalAdvance(self.text()) - (_ARROW if self._has_menu() else 0)
        return max(_LEAST_PADDING, min(_PADDING, free // 2))

    def _has_menu(self) -> bool:
        return self.menu() is not None

    def _outline(self) -> QPainterPath:
        """Return the shape: round only at the ends of the row. The left side is the right side of the one before."""
        leftmost, rightmost = (self._last, self._first) if self.isRightToLeft() else (self._first, self._last)
        area = QRectF(self.rect()).adjusted(0.5 if leftmost else -0.5, 0.5, -0.5, -0.5)
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        path.addRoundedRect(area, _RADIUS, _RADIUS)
        square = QPainterPath()
        if not leftmost:
            square.addRect(area.adjusted(0, 0, -area.width() / 2, 0))
        if not rightmost:
            square.addRect(area.adjusted(area.width() / 2, 0, 0, 0))
        return path.united(square).simplified()
