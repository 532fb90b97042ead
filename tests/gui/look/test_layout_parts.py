"""What is in a layout, without objects that outlive it."""

from __future__ import annotations

import gc

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayoutItem,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.layout_parts import parts_of


def test_parts_are_in_the_order_of_the_layout(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    last, first, inner = QPushButton(page), QPushButton(page), QHBoxLayout()
    QLabel(page)
    column = QVBoxLayout(page)
    column.addWidget(first)
    column.addStretch(1)
    column.addLayout(inner)
    column.addWidget(last)
    inside = QLineEdit()
    inner.addWidget(inside)
    assert parts_of(column) == [(0, first), (2, inner), (3, last)]
    assert parts_of(inner) == [(0, inside)]


def test_a_layout_without_a_widget_has_no_parts(qtbot: QtBot) -> None:
    assert parts_of(QVBoxLayout()) == []


class Asking(Dialog):
    """All kinds of layouts, which are filled only where they are: PySide keeps the items of those that come filled."""

    def __init__(self) -> None:
        super().__init__()
        self.fields = [QLineEdit() for _ in range(5)]
        form, grid, row = QFormLayout(), QGridLayout(), QHBoxLayout()
        column = QVBoxLayout(self)
        for layout in (form, grid, row):
            column.addLayout(layout)
        form.addRow("First", self.fields[0])
        grid.addWidget(self.fields[2], 1, 0)
        grid.addWidget(self.fields[1], 0, 0)
        row.addStretch(1)
        row.addWidget(self.fields[3])
        column.addWidget(self.fields[4])


def test_tab_leaves_no_items_of_layouts_behind(qtbot: QtBot) -> None:
    """They would be taken for whatever is at their address later, once the layout has dropped them."""
    dialog = Asking()
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    before = len(items())
    dialog.fields[0].setFocus()
    for field in dialog.fields[1:]:
        QTest.keyClick(dialog, Qt.Key.Key_Tab)
        assert field.hasFocus()
    assert len(items()) == before


def items() -> list[QLayoutItem]:
    """Return the Python objects of items, without layouts, which Qt does not delete unnoticed."""
    gc.collect()
    return [one for one in gc.get_objects() if type(one).__name__ in ("QWidgetItem", "QSpacerItem", "QWidgetItemV2")]
