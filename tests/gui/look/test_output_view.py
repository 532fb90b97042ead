from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from borgdesk.domain.events import Stream
from borgdesk.engine.runs.run_log_reader import LONGEST_SHOWN
from borgdesk.gui.look import theme
from borgdesk.gui.look.output_view import OutputView
from borgdesk.gui.workers.live_run import KEPT_LINES

OUT, ERR = Stream.STDOUT, Stream.STDERR


@pytest.fixture
def view(qtbot: QtBot) -> OutputView:
    view = OutputView()
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.show()
    return view


def text_of(view: OutputView) -> QPlainTextEdit:
    return view.findChild(QPlainTextEdit)  # type: ignore[return-value]


def settle(view: OutputView, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: view.is_settled)


def color_at(view: OutputView, word: str) -> str:
    cursor = text_of(view).document().find(word)
    assert not cursor.isNull()
    return cursor.charFormat().foreground().color().name()


def says(view: OutputView, part: str) -> bool:
    return any(part in label.text() and not label.isHidden() for label in view.findChildren(QLabel))


def test_streams_and_colours_can_be_told_apart(view: OutputView, qtbot: QtBot) -> None:
    view.show_lines([(OUT, ("one", "\x1b[32mgreen\x1b[0m plain")), (ERR, ("trouble",))])
    settle(view, qtbot)
    assert view.text() == "one\ngreen plain\ntrouble"
    assert color_at(view, "trouble") == theme.color(theme.Tone.BAD).name()
    assert color_at(view, "green") != color_at(view, "one")


def test_keeps_the_last_lines_and_counts_the_others(view: OutputView, qtbot: QtBot) -> None:
    view.follow_lines([])
    for start in range(0, 12_000, 1000):
        view.append([(OUT, tuple(f"line {number}" for number in range(start, start + 1000)))])
    settle(view, qtbot)
    lines = view.text().splitlines()
    assert lines[-1] == "line 11999"
    assert len(lines) <= KEPT_LINES
    assert text_of(view).blockCount() <= KEPT_LINES
    first = int(lines[0].split()[1])
    assert lines == [f"line {number}" for number in range(first, 12_000)]
    assert says(view, f"{first:,}") or says(view, str(first))


def test_stays_where_somebody_reads(view: OutputView, qtbot: QtBot) -> None:
    view.follow_lines([(OUT, tuple(f"line {number}" for number in range(500)))])
    settle(view, qtbot)
    bar = text_of(view).verticalScrollBar()
    assert bar.value() == bar.maximum()
    bar.setValue(10)
    view.append([(OUT, ("more",) * 50)])
    settle(view, qtbot)
    assert bar.value() == 10


def test_a_finished_output_is_shown_from_its_beginning(view: OutputView, qtbot: QtBot) -> None:
    view.show_lines([(OUT, tuple(f"line {number}" for number in range(500)))], notice="Only a part.")
    settle(view, qtbot)
    assert text_of(view).verticalScrollBar().value() == 0
    assert says(view, "Only a part.")


def test_searches_with_wrap_and_count(view: OutputView, qtbot: QtBot) -> None:
    view.show_lines([(OUT, ("red apple", "green apple", "pear"))])
    settle(view, qtbot)
    text_of(view).setFocus()
    qtbot.keyClick(text_of(view), Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    field = next(field for field in view.findChildren(QLineEdit) if field.accessibleName() == "Find")
    qtbot.keyClicks(field, "apple")
    qtbot.waitUntil(lambda: text_of(view).textCursor().selectedText() == "apple")
    assert text_of(view).textCursor().blockNumber() == 0
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert text_of(view).textCursor().blockNumber() == 1
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert text_of(view).textCursor().blockNumber() == 0
    assert says(view, "1 of 2")
    field.setText("plum")
    qtbot.waitUntil(lambda: says(view, "Not found"))


def test_copies_all_or_what_is_selected(view: OutputView, qtbot: QtBot) -> None:
    view.show_lines([(OUT, ("one", "two"))])
    settle(view, qtbot)
    copy = next(button for button in view.findChildren(type(view._copy)) if "Copy" in button.text())
    copy.click()
    assert QGuiApplication.clipboard().text() == "one\ntwo"
    cursor = text_of(view).textCursor()
    cursor.setPosition(0)
    cursor.movePosition(QTextCursor.MoveOperation.EndOfLine, QTextCursor.MoveMode.KeepAnchor)
    text_of(view).setTextCursor(cursor)
    copy.click()
    assert QGuiApplication.clipboard().text() == "one"


def test_says_when_nothing_was_printed(view: OutputView) -> None:
    view.show_lines([], empty="No output.")
    assert text_of(view).placeholderText() == "No output."
    assert not any(button.isEnabled() for button in (view._copy, view._save, view._search))


def test_a_line_is_never_longer_than_can_be_shown(view: OutputView, qtbot: QtBot) -> None:
    """This includes lines from the database, which keeps a quarter of a million characters."""
    view.show_lines([(OUT, ("x" * 250_000, "\x1b[31m" + "y" * 250_000, "end"))])
    settle(view, qtbot)
    lines = text_of(view).toPlainText().split("\n")
    assert [len(line) for line in lines] == [LONGEST_SHOWN + 1, LONGEST_SHOWN + 1 - len("\x1b[31m"), 3]
