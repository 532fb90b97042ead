"""Diffs: their rows contain both texts completely, and a table shows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QTableView
from pytestqt.qtbot import QtBot

from borgdesk.gui.scripts.diff_table import DiffTable
from borgdesk.gui.scripts.diff_view import BIG, DiffView
from borgdesk.gui.scripts.text_diff import Change, DiffRow, diff, unified

OLD = "#!/bin/sh\nstop\n\nstart\n"
NEW = "#!/bin/sh\nstop --now\n\nstart\nreport\n"

texts = st.lists(st.sampled_from(["a", "b", "c", "d", "", "x y"]), max_size=12).map("\n".join)


def lines(rows: list[DiffRow], *, old: bool) -> list[str]:
    return [row.old if old else row.new for row in rows if (row.old_number if old else row.new_number)]


def test_changed_and_added_lines() -> None:
    rows = diff(OLD, NEW)
    assert [row.change for row in rows] == [Change.SAME, Change.CHANGED, Change.SAME, Change.SAME, Change.ADDED]
    assert rows[1] == DiffRow(Change.CHANGED, 2, 2, "stop", "stop --now")
    assert rows[4] == DiffRow(Change.ADDED, 0, 5, "", "report")


@pytest.mark.parametrize("unlike", ["\u2028", "\f", "\v", "\x85", "\x1c"])
def test_a_comment_that_becomes_a_command_is_shown(unlike: str) -> None:
    """Python has more line ends than shells do."""
    rows = diff(f"#!/bin/sh\n# note{unlike}rm file\n", "#!/bin/sh\n# note\nrm file\n")
    assert [row.change for row in rows] == [Change.SAME, Change.CHANGED, Change.ADDED]


def test_what_acts_unseen_is_written_out(qtbot: QtBot) -> None:
    view = DiffView()
    qtbot.addWidget(view)
    view.set_texts("echo a\n", "echo \u202ea\u2028b\n", "Before", "After")
    model = view._model
    shown = [model.data(model.index(0, column)) for column in range(model.columnCount())]
    assert "echo <U+202E>a<U+2028>b" in shown


@given(texts, texts)
def test_every_line_of_both_texts_is_there_once_and_in_order(old: str, new: str) -> None:
    for rows in (diff(old, new), unified(diff(old, new))):
        assert lines(rows, old=True) == old.splitlines()
        assert lines(rows, old=False) == new.splitlines()
        numbers = [row.old_number for row in rows if row.old_number]
        assert numbers == list(range(1, len(numbers) + 1))


@given(texts)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert {row.change for row in diff(text, text)} <= {Change.SAME}


@given(texts, texts)
def test_same_rows_hold_the_same_line(old: str, new: str) -> None:
    for row in diff(old, new):
        assert (row.change is Change.SAME) == (bool(row.old_number and row.new_number) and row.old == row.new)


def test_long_stretches_without_a_common_line_are_replaced_as_a_whole() -> None:
    rows = diff("same\n" + "old\nolder\n" * 2500, "same\n" + "new\nnewer\n" * 2500)
    assert rows[0].change is Change.SAME
    assert {row.change for row in rows[1:]} == {Change.CHANGED}


def test_unified_puts_old_lines_before_new_ones() -> None:
    rows = unified(diff("a\nb\nz\n", "c\nd\nz\n"))
    assert [row.change for row in rows] == [Change.REMOVED, Change.REMOVED, Change.ADDED, Change.ADDED, Change.SAME]


@pytest.fixture
def view(qtbot: QtBot) -> DiffView:
    view = DiffView()
    qtbot.addWidget(view)
    view.resize(800, 400)
    view.show()
    return view


def table_of(view: DiffView) -> QTableView:
    table = view.findChild(QTableView)
    assert table is not None
    return table


def shown(view: DiffView) -> list[list[str]]:
    model = table_of(view).model()
    columns = range(model.columnCount())
    return [[str(model.index(row, column).data()) for column in columns] for row in range(model.rowCount())]


@pytest.mark.gui
def test_side_by_side_and_one_column(view: DiffView) -> None:
    view.set_texts(OLD, NEW, "Library", "Disk")
    assert shown(view)[1] == ["2", "stop", "±", "2", "stop --now"]
    assert shown(view)[4] == ["", "", "+", "5", "report"]
    side_by_side = view.findChild(QCheckBox)
    assert side_by_side is not None
    side_by_side.click()
    assert shown(view)[1:3] == [["2", "", "−", "stop"], ["", "2", "+", "stop --now"]]


@pytest.mark.gui
def test_big_texts_are_compared_elsewhere_and_the_last_question_counts(view: DiffView, qtbot: QtBot) -> None:
    big = "line\n" * BIG
    told: list[int] = []
    view.compared.connect(told.append)
    view.set_texts(big, big + "one\ntwo\n", "a", "b")
    assert shown(view) == []
    with qtbot.waitSignal(view.compared):
        view.set_texts(big, big + "one\n", "a", "b")
    assert told == [1]
    assert any(label.text() == "1 line differs." for label in view.findChildren(QLabel))


def selected(view: DiffView) -> tuple[int, list[int]]:
    """Return the current row, and the selected ones."""
    table = table_of(view)
    return table.currentIndex().row(), [index.row() for index in table.selectionModel().selectedRows()]


@pytest.mark.gui
@pytest.mark.parametrize("held", ["NoModifier", "ShiftModifier", "ControlModifier"])
def test_changes_are_walked_and_copied(view: DiffView, held: str) -> None:
    view.set_texts(OLD, NEW, "Library", "Disk")
    table = table_of(view)
    assert selected(view) == (1, [1]), "it opens at the first change"
    QTest.keyPress(view, Qt.Key.Key_F7, Qt.KeyboardModifier[held])
    pressed = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    QGuiApplication.sendEvent(table, pressed)  # QTest would first offer the key to the shortcuts of the active window
    assert QGuiApplication.clipboard().text() == "-stop\n+stop --now"
    view.go_to_change()
    assert selected(view) == (4, [4])
    view.go_to_change()
    assert selected(view) == (4, [4])
    view.go_to_change(backward=True)
    assert selected(view) == (1, [1])


@pytest.mark.gui
def test_a_change_far_below_is_in_sight(view: DiffView, qtbot: QtBot) -> None:
    text = "\n".join(map(str, range(500)))
    view.set_texts(text, f"{text}\nend", "Library", "Disk")
    table = table_of(view)
    view.show()
    qtbot.waitUntil(lambda: table.viewport().rect().intersects(table.visualRect(table.model().index(500, 0))))


@pytest.mark.gui
def test_equal_texts_say_so(view: DiffView) -> None:
    view.set_texts(OLD, OLD, "a", "b")
    assert any(label.text() == "No differences." for label in view.findChildren(QLabel))


@pytest.mark.gui
def test_a_dark_palette_gives_dark_backgrounds(view: DiffView) -> None:
    view.set_texts(OLD, NEW, "a", "b")
    index = table_of(view).model().index(1, 1)
    assert index.data(Qt.ItemDataRole.BackgroundRole).lightness() > 200
    palette = QPalette(view.palette())
    palette.setColor(QPalette.ColorRole.Base, QColor("#101010"))
    view.setPalette(palette)
    assert index.data(Qt.ItemDataRole.BackgroundRole).lightness() < 80
    assert index.data(Qt.ItemDataRole.ForegroundRole) == QColor("white")


def test_both_texts_have_the_same_room(qtbot: QtBot) -> None:
    """The title of a column is not cut off where its lines are short."""
    view = DiffView()
    qtbot.addWidget(view)
    view.resize(700, 300)
    view.show()
    view.set_texts("a", "b", "In the file", "Your text, not saved")
    table = view.findChild(QTableView)
    assert isinstance(table, QTableView)
    header = table.horizontalHeader()
    old, new = (header.sectionSize(column) for column in (1, 4))
    assert abs(old - new) <= 2
    view.resize(1000, 300)
    assert header.sectionSize(1) > old
    assert abs(header.sectionSize(1) - header.sectionSize(4)) <= 2


def test_long_lines_of_both_texts_are_scrolled_together(view: DiffView, qtbot: QtBot) -> None:
    table = table_of(view)
    assert isinstance(table, DiffTable)
    view.set_texts("short\n", "short\n", "a", "b")
    assert not table.sideways.isVisible()
    view.set_texts("x" * 300 + "old\n", "x" * 300 + "new\n", "a", "b")
    header = table.horizontalHeader()
    assert abs(header.sectionSize(1) - header.sectionSize(4)) <= 2
    assert header.length() <= table.viewport().width()
    assert table.sideways.isVisible()
    before = table.grab().toImage()
    QTest.keyClick(table, Qt.Key.Key_Right)
    moved = table.sideways.value()
    assert moved > 0
    table.sideways.setValue(table.sideways.maximum())
    assert table.sideways.value() > moved
    assert table.grab().toImage() != before
    end = table.sideways.value() + header.sectionSize(1)
    assert end >= table.fontMetrics().horizontalAdvance("x") * 303, "the end of the longest line can be reached"
    QTest.keyClick(table, Qt.Key.Key_Left)
    assert table.sideways.value() < table.sideways.maximum()
    view.set_texts("short\n", "shorter\n", "a", "b")
    assert (table.sideways.isVisible(), table.sideways.value()) == (False, 0)


def test_the_columns_fit_with_a_large_font(view: DiffView) -> None:
    font = view.font()
    font.setPointSizeF(24)
    table = table_of(view)
    table.horizontalHeader().setFont(font)
    table.horizontalHeader().setMinimumSectionSize(90)
    view.set_texts("a\n", "b\n", "old", "new")
    assert table.horizontalHeader().length() <= table.viewport().width()
