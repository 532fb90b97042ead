"""The rows of an archive's tree, as folders are opened and closed."""

from __future__ import annotations

import stat

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from borgdesk.gui.contents.contents_model import TOP, ContentsModel
from borgdesk.store.listings import Row


def folder(parent: int, name: str, number: int) -> Row:
    return parent, name, stat.S_IFDIR, 0, 0, None, number


def file(parent: int, name: str) -> Row:
    return parent, name, stat.S_IFREG, 1, 0, None, None


INSIDE = {
    TOP: [folder(TOP, "a", 1), folder(TOP, "b", 2), file(TOP, "c")],
    1: [folder(1, "inner", 3), file(1, "one")],
    2: [file(2, "two")],
    3: [file(3, "deep"), file(3, "deeper")],
}


def shown(model: ContentsModel) -> list[str]:
    return [model.index(place, 0).data() for place in range(model.rowCount())]


def opened(*numbers: int) -> ContentsModel:
    model = ContentsModel()
    model.begin({TOP: INSIDE[TOP]})
    for number in numbers:
        names = {row[6]: row[1] for rows in INSIDE.values() for row in rows}
        model.open(shown(model).index(names[number]))
        model.show_rows(number, INSIDE[number])
    return model


def test_a_view_hears_which_rows_are_new(qtbot: QtBot) -> None:
    heard: list[tuple[int, int]] = []
    model = opened(1)
    model.rowsInserted.connect(lambda _parent, first, last: heard.append((first, last)))
    for number, name in ((3, "inner"), (2, "b")):
        model.open(shown(model).index(name))
        model.show_rows(number, INSIDE[number])
    assert heard == [(2, 3), (6, 6)]
    assert shown(model)[2:4] == ["deep", "deeper"]


def test_headers_are_text_and_no_more(qtbot: QtBot) -> None:
    model, across, roles = ContentsModel(), Qt.Orientation.Horizontal, Qt.ItemDataRole
    assert [model.headerData(column, across).strip() for column in range(3)] == ["Name", "Size", "Modified"]
    assert not isinstance(model.headerData(1, across, roles.TextAlignmentRole), str)
    assert [model.headerData(0, across, role) for role in (roles.ToolTipRole, roles.FontRole)] == [None, None]


def test_closing_a_folder_hides_all_that_is_below_it(qtbot: QtBot) -> None:
    model = opened(1, 3, 2)
    assert shown(model) == ["a", "inner", "deep", "deeper", "one", "b", "two", "c"]
    model.close(0)
    assert shown(model) == ["a", "b", "two", "c"]
    assert (model.open_folders, set(model.inside)) == ((TOP, 2), {TOP, 2})
    model.open(0)
    model.show_rows(1, INSIDE[1])
    assert shown(model) == ["a", "inner", "one", "b", "two", "c"], "what was open in it is closed"


def test_a_folder_is_closed_before_its_rows_are_known(qtbot: QtBot) -> None:
    """Rows that were read in another order before it was closed are not below it any more."""
    model = opened(2, 1)
    model.close(0)
    model.replace({TOP: INSIDE[TOP], 1: INSIDE[1], 2: INSIDE[2]})
    assert shown(model) == ["a", "b", "two", "c"]
    model.open(0)
    model.close(0)
    assert shown(model) == ["a", "b", "two", "c"]


def test_rows_read_before_everything_was_closed_open_nothing(qtbot: QtBot) -> None:
    chain = {TOP: [folder(TOP, "home", 1)], 1: [folder(1, "anna", 2)], 2: [folder(2, "x", 3)], 3: [file(3, "deep")]}
    model = ContentsModel()
    model.begin(chain)
    model.clear()
    model.replace(chain)
    assert shown(model) == ["home"]
    model.begin(chain)
    assert shown(model)[-1] == "deep"
