"""Archives page over a real repository, and restoring from it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QDialogButtonBox, QPushButton
from pytestqt.qtbot import QtBot

from borgdesk.domain.archive import Archive
from borgdesk.domain.run import Hook, RunKind, Trigger
from borgdesk.engine.archives.archive_list import ArchiveList, kept_archives
from borgdesk.engine.archives.placement import OnConflict
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.gui.archives.archive_list_panel import ArchiveListPanel
from borgdesk.gui.archives.archives_page import ArchivesPage
from borgdesk.gui.archives.restore_dialog import RestoreDialog
from borgdesk.gui.contents.contents_model import MODIFIED, NAME, SIZE
from borgdesk.gui.contents.listing_questions import how_many
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from tests.engine.archives.lab import back_up
from tests.engine.desk import POST, PRE, Desk
from tests.gui.stage import open_box


@pytest.fixture
def backed_up(real: Desk) -> Desk:
    (real.source / "letters").mkdir()
    (real.source / "letters" / "one.txt").write_text("one")
    back_up(real)
    return real


@pytest.fixture
def page(backed_up: Desk, background: Background, executor: Executor, qtbot: QtBot) -> ArchivesPage:
    page = ArchivesPage(backed_up.workspace, background, executor)
    qtbot.addWidget(page)
    page.resize(1100, 600)
    page.show_repository(backed_up.repository.id)
    page.show()
    whole(page, qtbot)
    return page


def whole(page: ArchivesPage, qtbot: QtBot) -> None:
    """Wait until the whole archive is shown."""
    panel = page.contents_panel
    qtbot.waitUntil(lambda: panel.is_whole and not panel.is_empty, timeout=60_000)


def opened(page: ArchivesPage, path: str, qtbot: QtBot) -> int:
    """Return the row of a path after opening all folders above it."""
    model, wanted = page.contents_panel.contents, path.strip("/")

    def open_next() -> bool:
        found = paths(page)
        for place in reversed(range(len(found))):
            if wanted.startswith(found[place] + "/") and not model.is_open(place):
                model.open(place)
        return wanted in found

    qtbot.waitUntil(open_next, timeout=30_000)
    return paths(page).index(wanted)


def paths(page: ArchivesPage) -> list[str]:
    model = page.contents_panel.contents
    return [model.entry(place).path for place in range(model.rowCount())]


def test_archives_and_what_is_in_the_newest(page: ArchivesPage, backed_up: Desk, qtbot: QtBot) -> None:
    assert page.choice.currentText() == "Papers"
    assert page.table.current_row() is not None
    place = opened(page, f"{backed_up.source}/letters/one.txt", qtbot)
    model = page.contents_panel.contents
    assert model.index(place, SIZE).data() == "3 bytes"
    assert page.banner.text == ""
    qtbot.waitUntil(lambda: page.contents_panel._about.text().startswith("2 files"), timeout=30_000)
    page.contents_panel.tree.setCurrentIndex(model.index(place, NAME))
    qtbot.waitUntil(lambda: page.item_panel.versions.model().rowCount() == 1, timeout=30_000)
    page.item_panel.restore_button.click()
    (dialog,) = page.findChildren(RestoreDialog)
    assert dialog.request().paths == (f"{backed_up.source}/letters/one.txt".lstrip("/"),)
    dialog.done(0)


def test_a_search_in_one_archive_and_in_all(page: ArchivesPage, backed_up: Desk, qtbot: QtBot) -> None:
    panel = page.contents_panel
    panel.search.setText("ONE.t")
    qtbot.waitUntil(lambda: panel.hits.model().rowCount() == 1 and panel.hits.isVisible(), timeout=30_000)
    (hit,) = panel.hits.rows.rows()
    assert hit.entry.path == f"{backed_up.source}/letters/one.txt".lstrip("/")
    panel.hits.select_first()
    chosen = panel.chosen()
    assert chosen is not None
    assert chosen.entries == (hit.entry,)
    panel.scope.setCurrentIndex(1)
    panel.search.setText("no such file")
    qtbot.waitUntil(lambda: panel.hits.model().rowCount() == 0, timeout=30_000)
    assert panel.chosen() is None
    panel.search.clear()
    qtbot.waitUntil(panel.tree.isVisible, timeout=30_000)


def test_sorted_with_folders_in_front_and_what_is_selected(page: ArchivesPage, backed_up: Desk, qtbot: QtBot) -> None:
    panel = page.contents_panel
    inside = opened(page, f"{backed_up.source}/letters/one.txt", qtbot)
    panel.tree.setCurrentIndex(panel.contents.index(inside, NAME))
    top = opened(page, str(backed_up.source), qtbot)
    for column, order in ((SIZE, Qt.SortOrder.DescendingOrder), (MODIFIED, Qt.SortOrder.AscendingOrder)):
        with qtbot.waitSignal(panel.contents.order_changed):
            panel.tree.sortByColumn(column, order)
        panel._background._pool.waitForDone()
        qtbot.waitUntil(lambda: [one.name for one in panel.tree.selected()] == ["one.txt"], timeout=30_000)
        assert panel.contents.entry(top + 1).name == "letters"


def test_whole_dates_are_shown_where_no_headings_have_them(page: ArchivesPage) -> None:
    assert page.list_panel.model.index(1, 0).data().count("/") == 0
    page.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert page.list_panel.model.index(0, 0).data() is not None
    assert page.table.sizeHintForColumn(0) <= page.table.columnWidth(0)


def test_the_menu_of_a_file(page: ArchivesPage, backed_up: Desk, qtbot: QtBot) -> None:
    path = f"{backed_up.source}/letters/one.txt"
    tree, menu = page.contents_panel.tree, page.item_menu
    place = page.contents_panel.contents.index(opened(page, path, qtbot), NAME)
    tree.setCurrentIndex(place)
    tree.customContextMenuRequested.emit(tree.visualRect(place).center())
    qtbot.waitUntil(menu.isVisible)
    menu.hide()
    menu.copy_path.trigger()
    assert QGuiApplication.clipboard().text() == path
    menu.restore.trigger()
    (dialog,) = page.findChildren(RestoreDialog)
    assert dialog.request().paths == (path.lstrip("/"),)
    dialog.done(0)


def test_folders_by_keyboard(page: ArchivesPage, backed_up: Desk, qtbot: QtBot) -> None:
    tree, model = page.contents_panel.tree, page.contents_panel.contents
    place = opened(page, f"{backed_up.source}/letters", qtbot)
    tree.setCurrentIndex(model.index(place, NAME))
    qtbot.keyClick(tree, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: len(paths(page)) > place + 1 and paths(page)[place + 1].endswith("one.txt"), timeout=30_000)
    qtbot.keyClick(tree, Qt.Key.Key_Right)
    assert tree.currentIndex().row() == place + 1
    qtbot.keyClick(tree, Qt.Key.Key_Left)
    assert tree.currentIndex().row() == place
    qtbot.keyClick(tree, Qt.Key.Key_Left)
    assert not model.is_open(place)
    qtbot.keyClick(tree, Qt.Key.Key_Left)
    assert tree.currentIndex().row() == place - 1
    qtbot.keyClick(tree, "l")
    assert tree.currentIndex().data() == "letters"


def test_what_was_listed_is_shown_while_the_repository_is_away(
    page: ArchivesPage, backed_up: Desk, background: Background, executor: Executor, qtbot: QtBot
) -> None:
    Path(backed_up.repository.location).rename(backed_up.file("away"))
    again = ArchivesPage(backed_up.workspace, background, executor)
    qtbot.addWidget(again)
    again.show_repository(backed_up.repository.id)
    again.show()
    whole(again, qtbot)
    qtbot.waitUntil(lambda: again.away.text.startswith("The repository is not at"), timeout=60_000)
    again.away.button("&Try again").click()
    qtbot.waitUntil(lambda: again.away.text.startswith("The repository is no longer at"), timeout=60_000)
    assert again.table.current_row() is not None
    backed_up.file("away").rename(backed_up.repository.location)
    again.away.button("&Try again").click()
    qtbot.waitUntil(lambda: again.away.text == "" and not again._question.is_open, timeout=60_000)


def test_another_repository_is_shown(page: ArchivesPage, backed_up: Desk, qtbot: QtBot) -> None:
    other = backed_up.add_repository("Other")
    page.show_repository(other.id)
    qtbot.waitUntil(lambda: page.choice.currentText() == "Other", timeout=30_000)
    qtbot.waitUntil(lambda: page.list_panel.model.shown == 0 and page.table.current_row() is None, timeout=30_000)
    page.show_repository(backed_up.repository.id)
    whole(page, qtbot)


def test_stop_ends_the_question(page: ArchivesPage, backed_up: Desk, qtbot: QtBot) -> None:
    origin = QPoint()
    before = page.table.mapTo(page, origin)
    page.reload_button.click()
    assert page.working.text == "Loading the archives of “Papers”…"
    layout = page.layout()
    assert layout is not None
    layout.activate()
    assert page.working.mapTo(page, origin).y() > page.table.mapTo(page, origin).y() == before.y(), "no row moves"
    page.working.button("S&top").click()
    assert page.working.text == ""


def test_versions_and_a_look_into_one(page: ArchivesPage, backed_up: Desk, qtbot: QtBot) -> None:
    file = backed_up.source / "letters" / "one.txt"
    before = file.stat().st_mtime
    file.write_text("changed")
    # So that what is said of both takes the same number of lines.
    os.utime(file, (before + 1, before + 1))
    back_up(backed_up)
    page.reload_button.click()
    qtbot.waitUntil(lambda: page.list_panel.model.shown == 2, timeout=60_000)
    page.table.select_first()
    whole(page, qtbot)
    place = opened(page, f"{backed_up.source}/letters/one.txt", qtbot)
    page.contents_panel.tree.setCurrentIndex(page.contents_panel.contents.index(place, NAME))
    panel = page.item_panel
    qtbot.waitUntil(lambda: panel.versions.model().rowCount() == 2, timeout=30_000)
    panel.tabs.setCurrentWidget(panel.file_view)
    qtbot.waitUntil(lambda: panel.file_view.text.toPlainText() == "changed", timeout=60_000)
    older = next(one for one in panel.versions.rows.rows() if one.entry.size == 3)
    top = top_of_versions(page)
    panel.versions.select_key(older.archives[0].id)
    qtbot.waitUntil(lambda: panel.file_view.text.toPlainText() == "one", timeout=60_000)
    assert top_of_versions(page) == top
    with qtbot.waitSignal(panel.restore_requested) as told:
        panel.restore_button.click()
    assert told.args[0].archive == older.archives[0]
    (dialog,) = page.findChildren(RestoreDialog)
    dialog.done(0)


def test_a_page_that_is_opened_shows_the_newest_archive_unless_somebody_chose_one(
    page: ArchivesPage, backed_up: Desk, qtbot: QtBot
) -> None:
    def come_back(shown: int) -> str:
        page.hide()
        archive = back_up(backed_up)
        backed_up.run()
        page.show()
        qtbot.waitUntil(lambda: page.list_panel.model.shown == shown, timeout=60_000)
        return archive

    come_back(3)
    whole(page, qtbot)
    first = page.table.rows.first()
    assert first is not None
    newest = page.table.rows.row(first)
    assert page.table.current_row() == newest
    page.table.clicked.emit(page.table.currentIndex())
    come_back(5)
    assert page.table.current_row() == newest, "it was chosen"


def top_of_versions(page: ArchivesPage) -> int:
    layout = page.item_panel.layout()
    assert layout is not None
    layout.activate()
    return page.item_panel.tabs.y()


def test_unread_archives_are_read_when_wanted(page: ArchivesPage, backed_up: Desk, qtbot: QtBot) -> None:
    (backed_up.source / "letters" / "one.txt").write_text("changed")
    (backed_up.source / "letters" / "lost.txt").write_text("lost")
    back_up(backed_up)
    (backed_up.source / "letters" / "lost.txt").unlink()
    back_up(backed_up)
    page.reload_button.click()
    qtbot.waitUntil(lambda: page.list_panel.model.shown == 3, timeout=60_000)
    contents, item = page.contents_panel, page.item_panel
    contents.search.setText("one.txt")
    qtbot.waitUntil(lambda: contents.hits.model().rowCount() == 1, timeout=30_000)
    contents.hits.select_first()
    qtbot.waitUntil(lambda: item.unread_button.text() == "Look in 2 more archives", timeout=30_000)
    said: list[str] = []
    page._question._progressed.connect(lambda *_args: said.append(page.working.text))
    item.unread_button.click()
    qtbot.waitUntil(lambda: item.versions.model().rowCount() == 2, timeout=60_000)
    assert said[0] == "Reading the contents of all archives… 50 %"
    assert item.unread_button.isHidden()
    contents.scope.setCurrentIndex(1)
    contents.search.setText("lost")
    qtbot.waitUntil(lambda: contents.hits.model().rowCount() == 1, timeout=30_000)
    assert contents.unread_button.isHidden()
    back_up(backed_up)
    page.reload_button.click()
    qtbot.waitUntil(lambda: page.list_panel.model.shown == 4, timeout=60_000)
    qtbot.waitUntil(contents.unread_button.isVisible, timeout=30_000)
    contents.unread_button.click()
    qtbot.waitUntil(contents.unread_button.isHidden, timeout=60_000)


def test_what_was_read_until_stop_is_searched(page: ArchivesPage, backed_up: Desk, qtbot: QtBot) -> None:
    """As if the rest had never been asked for."""
    (backed_up.source / "letters" / "one.txt").write_text("changed")
    for _number in range(2):
        back_up(backed_up)
    page.reload_button.click()
    qtbot.waitUntil(lambda: page.list_panel.model.shown == 3, timeout=60_000)
    contents, item = page.contents_panel, page.item_panel
    contents.search.setText("one.txt")
    qtbot.waitUntil(lambda: contents.hits.model().rowCount() == 1, timeout=30_000)
    contents.hits.select_first()
    qtbot.waitUntil(lambda: item.unread_button.text() == "Look in 2 more archives", timeout=30_000)
    page._question._progressed.connect(lambda *_args: page.working.button("S&top").click())
    item.unread_button.click()
    qtbot.waitUntil(lambda: item.unread_button.text() == "Look in 1 more archive", timeout=60_000)
    qtbot.waitUntil(lambda: contents._about.text() == "1 found.", timeout=60_000)


@pytest.fixture
def dialog(
    page: ArchivesPage, backed_up: Desk, background: Background, executor: Executor, qtbot: QtBot
) -> RestoreDialog:
    found = kept_archives(backed_up.workspace, backed_up.repository)
    assert found is not None
    path = f"{backed_up.source}/letters".lstrip("/")
    dialog = RestoreDialog(backed_up.workspace, background, executor, backed_up.repository, found.archives[0], (path,))
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_what_keeps_running_is_said_and_can_be_stopped(dialog: RestoreDialog, backed_up: Desk, qtbot: QtBot) -> None:
    backed_up.add("Stop web", PRE)
    backed_up.add("Start web", POST)
    assert dialog.services.text == "", "a folder of its own is used by nobody"
    dialog.in_place.setChecked(True)
    qtbot.waitUntil(lambda: dialog.services.text.startswith("What “Stop web” stops for a backup keeps running"))
    dialog.to_folder.setChecked(True)
    assert dialog.services.text == ""
    dialog.in_place.setChecked(True)
    qtbot.waitUntil(lambda: dialog.services.text != "")
    (button,) = [one for one in dialog.services.findChildren(QPushButton) if "restores" in one.text()]
    button.click()
    qtbot.waitUntil(lambda: dialog.services.text.startswith("Restores stop it first"))
    assigned = backed_up.workspace.store.assignments.list(backed_up.repository.id)
    assert [one.script for one in assigned if one.hook in (Hook.PRE_RESTORE, Hook.POST_RESTORE)] == [
        "Stop web", "Start web"
    ]  # fmt: skip


def test_into_a_folder(dialog: RestoreDialog, backed_up: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    dialog.folder.setText(str(tmp_path / "out"))
    qtbot.waitUntil(lambda: "/out/letters" in dialog._sentence.text(), timeout=30_000)
    dialog.restore_button.click()
    qtbot.waitUntil(lambda: dialog.banner.text != "", timeout=60_000)
    assert (tmp_path / "out" / "letters" / "one.txt").read_text() == "one"
    assert dialog.banner.text.endswith("restored.")
    (run,) = backed_up.workspace.store.runs.list()
    assert (run.kind, run.trigger) == (RunKind.RESTORE, Trigger.USER)
    # What is said about a restore goes when another one is prepared.
    dialog.on_conflict.setCurrentIndex(dialog.on_conflict.findData(OnConflict.BOTH))
    assert dialog.banner.text == ""


def test_whose_files_will_be_is_said_once(
    dialog: RestoreDialog, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user, ends in (
        (0, "/out/letters."),
        (1000, "Restored files belong to you: only root can set other owners."),
    ):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        dialog.folder.setText(str(tmp_path / f"{user}" / "out"))
        qtbot.waitUntil(lambda user=user: f"/{user}/out" in dialog._sentence.text(), timeout=30_000)  # type: ignore[misc]
        assert dialog._sentence.text().endswith(ends)


def test_replaced_and_undone(dialog: RestoreDialog, backed_up: Desk, qtbot: QtBot) -> None:
    file = backed_up.source / "letters" / "one.txt"
    file.write_text("changed since")
    dialog.in_place.setChecked(True)
    dialog.on_conflict.setCurrentIndex(dialog.on_conflict.findData(OnConflict.REPLACE))
    qtbot.waitUntil(lambda: f"{backed_up.source}/letters" in dialog._sentence.text(), timeout=30_000)
    dialog.restore_button.click()
    qtbot.waitUntil(lambda: "1 replaced" in dialog.banner.text, timeout=60_000)
    assert file.read_text() == "one"
    dialog.banner.button("&Undo").click()
    qtbot.waitUntil(lambda: dialog.banner.text == "The restore was undone.", timeout=30_000)
    assert file.read_text() == "changed since"


def test_asked_once_where_files_differ(
    dialog: RestoreDialog, backed_up: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = backed_up.source / "letters" / "one.txt"
    file.write_text("changed since")
    dialog.in_place.setChecked(True)
    qtbot.waitUntil(lambda: f"{backed_up.source}/letters" in dialog._sentence.text(), timeout=30_000)
    dialog.restore_button.click()
    qtbot.waitUntil(lambda: open_box() is not None, timeout=60_000)
    box = open_box()
    assert box is not None
    assert box.text() == "1 file exists already and differs."
    assert str(file) in box.informativeText()
    assert {"&Keep it", "&Replace it"} <= {one.text() for one in box.buttons()}
    assert "It is newer than the file in the archive." in box.informativeText()
    next(one for one in box.buttons() if one.text() == "Keep &both").click()
    qtbot.waitUntil(lambda: "1 beside what was there" in dialog.banner.text, timeout=60_000)
    assert file.read_text() == "changed since"
    (beside,) = set(file.parent.iterdir()) - {file}
    assert dialog.banner.text.endswith(f"New names: {beside.name}.")
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    dialog.banner.button("Open fol&der").click()
    assert opened == [str(file.parent)]


def test_with_all_folders_and_nothing_in_the_way(
    dialog: RestoreDialog, backed_up: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog.folder.setText(str(tmp_path / "out"))
    dialog.full_paths.setChecked(True)
    place = f"{tmp_path}/out{backed_up.source}/letters"
    qtbot.waitUntil(lambda: place in dialog._sentence.text(), timeout=30_000)
    dialog.restore_button.click()
    qtbot.waitUntil(lambda: dialog.banner.text.endswith("restored."), timeout=60_000)
    assert Path(place, "one.txt").read_text() == "one"
    assert open_box() is None


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [("relative/folder", "Enter the full path of a folder"), ("/proc/nothing", ""), ("", "Enter the full path")],
)
def test_a_bad_folder_is_refused(dialog: RestoreDialog, folder: str, sentence: str, qtbot: QtBot) -> None:
    dialog.folder.setText(folder)
    if sentence:
        qtbot.waitUntil(lambda: dialog.banner.text.startswith(sentence), timeout=30_000)
        assert not dialog.restore_button.isEnabled()
        return
    qtbot.waitUntil(lambda: folder in dialog._sentence.text(), timeout=30_000)
    dialog.restore_button.click()
    qtbot.waitUntil(lambda: dialog.banner.text != "", timeout=60_000)
    assert dialog._buttons.button(QDialogButtonBox.StandardButton.Cancel).text() == "&Close"


def test_what_a_borg_in_beta_has_listed_is_said(qtbot: QtBot) -> None:
    panel = ArchiveListPanel()
    qtbot.addWidget(panel)
    panel.show_archives(ArchiveList("0" * 64, (), datetime.now(UTC), by_experimental=True))
    label = panel.findChild(ElidedLabel)
    assert label is not None
    assert label.text().endswith("by Borg 2 (experimental)")


def test_files_are_counted_as_borg_counts_them() -> None:
    now = datetime.now(UTC)
    archive = Archive("archive", "repository", "papers", now, now)
    for files, said in ((None, "3 files and links"), (2, "2 files")):
        found = ArchiveList("repository", (replace(archive, files=files),), datetime.now(UTC))
        assert how_many(found, archive, 3) == said


def test_a_repository_without_archives_offers_a_backup(
    real: Desk, background: Background, executor: Executor, qtbot: QtBot
) -> None:
    page = ArchivesPage(real.workspace, background, executor)
    qtbot.addWidget(page)
    page.show_repository(real.repository.id)
    page.show()
    qtbot.waitUntil(page.empty.isVisible, timeout=60_000)
    assert page.empty.sentence.text() == "There are no archives in “Papers” yet: each backup makes one."
    page.backup_requested.connect(lambda _number: executor.start(real.repository))
    page.empty.button.click()
    whole(page, qtbot)
    assert not page.empty.isVisible()
    assert page.table.rows.shown == 1


def test_archives_that_a_run_kept_from_being_listed_are_shown_when_it_has_ended(
    backed_up: Desk, background: Background, executor: Executor, qtbot: QtBot
) -> None:
    page = ArchivesPage(backed_up.workspace, background, executor)
    qtbot.addWidget(page)
    turn = Turn.try_take(backed_up.workspace, turn_of(backed_up.repository))
    assert turn is not None
    with turn:
        page.show_repository(backed_up.repository.id)
        page.show()
        qtbot.waitUntil(lambda: "is being used by a run right now" in page.banner.text, timeout=60_000)
    executor.start(backed_up.repository)
    whole(page, qtbot)
    assert page.banner.text == ""


def test_without_a_repository_one_can_be_added(
    real: Desk, background: Background, executor: Executor, qtbot: QtBot
) -> None:
    for one in real.workspace.store.repositories.list():
        real.workspace.store.repositories.remove(one.id)
    page = ArchivesPage(real.workspace, background, executor)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(page.empty.isVisible)
    assert page.empty.sentence.text() == "Add a repository first: its archives are shown here."
    assert not page.more_button.isEnabled()
    assert not page.choice.isVisible()
    with qtbot.waitSignal(page.add_requested):
        page.empty.button.click()


def test_an_archive_that_cannot_be_read_says_why_once(page: ArchivesPage, backed_up: Desk, qtbot: QtBot) -> None:
    name = back_up(backed_up)
    page._reload()
    qtbot.waitUntil(lambda: len(page.table.rows.archives) == 2, timeout=60_000)
    Path(backed_up.repository.location).rename(backed_up.folder / "away")
    page.table.select_first()
    tree = page.contents_panel.tree
    qtbot.waitUntil(lambda: "is no longer at" in tree.empty_text, timeout=60_000)
    page.refresh()
    qtbot.waitUntil(lambda: bool(page.away.text), timeout=60_000)
    assert page.banner.text == ""
    current = page.table.current_row()
    assert current is not None
    assert current.name == name


def test_times_and_the_name_of_the_repository_have_the_room_they_need(
    page: ArchivesPage, backed_up: Desk, qtbot: QtBot
) -> None:
    repositories = backed_up.workspace.store.repositories
    repositories.update(replace(backed_up.repository, name="Papers of the whole family"))
    page.refresh()
    qtbot.waitUntil(lambda: page.choice.currentText().startswith("Papers of"))
    qtbot.waitUntil(lambda: page.choice.width() >= page.choice.sizeHint().width())
    panel = page.list_panel
    found = kept_archives(backed_up.workspace, backed_up.repository)
    assert found is not None
    # Below a month, times have the day, too.
    one = found.archives[0]
    panel.show_archives(
        replace(found, archives=(one, replace(one, id="e" * 64, start=datetime(2026, 9, 30, 22, 58, tzinfo=UTC))))
    )
    table = panel.table
    for place in range(table.rows.rowCount()):
        if table.rows.row(place) is not None:
            shown = table.rows.index(place, 0).data()
            assert table.fontMetrics().horizontalAdvance(shown) < table.columnWidth(0), shown


def test_times_of_versions_are_whole_in_the_smallest_window(page: ArchivesPage, backed_up: Desk, qtbot: QtBot) -> None:
    """Also beside a scroll bar: two versions may differ in their minutes only."""
    page.resize(640, 500)
    contents, table = page.contents_panel, page.item_panel.versions
    contents.search.setText("one.txt")
    qtbot.waitUntil(lambda: contents.hits.model().rowCount() == 1, timeout=30_000)
    contents.hits.select_first()
    qtbot.waitUntil(lambda: table.model().rowCount() == 1 and table.isVisible(), timeout=30_000)
    (version,) = table.rows.rows()
    table.rows.set_rows(
        replace(version, archives=(replace(version.archives[0], id=f"{number:064x}"),)) for number in range(100)
    )
    qtbot.waitUntil(table.verticalScrollBar().isVisible)
    date, size = (table.model().index(0, column).data() for column in (0, 1))
    assert table.fontMetrics().horizontalAdvance(date) + 8 < table.columnWidth(0)
    assert table.fontMetrics().horizontalAdvance(size) + 8 < table.columnWidth(1)


def test_nothing_is_said_of_versions_before_they_are_known(page: ArchivesPage, backed_up: Desk, qtbot: QtBot) -> None:
    back_up(backed_up)
    page.reload_button.click()
    qtbot.waitUntil(lambda: page.list_panel.model.shown == 2, timeout=60_000)
    contents, item = page.contents_panel, page.item_panel
    contents.search.setText("one.txt")
    qtbot.waitUntil(lambda: contents.hits.model().rowCount() == 1, timeout=30_000)
    contents.hits.select_first()
    assert item.tabs.isVisible()
    assert item.unread_button.isHidden(), "it has no words yet"
    assert item.versions._empty == ""
    qtbot.waitUntil(item.unread_button.isVisible, timeout=30_000)


def test_a_name_with_a_newline_is_one_line(
    page: ArchivesPage, backed_up: Desk, background: Background, executor: Executor, qtbot: QtBot
) -> None:
    found = kept_archives(backed_up.workspace, backed_up.repository)
    assert found is not None
    archive = found.archives[0]
    dialog = RestoreDialog(backed_up.workspace, background, executor, backed_up.repository, archive, ("two\nlines",))
    qtbot.addWidget(dialog)
    assert dialog._what.text() == "/two↵lines"
