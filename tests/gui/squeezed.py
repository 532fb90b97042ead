"""Finds widgets that got less room than they need: they overlap, leave their parent, or cut their text."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLayout,
    QLineEdit,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QWidget,
)

from borgdesk.gui.look.layout_parts import parts_of
from borgdesk.gui.look.table_view import TableView


def squeezed(window: QWidget) -> Iterator[str]:
    """Yield a line for each visible widget of a window that was squeezed."""
    for widget in [window, *window.findChildren(QWidget)]:
        if widget.isVisible() and widget.window() is window:
            yield from _misplaced(widget)
            yield from _cut(widget)


def cut_choices(window: QWidget) -> Iterator[str]:
    """Yield a line for each combo box that shows only a part of the current choice."""
    for box in window.findChildren(QComboBox):
        needed = box.fontMetrics().horizontalAdvance(box.currentText())
        if box.isVisible() and not box.isEditable() and _room_for_text(box) < needed:
            yield f"cut: {_told(box)} needs {needed} for {box.currentText()}"


def cut_titles(window: QWidget) -> Iterator[str]:
    """Yield a line for each heading of a column, title of a group and tab that shows only a part of its text."""
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or widget.window() is not window:
            continue
        if isinstance(widget, QHeaderView) and widget.orientation() is Qt.Orientation.Horizontal:
            yield from _cut_headings(widget)
        elif isinstance(widget, QGroupBox) and widget.minimumSizeHint().width() > widget.width():
            yield f"cut: group “{widget.title()}”"
        elif isinstance(widget, QTabBar) and widget.elideMode() is not Qt.TextElideMode.ElideNone:
            for place in range(widget.count()):
                if widget.tabRect(place).width() < widget.fontMetrics().horizontalAdvance(widget.tabText(place)):
                    yield f"cut: tab “{widget.tabText(place)}”"


def _cut_headings(header: QHeaderView) -> Iterator[str]:
    model = header.model()
    for place in range(header.count()):
        text = str(model.headerData(place, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole) or "")
        needed, given = header.fontMetrics().horizontalAdvance(text), header.sectionSize(place)
        if not header.isSectionHidden(place) and given < needed:
            yield f"cut: heading “{text}” needs {needed}, has {given}"


def cut_cells(window: QWidget) -> Iterator[str]:
    """Yield a line for each cell of a table that shows only a part of a date, a state or a number."""
    for table in window.findChildren(TableView):
        if not table.isVisible() or table.window() is not window:
            continue
        for place, column in enumerate(table.rows.columns):
            if not column.is_firm or table.isColumnHidden(place):
                continue
            icon = table.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize) if column.icon else 0
            for row in table.rows.rows():
                needed = table.fontMetrics().horizontalAdvance(column.text(row)) + icon + 8
                if needed > table.columnWidth(place):
                    yield f"cut: “{column.text(row)}” in {_told(table)} needs {needed}, has {table.columnWidth(place)}"


def _misplaced(parent: QWidget) -> Iterator[str]:
    layout = parent.layout()
    if layout is None:
        return
    widgets = [*_widgets(layout)]
    for one, other in itertools.combinations(widgets, 2):
        if one.geometry().intersects(other.geometry()):
            yield f"overlap: {_told(one)} and {_told(other)}"
    for one in widgets:
        if not parent.rect().contains(one.geometry()):
            yield f"outside: {_told(one)} of {_told(parent)}"


def _widgets(layout: QLayout) -> Iterator[QWidget]:
    for _place, part in parts_of(layout):
        if isinstance(part, QLayout):
            yield from _widgets(part)
        elif part.isVisible():
            yield part


def _cut(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QLabel) and type(widget) is QLabel and widget.text():
        if widget.wordWrap():
            needed, given = widget.heightForWidth(widget.width()), widget.height() + 2
        else:
            needed, given = widget.sizeHint().width(), widget.width() + 1
    elif isinstance(widget, QAbstractButton) and not isinstance(widget.parent(), QLineEdit | QTabBar):
        needed, given = widget.minimumSizeHint().width(), widget.width()
    else:
        return
    if given < needed:
        yield f"cut: {_told(widget)} needs {needed}"


def _room_for_text(box: QComboBox) -> int:
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    style, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
    return box.style().subControlRect(style, option, part, box).width()


def _told(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QLabel | QAbstractButton) else widget.accessibleName()
    at, size = widget.pos(), widget.size()
    return f"{type(widget).__name__} “{text[:40]}” ({size.width()} × {size.height()} at {at.x()}, {at.y()})"
