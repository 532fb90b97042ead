"""Actions offered if a repository does not open, with real Borg."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.repositories.repository_view import RepositoryView
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene

PATIENCE = 60_000
PHRASE = "correct horse battery"
OPENS = "The repository can be opened: location, key and passphrase are correct."


def check(view: RepositoryView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.opening.ended, timeout=PATIENCE):
        view.opening.check()


def press(view: RepositoryView, qtbot: QtBot, label: str) -> None:
    with qtbot.waitSignal(view.opening.ended, timeout=PATIENCE):
        view.notice.button(label).click()


def press_in_box(view: RepositoryView, label: str) -> None:
    box = view.findChildren(QMessageBox)[-1]
    next(button for button in box.buttons() if button.text() == label).click()


def lock(repository: Repository) -> Path:
    folder = Path(repository.location)
    (folder / "lock.exclusive").mkdir()
    (folder / "lock.exclusive" / "nas@123.4567-0").touch()
    (folder / "lock.roster").write_text(json.dumps({"exclusive": [["nas@123", 4567, 0]]}))
    return folder / "lock.exclusive"


def test_a_move_is_confirmed(scene: Scene, view: RepositoryView, qtbot: QtBot) -> None:
    repository = scene.repository()
    target = scene.folder / "moved"
    Path(repository.location).rename(target)
    view.show_repository(repository)
    view.connection.location.setText(str(target))
    with qtbot.waitSignal(view.save_failed, timeout=PATIENCE):
        view.save()
    assert f"When it was last used, it was at {repository.location}." in view.notice.text
    with qtbot.waitSignal(view.saved, timeout=PATIENCE):
        view.notice.button("Yes, it was moved").click()
    stored = scene.workspace.store.repositories.get(repository.id)
    assert stored.location == str(target)
    assert scene.run(stored).outcome is Outcome.SUCCESS
    check(view, qtbot)
    assert view.notice.text == OPENS


def test_a_move_is_confirmed_where_nothing_was_edited(scene: Scene, view: RepositoryView, qtbot: QtBot) -> None:
    repository = scene.repository()
    copy = scene.folder / "copy"
    shutil.copytree(repository.location, copy)
    subprocess.run(
        ["borg", "info", copy], env={**os.environ, "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes"}, check=True,
        capture_output=True,
    )  # fmt: skip
    view.show_repository(repository)
    check(view, qtbot)
    press(view, qtbot, "Yes, it was moved")
    assert view.notice.text == OPENS


def test_a_lock_is_broken_after_a_question(scene: Scene, view: RepositoryView, qtbot: QtBot) -> None:
    repository = scene.repository()
    locked = lock(repository)
    view.show_repository(repository)
    check(view, qtbot)
    assert "It is held by process 4567 on nas since 20" in view.notice.text
    view.notice.button("Break the lock…").click()
    press_in_box(view, "&Cancel")
    assert locked.exists()
    check(view, qtbot)
    view.notice.button("Break the lock…").click()
    with qtbot.waitSignal(view.opening.ended, timeout=PATIENCE):
        press_in_box(view, "&Break the lock")
    assert view.notice.text == OPENS
    assert not locked.exists()


@pytest.fixture
def key(scene: Scene) -> Path:
    """Provide the key of a repository created on another machine."""
    other = {**os.environ, "BORG_BASE_DIR": str(scene.folder / "other"), "BORG_PASSPHRASE": PHRASE}
    repository, file = scene.folder / "far", scene.folder / "far.key"
    for words in (("init", "--encryption=keyfile", repository), ("key", "export", repository, file)):
        subprocess.run(["borg", *words], env=other, check=True, capture_output=True)
    return file


def test_a_key_is_imported_where_a_repository_is_added(
    scene: Scene, background: Background, qtbot: QtBot, key: Path
) -> None:
    dialog = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.passphrase.first.setText(PHRASE)
    dialog.name.setText("Far")
    dialog.sources.set_paths((str(scene.source),))
    with qtbot.waitSignal(dialog.looked):
        dialog.where.set_location(str(scene.folder / "far"))
    dialog.add.click()
    qtbot.waitUntil(lambda: "is not on this machine" in dialog.notice.text, timeout=PATIENCE)
    dialog.notice.button("Import its key…").click()
    chooser = dialog.findChild(QFileDialog)
    assert chooser is not None
    with qtbot.waitSignal(dialog.added, timeout=PATIENCE):
        chooser.fileSelected.emit(str(key))
        chooser.reject()
    assert scene.workspace.store.repositories.get("Far").encryption == "keyfile"


def test_a_lost_key_is_imported_again(scene: Scene, view: RepositoryView, qtbot: QtBot) -> None:
    repository = scene.repository()
    view.show_repository(repository)
    text = scene.folder / "text"
    text.write_text("no key")
    with qtbot.waitSignal(view.opening.ended, timeout=PATIENCE):
        view.opening.import_key(text)
    assert view.notice.text == f"The file {text} is not a Borg key as written by “borg key export”."


def test_excludes_that_leave_nothing_out_are_told_while_they_are_typed(
    scene: Scene, view: RepositoryView, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(view.excludes_judged):
        view.show_repository(scene.repository())
    assert view.backup.excludes.remarks.isHidden()
    for typed, words in (("node_modules", "excludes nothing"), ("# x", "looks like a comment"), ("*.tmp", "")):
        with qtbot.waitSignal(view.excludes_judged):
            view.backup.excludes.text.setPlainText(typed)
        assert words in view.backup.excludes.remarks.text
        assert bool(view.backup.excludes.remarks.text) is bool(words)
