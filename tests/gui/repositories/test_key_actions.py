"""Key and passphrase of a repository in the window, with real Borg."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from borgdesk.borg.options import Encryption
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.secrets.secret_lifetime import PASSPHRASE, passphrase_owner
from borgdesk.gui.repositories.change_passphrase_dialog import ChangePassphraseDialog
from borgdesk.gui.repositories.emergency_sheet_dialog import EmergencySheetDialog
from borgdesk.gui.repositories.known_passphrase_dialog import KnownPassphraseDialog
from borgdesk.gui.repositories.repository_view import RepositoryView
from tests.gui.scene import Scene

PATIENCE = 60_000
OLD, NEW = "correct horse", "battery staple orange window 12"

_Dialog = TypeVar("_Dialog", bound=QDialog)


@pytest.fixture
def docs(scene: Scene) -> Repository:
    wanted = Repository(RepositoryId(0), "Docs", str(scene.folder / "docs"), (str(scene.source),))
    return add_repository(scene.workspace, wanted, OLD, Encryption.REPOKEY)


@pytest.fixture
def view(view: RepositoryView, docs: Repository) -> RepositoryView:
    view.show_repository(docs)
    return view


def dialog_of(view: RepositoryView, kind: type[_Dialog]) -> _Dialog:
    return view.findChildren(kind)[-1]


def changing(view: RepositoryView) -> ChangePassphraseDialog:
    view.keys.ask_to_change()
    return dialog_of(view, ChangePassphraseDialog)


def fill(dialog: ChangePassphraseDialog, old: str, new: str, again: str | None = None) -> None:
    for line, text in ((dialog.old, old), (dialog.new, new), (dialog.again, new if again is None else again)):
        line.setText(text)
        line.textEdited.emit(text)


def stored(scene: Scene, repository: Repository) -> str | None:
    return scene.workspace.secrets.get(passphrase_owner(repository.id), PASSPHRASE)


def actions(view: RepositoryView) -> dict[str, bool]:
    view.keys.menu.aboutToShow.emit()
    return {one.text(): one.isEnabled() for one in view.keys.menu.actions() if one.text()}


def test_the_menu(scene: Scene, view: RepositoryView) -> None:
    assert view.keys.menu.menuAction() in view.header.more.menu().actions()
    assert all(actions(view).values())
    view.show_repository(scene.repository("Open"))
    assert [text for text, enabled in actions(view).items() if enabled] == ["&Emergency sheet…"]


def test_a_change(scene: Scene, view: RepositoryView, qtbot: QtBot, docs: Repository) -> None:
    dialog = changing(view)
    assert dialog.new.echoMode() is QLineEdit.EchoMode.Password
    fill(dialog, "wrong", NEW)
    dialog.change.click()
    qtbot.waitUntil(lambda: "The old passphrase is wrong." in dialog.banner.text, timeout=PATIENCE)
    assert stored(scene, docs) == OLD
    fill(dialog, OLD, NEW)
    with qtbot.waitSignal(dialog.passphrase_changed, timeout=PATIENCE):
        QTest.keyClick(dialog.again, Qt.Key.Key_Return)
    assert "The passphrase of “Docs” was changed." in view.notice.text
    assert "still open with the old passphrase" in view.notice.text
    assert view.notice.button("Save the key…").isVisible()
    assert stored(scene, docs) == NEW
    scene.command("archive", "list", "Docs")


@pytest.mark.parametrize(
    ("new", "again", "hint", "may"),
    [
        ("", "", "Four or more words", False),
        ("abc", "", "Easy to guess", False),
        ("abc", "abd", "do not match", False),
        ("abc", "ab", "Easy to guess", False),
        ("", "abc", "do not match", False),
        ("abc", "abc", "Easy to guess", True),
        (NEW, NEW, "Very hard to guess.", True),
        (" é ", " é ", "begins or ends with a space", True),
    ],
)
def test_the_hint(view: RepositoryView, new: str, again: str, hint: str, may: bool) -> None:
    dialog = changing(view)
    fill(dialog, OLD, new, again)
    assert hint in dialog.hint.text()
    assert dialog.change.isEnabled() is may
    dialog.done(0)


def test_stop_while_borg_works(scene: Scene, view: RepositoryView, qtbot: QtBot, docs: Repository) -> None:
    real = shlex.quote(str(shutil.which(os.environ.get("BORGDESK_BORG") or "borg")))
    wrapper, began = scene.folder / "borg", scene.folder / "began"
    wrapper.write_text(
        f'#!/bin/bash\ncase "$*" in *change-passphrase*) touch {began}; exec sleep 60 ;; esac\nexec {real} "$@"\n'
    )
    wrapper.chmod(0o700)
    object.__setattr__(scene.workspace, "fixed_borg", str(wrapper))
    dialog = changing(view)
    fill(dialog, OLD, NEW)
    dialog.change.click()
    assert dialog.wait.is_open
    assert not dialog.new.isEnabled()
    qtbot.waitUntil(began.exists, timeout=PATIENCE)
    dialog.reject()
    qtbot.waitUntil(lambda: "Stopped; nothing was changed." in dialog.banner.text, timeout=PATIENCE)
    assert dialog.isVisible()
    assert stored(scene, docs) == OLD
    dialog.done(0)


def test_whether_it_is_known(view: RepositoryView, qtbot: QtBot) -> None:
    view.keys.ask_whether_known()
    dialog = dialog_of(view, KnownPassphraseDialog)
    assert dialog.answer.echoMode() is QLineEdit.EchoMode.Password
    assert not dialog.compare.isEnabled()
    QTest.keyClicks(dialog.answer, "something")
    with qtbot.waitSignal(dialog.compared) as compared:
        QTest.keyClick(dialog.answer, Qt.Key.Key_Return)
    assert compared.args == [False]
    assert dialog.banner.text.startswith("That is not it.")
    dialog.show_stored.click()
    qtbot.waitUntil(lambda: dialog.stored.text() == OLD)
    dialog.answer.clear()
    QTest.keyClicks(dialog.answer, OLD)
    with qtbot.waitSignal(dialog.compared) as compared:
        dialog.compare.click()
    assert compared.args == [True]
    assert dialog.banner.text == "Yes, that is it."
    assert (dialog.answer.text(), dialog.stored.isVisible(), dialog.show_stored.isVisible()) == ("", False, False)
    dialog.reject()


def test_ways_on_from_a_wrong_answer(view: RepositoryView, qtbot: QtBot) -> None:
    for button, kind in (("change", ChangePassphraseDialog), ("sheet", EmergencySheetDialog)):
        view.keys.ask_whether_known()
        dialog = dialog_of(view, KnownPassphraseDialog)
        QTest.keyClicks(dialog.answer, "x")
        with qtbot.waitSignal(dialog.compared):
            dialog.compare.click()
        getattr(dialog, button).click()
        dialog_of(view, kind).done(0)


def test_the_sheet(
    scene: Scene, view: RepositoryView, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, docs: Repository
) -> None:
    file = scene.folder / "sheet.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), "PDF (*.pdf)"))
    for ticked in (False, True):
        view.keys.ask_for_sheet()
        dialog = dialog_of(view, EmergencySheetDialog)
        assert not dialog.with_passphrase.isChecked()
        dialog.with_passphrase.setChecked(ticked)
        with qtbot.waitSignal(view.keys.finished, timeout=PATIENCE):
            dialog.save.click()
        assert "The emergency sheet was saved to" in view.notice.text
        assert file.stat().st_mode & 0o777 == 0o600
        if shutil.which("pdftotext"):
            text = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, text=True, check=True).stdout
            assert docs.location in text
            assert (OLD in text) is ticked


def test_a_folder_that_cannot_be_written(scene: Scene, view: RepositoryView, qtbot: QtBot, docs: Repository) -> None:
    nowhere = scene.folder / "nowhere"
    for save in (view.keys.save, view.keys.save_sheet):
        with qtbot.waitSignal(view.keys.finished, timeout=PATIENCE):
            save(docs, nowhere / "file")
        assert f"cannot be written to {nowhere / 'file'}" in view.notice.text


def test_import_from_the_menu(scene: Scene, view: RepositoryView, qtbot: QtBot, docs: Repository) -> None:
    copy = scene.folder / "copy"
    with qtbot.waitSignal(view.keys.finished, timeout=PATIENCE):
        view.keys.save(docs, copy)
    whole = copy.read_text()
    for text, said in ((whole[:300], "is a damaged copy of a key"), (whole, "The repository can be opened")):
        copy.write_text(text)
        next(one for one in view.keys.menu.actions() if one.text() == "&Import a key…").trigger()
        chooser = view.findChildren(QFileDialog)[-1]
        with qtbot.waitSignal(view.opening.ended, timeout=PATIENCE):
            chooser.fileSelected.emit(str(copy))
            chooser.reject()
        assert said in view.notice.text
    assert Path(copy).exists()
