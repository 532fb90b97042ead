"""Scrolls an area while something is dragged near its upper or lower edge."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QDragMoveEvent
from PySide6.QtWidgets import QScrollArea, QWidget

_EDGE = 32
"""Pixels from an edge within which it scrolls."""
_STEP = 14
_PAUSE = 30
"""Milliseconds between steps."""


class DragScroller(QObject):
    """Watches the widgets in the area that accept drags."""

    def __init__(self, area: QScrollArea, targets: Iterable[QWidget]) -> None:
        super().__init__(area)
        self._area = area
        self._step = 0
        self._timer = QTimer(self, interval=_PAUSE)
        self._timer.timeout.connect(self._scroll)
        for target in targets:
            target.installEventFilter(self)

    @property
    def is_scrolling(self) -> bool:
        """Whether something is dragged near an edge."""
        return self._timer.isActive()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragMoveEvent) and isinstance(watched, QWidget):
            y = watched.mapTo(self._area.viewport(), event.position().toPoint()).y()
            near_end = y > self._area.viewport().height() - _EDGE
            self._go(-_STEP if y < _EDGE else _STEP if near_end else 0)
        elif event.type() in (QEvent.Type.DragLeave, QEvent.Type.Drop):
            self._go(0)
        return False

    def _go(self, step: int) -> None:
        self._step = step
        if not step:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def _scroll(self) -> None:
        bar = self._area.verticalScrollBar()
        bar.setValue(bar.value() + self._step)
