"""Reading direction: what Qt does not mirror by itself where text runs from right to left."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLayout, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from borgdesk.translation import FIRST_STRONG, POP

RIGHT_TO_LEFT = Qt.LayoutDirection.RightToLeft
_OTHER_WAY = {
    "go-next": "go-previous",
    "go-previous": "go-next",
    "edit-undo": "edit-redo",
    "edit-redo": "edit-undo",
}
"""Icons that point somewhere, and the ones that look like their mirror images."""


def is_right_to_left() -> bool:
    """Return whether the program is read from right to left."""
    return QGuiApplication.layoutDirection() is RIGHT_TO_LEFT


def icon_name(name: str) -> str:
    """Return the icon that points where *name* does for readers from left to right."""
    return _OTHER_WAY.get(name, name) if is_right_to_left() else name


def isolated(text: str) -> str:
    """Return a text for a cell: a path stays as it is typed, instead of beginning with what is its end."""
    return f"{FIRST_STRONG}{text}{POP}" if text and is_right_to_left() else text


def set_margins(layout: QLayout, left: int, top: int, right: int, bottom: int) -> None:
    """Set the margins of a layout; *left* is where reading begins."""
    if is_right_to_left():
        left, right = right, left
    layout.setContentsMargins(left, top, right, bottom)


def mirrored(option: QStyleOptionViewItem, rect: QRect) -> QRect:
    """Return where to draw what is at *rect* of an item if it is read from left to right."""
    return QStyle.visualRect(option.direction, option.rect, rect)


class Isolating(QStyledItemDelegate):
    """Draws each text by itself, see :func:`isolated`."""

    def displayText(self, value: object, locale: QLocale | QLocale.Language) -> str:
        return isolated(super().displayText(value, locale))
