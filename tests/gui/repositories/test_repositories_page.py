"""Repositories page over a real store and real Borg."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from borgdesk.borg.options import Encryption
from borgdesk.domain.history import ProcessIdentity
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunStatus, Trigger
from borgdesk.engine.processes import procfs
from borgdesk.engine.repositories import same_disk
from borgdesk.engine.repositories.key_reminder import is_key_to_be_saved, remind_of_key
from borgdesk.engine.repositories.registration import add_repository, remove_repository
from borgdesk.gui.lanes.assignment_dialog import AssignmentDialog
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.gui.repositories.repository_header import RepositoryHeader
from tests.gui.repositories.stage import SAVE, kept, save, show
from tests.gui.scene import PRE, Scene
from tests.gui.stage import answer, open_box


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


def test_the_time_since_the_last_backup_goes_on(qtbot: QtBot) -> None:
    header = RepositoryHeader()
    qtbot.addWidget(header)
    begin = datetime.now(UTC)
    header.show_repository(Repository(RepositoryId(1), "Docs", "/backup", last_success_at=begin))
    header.show()
    assert (header._place.text(), header._last_backup.text()) == ("/backup", "Last good backup just now")
    long_ago = Repository(RepositoryId(1), "Docs", "/backup", last_success_at=begin - timedelta(hours=2))
    header._repository = long_ago
    header._clock.setInterval(0)
    qtbot.waitUntil(lambda: header._last_backup.text() == "Last good backup 2 hours ago")
    header.hide()
    assert not header._clock.isActive()


def test_what_is_too_long_is_shown_from_its_beginning(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    kept(scene, "Documents " * 11 + "in full", location="ssh://me@host/" + "repository/" * 20,
         archive_name="documents-" * 20 + "{now}", passcommand="pass " + "show/" * 40,
         ssh_key="/home/me/.ssh/" + "key" * 40, jump_host="jump." * 30 + "example", remote_path="/opt/" + "borg" * 40,
         encryption="repokey", extra_arguments="--exclude-if-present=" + "nobackup" * 20)  # fmt: skip
    show(page, qtbot)
    view = page.view
    shown = [line for line in view.findChildren(QLineEdit) if len(line.text()) > 50]
    assert len(shown) == 8
    assert {line.text()[:9]: line.cursorPosition() for line in shown if line.cursorPosition() > 0} == {}


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
    view.backup.strict.click()
    view.connection.stall_limit.set_seconds(1500)
    assert view.buttons.isVisible()
    save(page, qtbot)
    after = scene.workspace.store.repositories.get(before.id)
    assert (after.name, after.excludes, after.exclude_caches) == ("Letters", ("sh:**/.cache",), True)
    assert (after.retention.counts(), after.continue_on_hook_failure) == ({"daily": 7}, True)
    assert (after.stall_limit, after.fail_on_missing_source) == (1500, True)
    assert not view.buttons.isVisible()
    qtbot.waitUntil(lambda: page.table.rows.row(0).name == "Letters")


def test_a_link_that_is_added_as_a_source_is_told(
    page: RepositoriesPage, qtbot: QtBot, scene: Scene, tmp_path: Path
) -> None:
    kept(scene, "Docs")
    show(page, qtbot)
    link = tmp_path / "link"
    link.symlink_to(scene.source)
    page.view.backup.sources.add([str(link)])
    save(page, qtbot)
    said = f"{link} is a link. Its target, {scene.source}, is backed up."
    qtbot.waitUntil(lambda: page.view.notice.text == said)


def test_one_disk_for_the_repository_and_its_sources_is_told(
    page: RepositoriesPage, qtbot: QtBot, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(same_disk, "remark", lambda repository: f"One disk: {repository.sources[-1]}")
    kept(scene, "Docs")
    show(page, qtbot)
    page.view.backup.sources.add([str(tmp_path)])
    save(page, qtbot)
    qtbot.waitUntil(lambda: page.view.notice.text == f"One disk: {tmp_path}")


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
    assert seen == ["Save the changes to “Docs”?"]
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
    page.view.removal_requested.emit(page.view.repository)
    box = open_box()
    assert box is not None
    assert "passphrase is deleted" in box.informativeText()
    box.close()


def test_what_is_asked_elsewhere(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    one = kept(scene, "Docs")
    show(page, qtbot)
    with qtbot.waitSignal(page.backup_requested) as asked:
        page.view.header.start.click()
    assert asked.args == [one.id]
    with qtbot.waitSignal(page.history_requested) as asked:
        page.view.header.more.menu().actions()[0].trigger()
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
        page.view.board.board_actions.undo.trigger()
    assert scene.workspace.store.assignments.get(assigned.id).timeout is None


def test_it_can_be_told_what_to_show(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    kept(scene, "A")
    second = kept(scene, "B")
    show(page, qtbot)
    page.show_scripts_of(second.id)
    qtbot.waitUntil(lambda: page.view.repository == second and page.view.tabs.currentIndex() == 1)


def test_ctrl_s_saves_what_was_edited(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    one = kept(scene, "Docs")
    show(page, qtbot)
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    page.view.go_on.click()
    page.view.go_on.setFocus()
    control = Qt.KeyboardModifier.ControlModifier
    with qtbot.waitSignal(page.view.saved, timeout=30_000):
        QTest.keyClick(page.view.go_on, Qt.Key.Key_S, control)
    assert scene.workspace.store.repositories.get(one.id).continue_on_hook_failure
    assert not page.view.can_save
    with qtbot.assertNotEmitted(page.view.saved):
        QTest.keyClick(page.view.go_on, Qt.Key.Key_S, control)


def test_the_key_of_a_new_repository_is_offered_and_saved(
    page: RepositoriesPage, qtbot: QtBot, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.show()
    page.ask_for_new()
    dialog = page.findChild(AddRepositoryDialog)
    assert dialog is not None
    one = Repository(RepositoryId(0), "Docs", str(scene.folder / "docs"), (str(scene.source),))
    made = add_repository(scene.workspace, one, "correct horse", Encryption.REPOKEY_BLAKE2)
    assert dialog.init() is not None
    dialog.added.emit(made)
    dialog.close()
    qtbot.waitUntil(lambda: "Keep the key and the passphrase of this repository" in page.view.notice.text)
    file = scene.folder / "docs.key"
    chosen = (str(file), "Key file, for Borg to import (*.key)")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: chosen)
    page.view.notice.button("Save the key…").click()
    qtbot.waitUntil(lambda: "The key was saved to" in page.view.notice.text)
    assert file.read_text().startswith("BORG_KEY ")
    assert file.stat().st_mode & 0o777 == 0o600
    page.view.tabs.setCurrentWidget(page.view.connection)
    page.view.notice.hide()
    page.view.connection.save_key.click()
    qtbot.waitUntil(lambda: "The key was saved to" in page.view.notice.text)


def test_who_has_the_key_of_a_new_repository_is_asked_once(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    page.show()
    page.ask_for_new()
    dialog = page.findChild(AddRepositoryDialog)
    assert dialog is not None
    one = Repository(RepositoryId(0), "Docs", str(scene.folder / "docs"), (str(scene.source),))
    made = add_repository(scene.workspace, one, "correct horse", Encryption.REPOKEY_BLAKE2)
    dialog.added.emit(made)
    qtbot.waitUntil(lambda: "Keep the key and the passphrase of this repository" in page.view.notice.text)
    dialog.ready.show_done(made, [], has_new_key=True)
    dialog.ready.advice.button("Already done").click()
    assert page.view.notice.text == ""
    dialog.close()


def test_the_key_is_advised_about_until_it_was_saved(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    """Also after a new start, which is when the page is shown for the first time."""
    one, workspace = kept(scene, "Docs", encryption="repokey"), scene.workspace
    remind_of_key(workspace, one.id)
    show(page, qtbot)
    qtbot.waitUntil(lambda: page.view.notice.text.startswith("Keep the key and the passphrase"))
    page.view.notice.button("Already done").click()
    qtbot.waitUntil(lambda: not is_key_to_be_saved(workspace, one.id))
    assert page.view.notice.text == ""
    remind_of_key(workspace, one.id)
    remove_repository(workspace, one)
    assert not is_key_to_be_saved(workspace, one.id)


def test_removing_an_encrypted_one_speaks_of_its_key(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    kept(scene, "Docs", encryption="repokey")
    show(page, qtbot)
    page.view.removal_requested.emit(page.view.repository)
    box = open_box()
    assert box is not None
    assert "The key is needed as well" in box.informativeText()
    box.reject()


def test_no_backup_is_offered_while_one_is_under_way(page: RepositoriesPage, scene: Scene, qtbot: QtBot) -> None:
    """This applies to backups of any process. A dead one does not prevent a backup: it is recovered first."""
    one = kept(scene, "Letters")
    show(page, qtbot)
    start = page.view.header.start
    assert start.isEnabled()
    runs = scene.workspace.store.runs
    dead = runs.queue(one, Trigger.CLI, ProcessIdentity(4_000_000, 1, "another boot"), datetime.now(UTC))
    page.reload()
    run = runs.queue(one, Trigger.CLI, procfs.identity(), datetime.now(UTC))
    qtbot.waitUntil(lambda: not start.isEnabled())
    assert start.toolTip() == "A backup of it is running."
    runs.finish(run.id, RunStatus.SUCCESS, datetime.now(UTC))
    qtbot.waitUntil(start.isEnabled)
    assert [one.id for one in runs.unfinished()] == [dead.id]


def test_the_list_and_the_buttons_are_aligned(page: RepositoriesPage, scene: Scene, qtbot: QtBot) -> None:
    """A repository that was never backed up has an icon, too, and the text of *More* is not cut."""
    scene.repository()
    kept(scene, "Never backed up")
    scene.run(scene.workspace.store.repositories.get("Documents"))
    show(page, qtbot)
    qtbot.waitUntil(lambda: page.table.rows.rowCount() == 2)
    for place in range(2):
        assert page.table.rows.index(place, 0).data(Qt.ItemDataRole.DecorationRole) is not None
    header = page.view.header
    assert header.more.width() >= header.more.sizeHint().width()
