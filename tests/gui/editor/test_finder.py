"""Find and replace in the script editor, by keyboard and by the find bar's signals."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from borgdesk.gui.editor.editor import ScriptEditor
from borgdesk.gui.editor.text_search import MAX_COUNTED, Searcher, Span, UnusableExpression
from borgdesk.gui.look.find_bar import FindBar
from borgdesk.gui.look.search_query import SearchQuery

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
TEXT = "name é one\nName two\nrename 😀 name\n"

pytestmark = pytest.mark.gui


class Bar:
    """The find bar as a user operates it."""

    def __init__(self, editor: ScriptEditor, qtbot: QtBot) -> None:
        self.editor = editor
        self.qtbot = qtbot
        bar = editor.findChild(FindBar)
        assert bar is not None
        self.bar = bar
        self.fields = {field.accessibleName(): field for field in bar.findChildren(QLineEdit)}

    def open(self, *, replace: bool = False) -> None:
        target = self.editor.focusProxy()
        assert target is not None
        QTest.keyClick(target, Qt.Key.Key_H if replace else Qt.Key.Key_F, CTRL)
        assert self.bar.isVisible()

    def type(self, text: str) -> None:
        with self.qtbot.waitSignal(self.bar.query_changed, check_params_cb=lambda query: query.text == text):
            self.fields["Find"].setText(text)

    def check(self, name: str) -> None:
        (box,) = [box for box in self.bar.findChildren(QCheckBox) if box.text().replace("&", "") == name]
        with self.qtbot.waitSignal(self.bar.query_changed):
            box.click()

    def click(self, name: str) -> None:
        (button,) = [b for b in self.bar.findChildren(QPushButton) if b.text().replace("&", "") == name]
        button.click()

    @property
    def words(self) -> str:
        (label,) = [label for label in self.bar.findChildren(QLabel) if label.buddy() is None]
        return label.text()

    @property
    def selected(self) -> str:
        return self.editor._surface.selectedText()


@pytest.fixture
def editor(qtbot: QtBot) -> ScriptEditor:
    editor = ScriptEditor()
    qtbot.addWidget(editor)
    editor.resize(800, 500)
    editor.set_text(TEXT)
    editor.show()
    return editor


@pytest.fixture
def bar(editor: ScriptEditor, qtbot: QtBot) -> Bar:
    return Bar(editor, qtbot)


def test_typing_finds_and_counts(bar: Bar) -> None:
    bar.open()
    bar.type("name")
    assert bar.words == "1 of 4"
    assert bar.selected == "name"


def test_next_wraps_and_says_so_and_previous_goes_back(bar: Bar, qtbot: QtBot) -> None:
    bar.open()
    bar.type("name")
    field = bar.fields["Find"]
    for expected in ("2 of 4", "3 of 4", "4 of 4", "1 of 4, search wrapped"):
        QTest.keyClick(field, Qt.Key.Key_F3)
        assert bar.words == expected
    QTest.keyClick(field, Qt.Key.Key_F3, SHIFT)
    assert bar.words == "4 of 4, search wrapped"
    assert bar.editor.cursor_place() == (3, 14)
    QTest.keyClick(field, Qt.Key.Key_Return, SHIFT)
    assert bar.words == "3 of 4"
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert bar.words == "4 of 4"


def test_without_wrap_the_end_is_the_end(bar: Bar, qtbot: QtBot) -> None:
    bar.open()
    bar.check("Wrap around")
    bar.type("two")
    QTest.keyClick(bar.fields["Find"], Qt.Key.Key_F3)
    assert bar.words == "1 found"
    assert bar.editor.cursor_place() == (2, 9)


def test_case_and_whole_word(bar: Bar) -> None:
    bar.open()
    bar.type("name")
    bar.check("Match case")
    assert bar.words == "1 of 3"
    bar.check("Whole word")
    assert bar.words == "1 of 2"


def test_escape_closes_and_gives_the_keyboard_back(bar: Bar, qtbot: QtBot) -> None:
    bar.open()
    bar.type("name")
    QTest.keyClick(bar.fields["Find"], Qt.Key.Key_Escape)
    assert not bar.bar.isVisible()
    assert not bar.editor._surface.SendScintilla(bar.editor._surface.SCI_INDICATORALLONFOR, 0)
    bar.open()
    target = bar.editor.focusProxy()
    assert target is not None
    QTest.keyClick(target, Qt.Key.Key_Escape)
    assert not bar.bar.isVisible()


def test_replace_one_then_all_each_one_undo_step(bar: Bar, qtbot: QtBot) -> None:
    bar.open(replace=True)
    bar.type("name")
    bar.fields["Replace with"].setText("ñ")
    bar.click("Replace")
    assert bar.editor.text() == "ñ é one\nName two\nrename 😀 name\n"
    assert bar.editor.cursor_place() == (2, 5)
    bar.click("Replace all")
    assert bar.editor.text() == "ñ é one\nñ two\nreñ 😀 ñ\n"
    assert bar.words.startswith("3")
    target = bar.editor.focusProxy()
    assert target is not None
    QTest.keyClick(target, Qt.Key.Key_Z, CTRL)
    assert bar.editor.text() == "ñ é one\nName two\nrename 😀 name\n"
    QTest.keyClick(target, Qt.Key.Key_Z, CTRL)
    assert bar.editor.text() == TEXT


def test_regular_expression_replacement_with_groups(bar: Bar) -> None:
    bar.open(replace=True)
    bar.check("Regular expression")
    bar.type(r"^(\w+) (.) (\w+)$")
    bar.fields["Replace with"].setText(r"\3\t\2 $1\\")
    bar.click("Replace all")
    assert bar.editor.text() == "one\té $1\\\nName two\nname\t😀 $1\\\n"


def test_empty_matches_are_walked_and_replaced(bar: Bar, qtbot: QtBot) -> None:
    bar.open(replace=True)
    bar.check("Regular expression")
    bar.type("^")
    QTest.keyClick(bar.fields["Find"], Qt.Key.Key_F3)
    assert bar.editor.cursor_place() == (2, 1)
    bar.fields["Replace with"].setText("> ")
    bar.click("Replace all")
    assert bar.editor.text().splitlines()[1] == "> Name two"


@pytest.mark.parametrize("faulty", ["(", "[z-a]", "*"])
def test_a_faulty_expression_is_said_not_raised(bar: Bar, faulty: str) -> None:
    bar.open()
    bar.check("Regular expression")
    bar.type(faulty)
    assert bar.words
    assert "of" not in bar.words.split()[:2]


def test_a_runaway_expression_is_given_up(bar: Bar) -> None:
    bar.editor.set_text("a" * 5000 + "b")
    bar.open()
    bar.check("Regular expression")
    bar.type("(a+)+$")
    assert "too long" in bar.words


def test_counting_follows_edits(bar: Bar, qtbot: QtBot) -> None:
    bar.open()
    bar.type("name")
    bar.editor.replace_text("name\n")
    qtbot.waitUntil(lambda: bar.words in {"1 found", "1 of 1"})


def test_a_read_only_text_is_searched_but_not_replaced(bar: Bar) -> None:
    bar.editor.set_read_only(True)
    bar.open(replace=True)
    assert not bar.fields["Replace with"].isVisible()
    bar.type("two")
    assert bar.words == "1 of 1"


def test_the_selection_becomes_the_search(bar: Bar, qtbot: QtBot) -> None:
    target = bar.editor.focusProxy()
    assert target is not None
    bar.editor.go_to_line(2, 6)
    QTest.keyClick(target, Qt.Key.Key_End, SHIFT)
    bar.open()
    assert bar.fields["Find"].text() == "two"


# Searcher


def test_offsets_are_bytes_also_behind_wide_characters() -> None:
    data = TEXT.encode()
    searcher = Searcher(data)
    spans, more = searcher.all(SearchQuery("name", match_case=True))
    assert not more
    assert [data[span.start : span.end] for span in spans] == [b"name"] * 3
    assert searcher.after(SearchQuery("name"), spans[1].start) == spans[1]
    assert searcher.before(SearchQuery("name", match_case=True), spans[2].start) == spans[1]


def test_searching_backwards_passes_the_first_window() -> None:
    data = b"needle\n" + b"hay\n" * 50_000
    assert Searcher(data).before(SearchQuery("needle"), len(data)) == Span(0, 6)
    assert Searcher(data).before(SearchQuery("pin"), len(data)) is None


def test_counting_stops_somewhere() -> None:
    spans, more = Searcher(b"a" * (MAX_COUNTED + 1)).all(SearchQuery("a"))
    assert more
    assert len(spans) <= MAX_COUNTED


def test_literal_text_is_taken_literally() -> None:
    awkward = r"a.b*[c]\Q\E$1 #é"
    data = f"x{awkward}y".encode()
    assert Searcher(data).after(SearchQuery(awkward), 0) == Span(1, len(data) - 1)


def test_a_faulty_expression_raises_for_its_caller() -> None:
    with pytest.raises(UnusableExpression):
        Searcher(b"x").after(SearchQuery("(", regular_expression=True), 0)
