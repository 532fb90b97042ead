"""Comparing two archives in the window, with real Borg."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from borgdesk.domain.change import ChangeKind
from borgdesk.gui.archives import difference_dialog
from borgdesk.gui.archives.archives_page import ArchivesPage
from borgdesk.gui.archives.difference_dialog import DifferenceDialog
from borgdesk.gui.archives.difference_model import ADDED, CHANGE, REMOVED
from borgdesk.gui.contents.contents_model import NAME
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from tests.engine.desk import Desk

PATIENCE = 60_000


@pytest.fixture
def page(compared: Desk, background: Background, qtbot: QtBot) -> ArchivesPage:
    page = ArchivesPage(compared.workspace, background, Executor(compared.workspace, background))
    qtbot.addWidget(page)
    page.resize(1100, 600)
    page.show_repository(compared.repository.id)
    page.show()
    qtbot.waitUntil(lambda: page.contents_panel.is_whole, timeout=PATIENCE)
    return page


def names(dialog: DifferenceDialog) -> list[str]:
    model = dialog.changes
    return [str(model.index(place, NAME).data()) for place in range(model.rowCount())]


def cells(dialog: DifferenceDialog, name: str) -> tuple[str, str, str]:
    place = names(dialog).index(name)
    added, removed = (dialog.changes.index(place, column).data() for column in (ADDED, REMOVED))
    return dialog.changes.index(place, CHANGE).data(), added, removed


def test_what_is_different_is_a_tree(page: ArchivesPage, qtbot: QtBot) -> None:
    # A single selected archive is compared with its predecessor.
    page.actions_of_archives.compare.trigger()
    (dialog,) = page.findChildren(DifferenceDialog)
    qtbot.waitUntil(lambda: "new.txt" in names(dialog), timeout=PATIENCE)
    assert names(dialog)[-5:] == ["letters", "edited.txt", "new.txt", "old.txt", "shared.txt"]
    assert cells(dialog, "edited.txt") == ("modified", "12 bytes", "6 bytes")
    assert cells(dialog, "new.txt") == ("added", "9 bytes", "")
    assert cells(dialog, "old.txt") == ("removed", "", "3 bytes")
    assert cells(dialog, "shared.txt") == ("permissions", "", "")
    assert cells(dialog, "letters") == ("", "21 bytes", "9 bytes")
    assert dialog.summary.text().startswith("4 changes: 21 bytes added, 9 bytes removed; all in /")
    for kind in set(ChangeKind) - {ChangeKind.REMOVED}:
        dialog.kinds[kind].setChecked(False)
    qtbot.waitUntil(lambda: names(dialog)[-2:] == ["letters", "old.txt"], timeout=PATIENCE)
    assert cells(dialog, "letters") == ("", "", "3 bytes")
    for box in dialog.kinds.values():
        box.setChecked(True)
    dialog.search.setText("EDIT")
    qtbot.waitUntil(lambda: [name[-10:] for name in names(dialog)] == ["edited.txt"], timeout=PATIENCE)
    dialog.search.clear()
    qtbot.waitUntil(lambda: "new.txt" in names(dialog), timeout=PATIENCE)
    dialog.tree.sortByColumn(ADDED, Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: names(dialog)[-4:-2] == ["edited.txt", "new.txt"], timeout=PATIENCE)
    dialog.second.setCurrentIndex(dialog.first.currentIndex())
    dialog.second.activated.emit(dialog.second.currentIndex())
    assert dialog.banner.text == "Choose two different archives."
    assert dialog.changes.rowCount() == 0
    dialog.reject()


def test_two_that_are_selected_are_compared_in_their_order(page: ArchivesPage, qtbot: QtBot) -> None:
    page.table.selectAll()
    page.actions_of_archives.compare.trigger()
    (dialog,) = page.findChildren(DifferenceDialog)
    newest, oldest = (one.id for one in page.actions_of_archives._shown()[1].archives)  # type: ignore[index]
    assert (dialog.first.currentData(), dialog.second.currentData()) == (oldest, newest)
    assert not page.actions_of_archives.open_folder.isEnabled()
    dialog.reject()


def test_what_is_cut_off_is_said(page: ArchivesPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(difference_dialog, "MOST_FOUND", 3)
    page.actions_of_archives.compare.trigger()
    (dialog,) = page.findChildren(DifferenceDialog)
    qtbot.waitUntil(lambda: "new.txt" in names(dialog), timeout=PATIENCE)
    dialog.search.setText("d.txt")
    qtbot.waitUntil(lambda: dialog.summary.text() == "3 found.", timeout=PATIENCE)
    dialog.search.setText(".txt")
    qtbot.waitUntil(lambda: dialog.summary.text() == "The first 3 are shown; type more of the name.", timeout=PATIENCE)
    assert dialog.changes.rowCount() == 3
    # Escape first clears the search, and only then closes the dialog.
    qtbot.keyClick(dialog.search, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: dialog.summary.text().startswith("4 changes"), timeout=PATIENCE)
    assert dialog.isVisible()
    dialog.reject()
