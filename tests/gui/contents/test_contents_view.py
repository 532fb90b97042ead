"""The tree of an archive, as it is drawn."""

from __future__ import annotations

import stat

from PySide6.QtCore import QRect
from pytestqt.qtbot import QtBot

from borgdesk.gui.contents.contents_model import TOP, ContentsModel
from borgdesk.gui.contents.contents_view import arrow_of
from borgdesk.store.listings import Row

LEVELS = 30


def file_in(folder: int) -> Row:
    return folder, "file", stat.S_IFREG, 1, 0, None, None


def test_names_have_room_however_deep_they_are(qtbot: QtBot) -> None:
    """Each folder has a file, too, so that all of them are shown."""
    model = ContentsModel()
    model.begin({TOP: [(TOP, "folder", stat.S_IFDIR, 0, 0, None, 1), file_in(TOP)]})
    for number in range(1, LEVELS):
        model.open(number - 1)
        model.show_rows(number, [(number, "folder", stat.S_IFDIR, 0, 0, None, number + 1), file_in(number)])
        cell = QRect(10, 0, 200, 20)
        places = [arrow_of(cell, model.index(row, 0)).left() for row in range(number + 1)]
        assert places == sorted(set(places)), "deeper is further to the right"
        assert places[0] == cell.left()
        assert places[-1] == cell.left() + min(16 * number, 100)
