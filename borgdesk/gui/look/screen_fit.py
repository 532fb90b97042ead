"""Fits windows into the available area of their screen."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QAbstractButton, QDialogButtonBox, QLayout, QVBoxLayout, QWidget

from borgdesk.gui.look.layout_parts import parts_of
from borgdesk.gui.look.overflow_area import OverflowArea

LEAST = QSize(900, 500)
"""Minimum size of the main window: with title bar and panel it fits a screen of 1024 × 600, and one of 1920 × 1200 at
a scale of 2."""
_DIALOG = QSize(640, 500)
"""Size in which every dialog fits."""

_FRAME = QSize(8, 36)
"""Maximum size of title bar and borders in pixels, which is unknown before a window is shown."""


_LINE = 24
"""Height in pixels of the largest usual letters."""


def for_letters(size: int, window: QWidget) -> int:
    """Return a size that is enough for usual letters, enlarged if those of the window are larger."""
    return max(size, size * window.fontMetrics().height() // _LINE)


def room_for(window: QWidget) -> QSize:
    """Return the largest possible inner size of a window on its screen, excluding panels."""
    return window.screen().availableGeometry().size() - _FRAME


def fit_dialog(window: QWidget) -> None:
    """Fit a dialog; on a tiny screen, its content scrolls above its buttons."""
    room = room_for(window)
    if (room.width() < _DIALOG.width() or room.height() < _DIALOG.height()) and not window.findChild(OverflowArea):
        _scroll_content(window)
    fit(window)


def fit(window: QWidget) -> None:
    """Shrink a window that would not fit; its content scrolls then."""
    if not window.testAttribute(Qt.WidgetAttribute.WA_Resized):
        # Without this, it would keep the size before it had a content, in which texts of several lines are cut.
        window.adjustSize()
    room = room_for(window)
    window.setMinimumSize(window.minimumSize().boundedTo(room))
    window.resize(window.size().boundedTo(room))


def grow(window: QWidget) -> None:
    """Make a window higher if its texts need more lines now: Qt only sees to their width."""
    layout = window.layout()
    if layout is None or not layout.hasHeightForWidth():
        return
    needed = min(layout.minimumHeightForWidth(window.width()), room_for(window).height())
    if window.height() < needed:
        window.resize(window.width(), needed)


def _scroll_content(window: QWidget) -> None:
    layout = window.layout()
    if not isinstance(layout, QVBoxLayout):
        return
    end = layout.count() - 1
    ends_with_buttons = any(place == end and _has_only_buttons(part) for place, part in parts_of(layout))
    last = layout.takeAt(end) if ends_with_buttons else None
    inside = QWidget()
    margins = layout.contentsMargins()
    inside.setLayout(layout)  # Qt moves the layout, and all widgets in it.
    outer = QVBoxLayout(window)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(OverflowArea(inside, _DIALOG.width()), 1)
    if last is not None:
        below = QVBoxLayout()
        below.setContentsMargins(margins.left(), 0, margins.right(), margins.bottom())
        below.addItem(last)
        outer.addLayout(below)


def _has_only_buttons(part: QWidget | QLayout) -> bool:
    if isinstance(part, QLayout):
        parts = parts_of(part)
        return bool(parts) and all(_has_only_buttons(one) for _, one in parts)
    return isinstance(part, QDialogButtonBox | QAbstractButton)
