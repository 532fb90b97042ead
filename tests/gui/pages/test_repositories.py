"""The page of repositories over a real store and the real Borg."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QMessageBox
from pytestqt.qtbot import QtBot

from borgdesk.domain.repository import Repository
from borgdesk.gui.background import Background
from borgdesk.gui.dialogs.add_repository import AddRepositoryDialog
from borgdesk.gui.dialogs.assignment import AssignmentDialog
from borgdesk.gui.pages.repositories import RepositoriesPage
from tests.gui.scene import PRE, Scene
from tests.gui.stage import answer, open_box

SAVE = QDialogButtonBox.StandardButton.Save


@pytest.fixture
def page(scene: Scene, background: Background, qtbot: QtBot) -> RepositoriesPage:
    page = RepositoriesPage(scene.workspace, background)
    qtbot.addWidget(page)
    page.resize(900, 600)
    return page


def show(page: RepositoriesPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.view.board.shown):
        page.show()


def kept(scene: Scene, name: str, **values: object) -> Repository:
    """A repository in the store that Borg was never asked about."""
    one = Repository(0, name, f"/backup/{name}", (str(scene.source),), archive_name="x-{now}", encryption="none")
    return scene.workspace.store.repositories.add(replace(one, **values))  # type: ignore[arg-type]


def save(page: RepositoriesPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.view.saved, timeout=30_000):
        page.view.buttons.button(SAVE).click()


def test_without_any_it_offers_the_first(page: RepositoriesPage, qtbot: QtBot) -> None:
    page.show()
    qtbot.waitUntil(lambda: page._stack.currentIndex() == 0)
    page.ask_for_new()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, AddRepositoryDialog)
    dialog.close()


def test_it_shows_one_in_full(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    kept(scene, "Docs", excludes=("sh:**/x",), compression="zstd,3")
    show(page, qtbot)
    view = page.view
    assert view.repository is not None
    assert view.repository.name == "Docs"
    assert view.backup.sources.paths() == (str(scene.source),)
    assert view.backup.excludes.patterns() == ("sh:**/x",)
    assert view.backup.compression.compression() == "zstd,3"
    assert not view.is_modified()
    assert not view.buttons.isVisible()


def test_changes_are_saved(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    before = kept(scene, "Docs")
    show(page, qtbot)
    view = page.view
    view.backup.name.selectAll()
    QTest.keyClicks(view.backup.name, "Letters")
    view.backup.excludes.add(("sh:**/.cache",))
    view.backup.excludes.caches.click()
    view.retention.rules.counts["daily"].setValue(7)
    view.go_on.click()
    assert view.buttons.isVisible()
    save(page, qtbot)
    after = scene.workspace.store.repositories.get(before.id)
    assert (after.name, after.excludes, after.exclude_caches) == ("Letters", ("sh:**/.cache",), True)
    assert (after.retention.counts(), after.continue_on_hook_failure) == ({"daily": 7}, True)
    assert not view.buttons.isVisible()
    qtbot.waitUntil(lambda: page.table.rows.row(0).name == "Letters")


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [("name", "  ", "is empty"), ("archive_name", "{nonsense}", "nonsense"), ("compression", "zip", "compression")],
)
def test_what_is_impossible_is_told(
    page: RepositoriesPage, qtbot: QtBot, scene: Scene, field: str, text: str, said: str
) -> None:
    before = kept(scene, "Docs")
    show(page, qtbot)
    backup = page.view.backup
    if field == "compression":
        backup.compression.box.setCurrentText(text)
    else:
        line = getattr(backup, field)
        line.setText(text)
        line.textEdited.emit(text)
    with qtbot.waitSignal(page.view.save_failed):
        page.view.save()
    assert said in page.view.notice.text
    assert scene.workspace.store.repositories.get(before.id) == before
    assert page.view.is_modified()


def test_a_new_location_is_tried_on_borg(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    before = scene.repository("Docs")
    show(page, qtbot)
    line = page.view.connection.location
    line.setText("/no/such/place")
    line.textEdited.emit(line.text())
    with qtbot.waitSignal(page.view.save_failed, timeout=30_000):
        page.view.save()
    assert "could not be opened" in page.view.notice.text
    assert scene.workspace.store.repositories.get(before.id).location == before.location
    page.view.discard()
    assert page.view.connection.location.text() == before.location


def test_leaving_with_changes_asks(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    before = kept(scene, "Docs")
    show(page, qtbot)
    assert page.can_leave()
    for button, leaves in (
        (QMessageBox.StandardButton.Cancel, False),
        (QMessageBox.StandardButton.Discard, True),
    ):
        page.view.go_on.click()
        answer(button)
        assert page.can_leave() is leaves
        page.view.discard()
    page.view.go_on.click()
    seen: list[str] = []
    answer(QMessageBox.StandardButton.Save, seen)
    assert page.can_leave()
    assert seen == ["Save the changes of “Docs”?"]
    assert scene.workspace.store.repositories.get(before.id).continue_on_hook_failure


def test_choosing_another_asks_too(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    first, second = kept(scene, "A"), kept(scene, "B")
    show(page, qtbot)
    page.view.go_on.click()
    answer(QMessageBox.StandardButton.Cancel)
    page.table.select_key(second.id)
    assert page.view.repository == first
    current = page.table.current_row()
    assert current is not None
    assert current.id == first.id
    answer(QMessageBox.StandardButton.Discard)
    page.table.select_key(second.id)
    assert page.view.repository == second


def test_removing_says_what_stays_and_what_is_lost(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    one = scene.repository("Docs")
    scene.hook(one, "Stop", "true", PRE)
    show(page, qtbot)
    page.table.setFocus()
    QTest.keyClick(page.table, Qt.Key.Key_Delete)
    box = open_box()
    assert box is not None
    assert "the scripts stay in the library" in box.informativeText()
    assert one.location in box.informativeText()
    default = box.defaultButton()
    assert box.standardButton(default) == QMessageBox.StandardButton.Cancel
    remove = next(button for button in box.buttons() if button is not default)
    with qtbot.waitSignal(page.changed):
        remove.click()
    qtbot.waitUntil(lambda: page._stack.currentIndex() == 0)
    assert scene.workspace.store.repositories.list() == []
    assert scene.workspace.store.scripts.get("Stop").used_by == ()


def test_a_kept_passphrase_is_named_among_what_is_lost(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    kept(scene, "Docs", has_passphrase=True)
    show(page, qtbot)
    page.view.removal_asked.emit(page.view.repository)
    box = open_box()
    assert box is not None
    assert "passphrase is deleted" in box.informativeText()
    box.close()


def test_what_is_asked_elsewhere(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    one = kept(scene, "Docs")
    show(page, qtbot)
    with qtbot.waitSignal(page.backup_asked) as asked:
        page.view.start.click()
    assert asked.args == [one.id]
    with qtbot.waitSignal(page.history_asked) as asked:
        page.view.more.menu().actions()[0].trigger()
    assert asked.args == [one.id]


def test_options_of_a_card_are_opened_and_kept(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    one = kept(scene, "Docs")
    script = scene.script("Stop", "true")
    assigned = scene.assign(one, script)
    show(page, qtbot)
    view = page.view.board.lanes[PRE].view
    page.view.tabs.setCurrentIndex(1)
    view.select(assigned.id)
    QTest.keyClick(view, Qt.Key.Key_Return)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, AssignmentDialog)
    dialog.timeout.set_seconds(60)
    dialog.timeout.edited.emit()
    with qtbot.waitSignal(page.view.board.shown):
        dialog.buttons.button(SAVE).click()
    assert "1 min" in view.lane.card(0).facts
    with qtbot.waitSignal(page.view.board.changed):
        page.view.board._undo.trigger()
    assert scene.workspace.store.assignments.get(assigned.id).timeout is None


def test_it_can_be_told_what_to_show(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    kept(scene, "A")
    second = kept(scene, "B")
    show(page, qtbot)
    page.show_scripts_of(second.id)
    qtbot.waitUntil(lambda: page.view.repository == second and page.view.tabs.currentIndex() == 1)
