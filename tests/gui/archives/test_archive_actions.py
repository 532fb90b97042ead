"""Renaming, commenting and deleting archives in the window, with real Borg."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from borgdesk.engine.archives.archive_list import kept_archives
from borgdesk.engine.runs.maintenance import Compact
from borgdesk.gui.archives.archive_details import ArchiveDetails
from borgdesk.gui.archives.archive_text_dialog import ArchiveTextDialog
from borgdesk.gui.archives.archives_page import ArchivesPage
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from tests.engine.archives.lab import back_up
from tests.engine.desk import Desk
from tests.gui.stage import open_box

T = TypeVar("T", bound=QObject)


@pytest.fixture
def page(real: Desk, background: Background, qtbot: QtBot) -> ArchivesPage:
    for _ in range(3):
        back_up(real)
    page = ArchivesPage(real.workspace, background, Executor(real.workspace, background))
    qtbot.addWidget(page)
    page.show_repository(real.repository.id)
    page.show()
    qtbot.waitUntil(lambda: page.contents_panel.is_whole, timeout=60_000)
    return page


def only(page: ArchivesPage, kind: type[T]) -> T:
    (found,) = page.findChildren(kind)
    return found


def names(page: ArchivesPage) -> list[str]:
    return [one.name for one in page.list_panel.model.archives]


def test_a_name_that_is_refused_and_one_that_is_taken(page: ArchivesPage, qtbot: QtBot) -> None:
    newest, other = names(page)[:2]
    qtbot.keyClick(page.table, Qt.Key.Key_F2)
    dialog = only(page, ArchiveTextDialog)
    assert dialog.field.text() == newest
    for wrong in ("a/b", other):
        dialog.field.setText(wrong)
        dialog.accept_button.click()
        qtbot.waitUntil(dialog.accept_button.isEnabled, timeout=60_000)
        assert dialog.isVisible()
        assert dialog.banner.text != ""
        assert dialog.field.text() == wrong
    dialog.field.setText("before the move")
    dialog.accept_button.click()
    qtbot.waitUntil(lambda: "before the move" in names(page), timeout=60_000)
    current = page.table.current_row()
    assert current is not None
    assert current.name == "before the move"
    assert newest not in names(page)


def test_a_comment(page: ArchivesPage, qtbot: QtBot) -> None:
    page.actions_of_archives.comment.trigger()
    dialog = only(page, ArchiveTextDialog)
    dialog.field.setText("the last one with the old disk")
    dialog.accept_button.click()
    qtbot.waitUntil(lambda: page.list_panel.model.archives[0].comment != "", timeout=60_000)
    page.list_panel.search.setText("OLD DISK")
    assert page.list_panel.model.shown == 1


def test_several_are_deleted_after_a_question(page: ArchivesPage, qtbot: QtBot) -> None:
    first, second, third = names(page)
    page.table.selectAll()
    assert len(page.table.selected()) == 3
    page.table.selectionModel().clear()
    for name in (first, third):
        place = next(row for row in range(page.list_panel.model.rowCount()) if is_named(page, row, name))
        flags = page.table.selectionModel().SelectionFlag
        index = page.list_panel.model.index(place, 0)
        page.table.selectionModel().select(index, flags.Select | flags.Rows)
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    box = open_box()
    assert box is not None
    assert "2 archives" in box.text()
    assert first in box.informativeText()
    assert box.defaultButton() is box.escapeButton()
    said: list[str] = []
    page._question._progressed.connect(lambda *_args: said.append(page.working.text))
    press(box, "&Delete")
    qtbot.waitUntil(lambda: page.deleted.text.startswith("2 archives were deleted."), timeout=60_000)
    assert names(page) == [second]
    assert said[-1] == "Deleting 2 archives… 100 %"
    qtbot.waitUntil(lambda: page.contents_panel.is_whole, timeout=60_000)
    with qtbot.waitSignal(page.task_requested) as asked:
        page.deleted.button("&Free disk space").click()
    assert isinstance(asked.args[1], Compact)


def test_the_offer_to_free_space_is_taken_back_when_it_is_done(page: ArchivesPage, real: Desk, qtbot: QtBot) -> None:
    actions = page.actions_of_archives
    found = kept_archives(real.workspace, real.repository)
    assert found is not None
    actions._tell_deleted(real.repository, 1, found)
    assert page.deleted.text == "1 archive was deleted. The disk space is not free yet."
    page._executor.start_task(real.repository, Compact())
    qtbot.waitUntil(lambda: page.deleted.text == "", timeout=60_000)


def is_named(page: ArchivesPage, place: int, name: str) -> bool:
    archive = page.list_panel.model.row(place)
    return archive is not None and archive.name == name


def press(box: QMessageBox, text: str) -> None:
    next(one for one in box.findChildren(QPushButton) if one.text() == text).click()


def test_several_that_are_selected(page: ArchivesPage, qtbot: QtBot) -> None:
    page.table.selectAll()
    assert page.item_panel._title.text() == page.contents_panel.tree.empty_text == "3 archives selected"
    assert page.item_panel._facts.text() == ""
    archives = [replace(one, original_size=2000, deduplicated_size=10) for one in page.table.selected()]
    page.item_panel.show_archives(archives)
    assert page.item_panel._facts.text() == "6.0 kB, 30 bytes of it new"
    qtbot.keyClick(page.table, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    page.table.select_first()
    qtbot.waitUntil(lambda: page.contents_panel.is_whole, timeout=60_000)


def test_details_with_sizes_that_are_asked_for(page: ArchivesPage, qtbot: QtBot) -> None:
    assert size(page) is None
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    dialog = only(page, ArchiveDetails)
    qtbot.waitUntil(lambda: dialog.value("Size:") == "21 bytes", timeout=60_000)
    assert size(page) == 21
    dialog.reject()


def size(page: ArchivesPage) -> int | None:
    return page.list_panel.model.archives[0].original_size
