from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.table import Index, TableModel
from borgdesk.gui.look.table_view import TableView
from borgdesk.gui.look.theme import Tone


@dataclass(frozen=True)
class Fruit:
    name: str
    weight: int


COLUMNS: list[Column[Fruit]] = [
    Column("Name", lambda fruit: fruit.name, stretch=True),
    Column("Weight", lambda fruit: f"{fruit.weight} g", lambda fruit: fruit.weight, right=True),
    Column("Ripe", lambda _: "yes", tone=lambda _: Tone.GOOD, tooltip=lambda fruit: f"{fruit.name} is ripe"),
]
APPLE, BANANA, CHERRY = Fruit("apple", 150), Fruit("Banana", 1200), Fruit("cherry", 9)


def model_of(*fruits: Fruit) -> TableModel[Fruit]:
    model = TableModel(COLUMNS, key=lambda fruit: fruit.name)
    model.set_rows(fruits)
    return model


def view_of(model: TableModel[Fruit], qtbot: QtBot) -> TableView[Fruit]:
    view = TableView(model, "Fruits", "No fruits here")
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    return view


def shown(view: TableView[Fruit], column: int = 0) -> list[str]:
    model = view.model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def test_sorts_by_key_not_by_text(qtbot: QtBot) -> None:
    view = view_of(model_of(APPLE, BANANA, CHERRY), qtbot)
    view.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert shown(view) == ["cherry", "apple", "Banana"]
    view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert shown(view) == ["apple", "Banana", "cherry"]


def test_what_comes_later_is_sorted_in(qtbot: QtBot) -> None:
    model = model_of(APPLE)
    view = view_of(model, qtbot)
    view.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    model.set_rows([APPLE, CHERRY, BANANA])
    assert shown(view) == ["Banana", "apple", "cherry"]
    view.select_key("apple")
    model.append([Fruit("kiwi", 70)])
    model.put(Fruit("apple", 2000))
    model.put(Fruit("pea", 1))
    assert shown(view) == ["apple", "Banana", "kiwi", "cherry", "pea"]
    assert view.current_row() == Fruit("apple", 2000)


def test_texts_are_sorted_as_people_do(qtbot: QtBot) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German))
    try:
        view = view_of(model_of(*(Fruit(name, 1) for name in ("zoo", "öl", "Apfel", "äpfel", "banane"))), qtbot)
        assert shown(view) == ["Apfel", "äpfel", "banane", "öl", "zoo"]
    finally:
        QLocale.setDefault(before)


def test_new_values_keep_the_selection(qtbot: QtBot) -> None:
    model = model_of(APPLE, BANANA, CHERRY)
    view = view_of(model, qtbot)
    assert view.select_key("Banana")
    model.set_rows([Fruit("date", 7), Fruit("Banana", 2), CHERRY])
    assert view.current_row() == Fruit("Banana", 2)
    assert view.selectionModel().currentIndex().siblingAtColumn(1).data() == "2 g"
    model.set_rows([CHERRY])
    assert view.current_row() != Fruit("Banana", 2)


def test_rows_that_come_before_it_select_nothing(qtbot: QtBot) -> None:
    view = view_of(model_of(CHERRY), qtbot)
    view.select_key("cherry")
    with qtbot.assertNotEmitted(view.row_selected):
        view.rows.set_rows([APPLE, BANANA, CHERRY])
    assert view.current_row() == CHERRY


def test_filter_looks_into_all_columns_and_ignores_case(qtbot: QtBot) -> None:
    view = view_of(model_of(APPLE, BANANA, CHERRY), qtbot)
    field = view.search_field("Search fruits")
    qtbot.addWidget(field)
    qtbot.keyClicks(field, "BAN")
    assert shown(view) == ["Banana"]
    field.setText("150")
    assert shown(view) == ["apple"]
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert len(shown(view)) == 3


def test_the_filter_does_not_ask_for_each_cell(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(*(Fruit(f"Fruit {number}", number) for number in range(1000)))
    view = view_of(model, qtbot)
    asked: list[Index] = []
    monkeypatch.setattr(type(model), "data", lambda _model, index, _role=0: asked.append(index))
    view.set_filter("fruit 99")
    assert view.model().rowCount() == 11
    assert len(asked) < 100


def test_rows_are_read_once_for_all_keys_of_a_search(qtbot: QtBot) -> None:
    read: list[str] = []

    def name(fruit: Fruit) -> str:
        read.append(fruit.name)
        return fruit.name

    model = TableModel([Column("Name", name, stretch=True)], key=lambda fruit: fruit.weight)
    model.set_rows([Fruit(f"Fruit {number}", number) for number in range(1000)])
    view = TableView(model, "Fruits", "No fruits here")
    qtbot.addWidget(view)
    read.clear()
    for text in ("f", "fr", "fruit 99", "fruit 9", "FRUIT 998"):
        view.set_filter(text)
    assert len(read) == 1000
    assert view.model().rowCount() == 1


def test_a_search_sees_what_changes_meanwhile(qtbot: QtBot) -> None:
    model = TableModel(COLUMNS, key=lambda fruit: fruit.weight)
    model.set_rows([APPLE, BANANA, CHERRY])
    view = view_of(model, qtbot)
    view.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    view.set_filter("an")
    assert shown(view) == ["Banana"]
    model.put(Fruit("mango", APPLE.weight))
    assert shown(view) == ["Banana", "mango"]
    model.append([Fruit("cranberry", 1), Fruit("orange", 2), Fruit("kiwi", 3)])
    assert shown(view) == ["Banana", "mango", "orange", "cranberry"]
    model.remove(BANANA.weight)
    model.set_rows([Fruit("banana", 7), Fruit("mandarin", 8), CHERRY])
    assert shown(view) == ["mandarin", "banana"]
    view.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert shown(view) == ["banana", "mandarin"]
    model.set_rows([Fruit("plantain", 77)])
    assert shown(view) == ["plantain"]


def test_keyboard_activates_and_deletes(qtbot: QtBot) -> None:
    view = view_of(model_of(APPLE, BANANA), qtbot)
    view.select_key("apple")
    with qtbot.waitSignal(view.row_activated) as activated:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert activated.args == [APPLE]
    qtbot.keyClick(view, Qt.Key.Key_Down)
    with qtbot.waitSignal(view.delete_pressed) as deleted:
        qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert deleted.args == [BANANA]


@pytest.mark.parametrize("key", [Qt.Key.Key_Down, Qt.Key.Key_Up])
def test_the_first_arrow_selects_the_first_row(qtbot: QtBot, key: Qt.Key) -> None:
    view = view_of(model_of(APPLE, BANANA), qtbot)
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    qtbot.keyClick(view, key)
    assert view.current_row() == APPLE


def test_says_something_when_there_is_nothing(qtbot: QtBot) -> None:
    model = model_of()
    view = view_of(model, qtbot)
    empty = view.grab().toImage()
    view.set_empty("")
    assert view.grab().toImage() != empty


def test_columns_have_their_width_again_after_there_was_no_room(qtbot: QtBot) -> None:
    """A page is laid out in next to no room before it is shown for the first time."""
    view = TableView(model_of(APPLE), "Fruits")
    qtbot.addWidget(view)
    view.resize(600, 200)
    wanted = [view.columnWidth(place) for place in (1, 2)]
    for width in range(20, 200):
        view.resize(width, 200)
        view.grab()
    view.resize(600, 200)
    view.grab()
    assert all(abs(view.columnWidth(place) - width) <= 1 for place, width in zip((1, 2), wanted, strict=True))


def test_numbers_keep_their_width_as_long_as_texts_can_be_shortened(qtbot: QtBot) -> None:
    view = view_of(model_of(APPLE, BANANA), qtbot)
    view.resize(600, 200)
    number, text = wanted = [view.columnWidth(place) for place in (1, 2)]
    view.resize(number + text // 2 + 24 + 16 * view.fontMetrics().averageCharWidth(), 200)
    assert view.columnWidth(1) == number
    assert view.columnWidth(2) < text
    view.resize(number + 50, 200)
    assert view.columnWidth(1) == number
    assert view.horizontalScrollBar().maximum() > 0
    view.resize(600, 200)
    assert [view.columnWidth(place) for place in (1, 2)] == wanted
    assert view.horizontalScrollBar().maximum() == 0


def test_a_column_that_the_user_made_wider_stays_so(qtbot: QtBot) -> None:
    view = view_of(model_of(APPLE), qtbot)
    view.setColumnWidth(2, 130)
    view.resize(600, 200)
    view.resize(700, 200)
    assert view.columnWidth(2) == 130


def test_titles_stay_whole_and_few_words_are_all_readable(qtbot: QtBot) -> None:
    words = ("Successful", "Interrupted for some reason")
    columns: list[Column[str]] = [
        Column("Which of them it is", str, width=60),
        Column("State", str, whole=words),
        Column("Remark", str, stretch=True),
    ]
    view = TableView(TableModel(columns, key=str), "Fruits")
    qtbot.addWidget(view)
    view.show()
    measure = view.fontMetrics().horizontalAdvance
    view.resize(
        measure(words[1]) + measure("Which of them it is") + view.fontMetrics().averageCharWidth() * 16 + 200, 200
    )
    assert measure("Which of them it is") < view.columnWidth(0) < view._widths[0]
    assert view.columnWidth(1) > measure(words[1])


def test_has_names_for_those_who_hear(qtbot: QtBot) -> None:
    view = view_of(model_of(APPLE), qtbot)
    assert view.accessibleName() == "Fruits"
    assert view.model().index(0, 2).data(Qt.ItemDataRole.ToolTipRole) == "apple is ripe"
    assert view.model().index(0, 2).data(Qt.ItemDataRole.ForegroundRole).isValid()


def test_asks_for_more_once_until_it_is_answered(qtbot: QtBot) -> None:
    model = model_of()
    model.set_rows([APPLE], has_more=True)
    asked = []
    model.more_requested.connect(lambda: asked.append(1))
    model.fetchMore()
    model.fetchMore()
    assert asked == [1]
    model.append([APPLE, BANANA], has_more=False)
    assert model.rows() == (APPLE, BANANA)
    assert not model.canFetchMore()


def test_asks_for_no_more_than_there_is(qtbot: QtBot) -> None:
    model = model_of(APPLE)
    assert not model.canFetchMore()
    with qtbot.assertNotEmitted(model.more_requested):
        model.fetchMore()
    model.set_rows([APPLE], has_more=True)
    assert model.canFetchMore()
    assert not model.canFetchMore(model.index(0, 0)), "a row has no rows below it"
    model.append([BANANA])
    assert not model.canFetchMore()


def test_puts_and_removes_single_rows(qtbot: QtBot) -> None:
    model = model_of(APPLE)
    model.put(CHERRY, 0)
    model.put(Fruit("apple", 3))
    assert model.rows() == (CHERRY, Fruit("apple", 3))
    model.remove("cherry")
    model.remove("nobody")
    assert model.rows() == (Fruit("apple", 3),)
    assert model.place_of("apple") == 0


ROWS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 3)), unique_by=lambda row: row[0])


@given(before=ROWS, after=ROWS)
def test_any_change_keeps_model_and_places_right(before: list[tuple[str, int]], after: list[tuple[str, int]]) -> None:
    columns: list[Column[tuple[str, int]]] = [Column("Key", lambda row: row[0])]
    model = TableModel(columns, key=lambda row: row[0])
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_rows(before)
    kept = {row[0]: model.createIndex(place, 0) for place, row in enumerate(before)}
    model.set_rows(after)
    assert model.rows() == tuple(after)
    assert [model.place_of(row[0]) for row in after] == list(range(len(after)))
    assert len(kept) == len(before)
    tester.deleteLater()
