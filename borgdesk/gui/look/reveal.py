"""Scrolls to what a button has just made visible."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QPoint, QTimer
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

_MARGIN = 6


def reveal(shown: QWidget, button: QWidget) -> None:
    """Scroll as far as needed to see all of *shown*, or as much as fits without losing *button* above it."""
    # The layouts must have given it its place first.
    QTimer.singleShot(0, shown, partial(_reveal, shown, button))


def _reveal(shown: QWidget, button: QWidget) -> None:
    # Layouts of texts with several lines need a second turn.
    for _ in range(2):
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    parent = shown.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            _scroll(parent, shown, button)
        parent = parent.parentWidget()


def _scroll(area: QScrollArea, shown: QWidget, button: QWidget) -> None:
    inside = area.widget()
    assert inside is not None
    bar, room = area.verticalScrollBar(), area.viewport().height()
    top = button.mapTo(inside, QPoint(0, -_MARGIN)).y()
    bottom = shown.mapTo(inside, QPoint(0, shown.height() + _MARGIN)).y()
    if bottom > bar.value() + room:
        bar.setValue(min(top, bottom - room))
