"""Scroll area that matters only on small screens, where a window gets less room than its content needs."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QWidget

_LEAST = QSize(160, 60)


class OverflowArea(QScrollArea):
    """Gives its content the room there is, and scrolls instead of squeezing it.

    Qt's own resizable scroll area would ask for the preferred height of a content with wrapped texts, and thus scroll
    where tables could as well be lower.
    """

    def __init__(self, inside: QWidget, enough: int, parent: QWidget | None = None) -> None:
        """A width of *enough* suffices, whatever the content would like to have."""
        super().__init__(parent)
        self._inside = inside
        self._enough = enough
        self._scrolls = True
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(inside)
        if isinstance(inside, QStackedWidget):
            inside.currentChanged.connect(self._fit)

    def let_scroll(self, scrolls: bool) -> None:
        """Set whether the content scrolls if it does not fit; otherwise it gets the room there is."""
        self._scrolls = scrolls
        self._fit()

    def minimumSizeHint(self) -> QSize:
        return _LEAST

    def sizeHint(self) -> QSize:
        return self._inside.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # QScrollArea is an event filter of its widget.
        handled = super().eventFilter(watched, event)
        if watched is self._inside and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
            self.updateGeometry()
        return handled

    def _fit(self) -> None:
        room = self.maximumViewportSize()
        needed = self._needed(room)
        bars = QSize(
            self.verticalScrollBar().sizeHint().width() if needed.height() > room.height() else 0,
            self.horizontalScrollBar().sizeHint().height() if needed.width() > room.width() else 0,
        )
        room -= bars
        self._inside.resize(room.expandedTo(self._needed(room)))

    def _needed(self, room: QSize) -> QSize:
        """Return the size below which the content would be cut or overlap."""
        inside = self._inside
        shown = inside.currentWidget() if isinstance(inside, QStackedWidget) else inside
        if shown is None or not self._scrolls:
            return QSize(0, 0)
        least = shown.minimumSizeHint()
        width = min(least.width(), self._enough)
        if shown.hasHeightForWidth():
            least.setHeight(max(least.height(), shown.heightForWidth(max(width, room.width()))))
        return QSize(width, least.height())
