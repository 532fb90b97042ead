"""Exporting and importing the whole set-up in the window: there and back, and what is said when it does not work."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QMessageBox, QPushButton, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from borgdesk.domain.run import Hook
from borgdesk.engine.configuration.document import to_bytes
from borgdesk.engine.configuration.exporting import export, set_up
from borgdesk.engine.lanes.assignments import Changes, assign
from borgdesk.gui.settings.export_set_up_dialog import ExportSetUpDialog
from borgdesk.gui.settings.import_set_up_dialog import ImportSetUpDialog
from borgdesk.gui.settings.sentence_tree import SentenceTree
from borgdesk.gui.settings.settings_page import SettingsPage
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.live_settings import LiveSettings
from tests.gui.scene import Scene
from tests.gui.tour import Tour

WORDS = "correct horse battery staple"
_TOKEN = "# /// borgdesk\n# [parameters.TOKEN]\n# secret = true\n# ///\ntrue"


@pytest.fixture
def full(scene: Scene) -> Scene:
    """Provide a set-up with a secret value, a schedule and a setting."""
    return filled(scene)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Scene]:
    """Provide an empty BorgDesk of another user."""
    folder = tmp_path / "other"
    folder.mkdir()
    other = Scene(folder)
    yield other
    other.close()


def filled(scene: Scene) -> Scene:
    docs = scene.repository("Docs")
    scene.schedule(docs, "0 2 * * *")
    script = scene.script("Log in", _TOKEN)
    assign(scene.workspace, docs.id, script.id, Hook.PRE_BACKUP, Changes(secrets={"TOKEN": "s3cret"}))
    scene.workspace.store.settings.set_all({"editor.tab-width": 8})
    return scene


def everything(scene: Scene) -> Any:
    return json.loads(to_bytes(set_up(scene.workspace)))


def secrets_of(scene: Scene) -> list[str | None]:
    found = [one for each in scene.workspace.store.repositories.list() for one in _assigned(scene, each.id)]
    return [scene.workspace.secrets.get(f"assignment:{one}", "TOKEN") for one in found]


def _assigned(scene: Scene, repository: Any) -> list[int]:
    return [one.id for one in scene.workspace.store.assignments.list(repository)]


def texts(tree: SentenceTree) -> dict[str, list[str]]:
    """Return the rows under each heading."""

    def below(item: QTreeWidgetItem | None) -> list[str]:
        children = [] if item is None else [item.child(row) for row in range(item.childCount())]
        return [text for child in children if child is not None for text in (child.text(0), *below(child))]

    tops = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    return {top.text(0): below(top) for top in tops if top is not None}


def exporting(scene: Scene, background: Background, qtbot: QtBot) -> ExportSetUpDialog:
    dialog = ExportSetUpDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def importing(scene: Scene, background: Background, file: Path, qtbot: QtBot) -> ImportSetUpDialog:
    dialog = ImportSetUpDialog(scene.workspace, background, file)
    qtbot.addWidget(dialog)
    dialog.show()
    with qtbot.waitSignal(dialog.looked):
        pass
    return dialog


def chooser_of(parent: QObject, qtbot: QtBot) -> QFileDialog:
    qtbot.waitUntil(lambda: any(one.isVisible() for one in parent.findChildren(QFileDialog)))
    return next(one for one in parent.findChildren(QFileDialog) if one.isVisible())


def exported(scene: Scene, passphrase: str | None = None) -> Path:
    file = scene.folder / "exported.json"
    export(scene.workspace, file, passphrase, over=True)
    return file


def held(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> threading.Event:
    """Let a method wait for the event that is returned, which the test sets."""
    real: Callable[..., Any] = getattr(owner, name)
    gate = threading.Event()

    def wait(*args: Any, **kwargs: Any) -> Any:
        assert gate.wait(60)
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, wait)
    return gate


# Export -------------------------------------------------------------------------------------------------------------


def test_a_set_up_goes_out_and_comes_back_whole(
    full: Scene, other: Scene, background: Background, qtbot: QtBot
) -> None:
    out = exporting(full, background, qtbot)
    out.with_secrets.click()
    out.first.setText(WORDS)
    assert not out.export_set_up.isEnabled()
    out.again.setText("correct cow")
    assert out.hint.text() == "The passphrases do not match."
    assert not out.export_set_up.isEnabled()
    out.again.setText(WORDS)
    file = full.folder / "all.json"
    with qtbot.waitSignal(out.exported, timeout=30_000):
        out.write(file, over=False)
    assert out.banner.text == f"The set-up was written to {file}."
    assert texts(out.left_out) == {}, "everything is in it"
    assert out.entered() == ["", ""]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "s3cret" not in file.read_text()
    back = importing(other, background, file, qtbot)
    location = full.workspace.store.repositories.list()[0].location
    assert texts(back.tree) == {
        "New": [
            f"Repository “Docs” at {location}",
            "Before the backup: Log in",
            "Schedule: daily at 02:00",
            "Script “Log in”",
            "Setting editor.tab-width",
        ]
    }
    assert not back.import_set_up.isEnabled(), "without the passphrase of the file"
    back.passphrase.setText(WORDS)
    with qtbot.waitSignal(back.imported, timeout=30_000):
        back.import_set_up.click()
    assert everything(other) == everything(full)
    assert secrets_of(other) == ["s3cret"]
    assert back.banner.text == "Imported: 1 repository, 1 script, 1 setting."


def test_what_is_not_in_the_file_is_said(full: Scene, background: Background, qtbot: QtBot) -> None:
    dialog = exporting(full, background, qtbot)
    with qtbot.waitSignal(dialog.exported, timeout=30_000):
        dialog.write(full.folder / "all.json", over=False)
    assert texts(dialog.left_out) == {"Not in the file": ["Passphrases and other secret values are not in the file."]}
    assert dialog.left_out.isVisible()


@pytest.mark.parametrize("agrees", [True, False], ids=["yes", "no"])
def test_an_existing_file_is_overwritten_only_after_a_question(
    full: Scene, background: Background, qtbot: QtBot, agrees: bool
) -> None:
    dialog = exporting(full, background, qtbot)
    file = full.folder / "mine.json"
    file.write_text("mine")
    dialog.export_set_up.click()
    chooser = chooser_of(dialog, qtbot)
    chooser.setDirectory(str(full.folder))
    chooser.selectFile(str(file))

    def answer() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        box.button(QMessageBox.StandardButton.Yes if agrees else QMessageBox.StandardButton.No).click()

    save = next(
        button
        for box in chooser.findChildren(QDialogButtonBox)
        for button in box.buttons()
        if box.buttonRole(button) is QDialogButtonBox.ButtonRole.AcceptRole
    )
    assert isinstance(save, QPushButton)
    when_asked(answer)
    save.click()
    if agrees:
        qtbot.waitUntil(lambda: "was written" in dialog.banner.text, timeout=30_000)
        assert json.loads(file.read_text())["format"] == "borgdesk-configuration"
    else:
        assert chooser.isVisible()
        assert file.read_text() == "mine"
        chooser.reject()


def when_asked(answer: Callable[[], None]) -> None:
    """Call *answer* as soon as the question is open, whose own loop blocks the caller."""
    timer = QTimer(QApplication.instance(), interval=20)

    def look() -> None:
        if isinstance(QApplication.activeModalWidget(), QMessageBox):
            timer.stop()
            timer.deleteLater()
            answer()

    timer.timeout.connect(look)
    timer.start()


def test_a_file_that_appeared_meanwhile_stays(full: Scene, background: Background, qtbot: QtBot) -> None:
    dialog = exporting(full, background, qtbot)
    file = full.folder / "mine.json"
    file.write_text("mine")
    dialog.write(file, over=False)
    qtbot.waitUntil(lambda: dialog.banner.text == f"The file {file} exists already. Choose another name.")
    assert file.read_text() == "mine"


def test_a_folder_that_is_missing_is_named(full: Scene, background: Background, qtbot: QtBot) -> None:
    dialog = exporting(full, background, qtbot)
    file = full.folder / "none" / "all.json"
    dialog.write(file, over=False)
    qtbot.waitUntil(lambda: dialog.banner.text == f"The file {file} cannot be written: No such file or directory.")
    assert dialog.export_set_up.isEnabled()


def test_a_stopped_export_leaves_nothing(
    full: Scene, background: Background, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = exporting(full, background, qtbot)
    dialog.with_secrets.click()
    for line in (dialog.first, dialog.again):
        line.setText(WORDS)
    gate = held(monkeypatch, full.workspace.secrets, "get")
    before = sorted(full.folder.iterdir())
    dialog.write(full.folder / "all.json", over=False)
    dialog.banner.button("S&top").click()
    gate.set()
    qtbot.waitUntil(lambda: dialog.banner.text == "Stopped; nothing was written.", timeout=30_000)
    assert sorted(full.folder.iterdir()) == before
    assert dialog.isVisible()
    assert dialog.export_set_up.isEnabled()


# Import -------------------------------------------------------------------------------------------------------------


def test_what_is_here_already_leaves_nothing_to_import(full: Scene, background: Background, qtbot: QtBot) -> None:
    dialog = importing(full, background, exported(full, "right"), qtbot)
    assert texts(dialog.tree) == {
        "Already here": ["The script “Log in” is here already.", "The repository “Docs” is here already."]
    }
    assert not dialog.passphrase.isVisible(), "its secrets would not be used"
    assert not dialog.import_set_up.isEnabled()


def test_what_is_different_here_stays(full: Scene, other: Scene, background: Background, qtbot: QtBot) -> None:
    other.repository("Docs")
    other.script("Log in", "other")
    other.workspace.store.settings.set_all({"editor.tab-width": 2})
    before = everything(other)
    dialog = importing(other, background, exported(full), qtbot)
    assert texts(dialog.tree) == {
        "New": ["Script “Log in 2”"],
        "Please note": ["Another script “Log in” is here already; the imported one is called “Log in 2”."],
        "Cannot be taken": [
            "Another repository “Docs” is here already, and stays as it is.",
            "The setting editor.tab-width stays at “2”.",
        ],
    }
    with qtbot.waitSignal(dialog.imported, timeout=30_000):
        dialog.import_set_up.click()
    after = everything(other)
    assert [after[name] for name in ("repositories", "settings")] == [
        before[name] for name in ("repositories", "settings")
    ]
    assert [one["name"] for one in after["scripts"]] == ["Log in", "Log in 2"]


def test_a_wrong_passphrase_changes_nothing_and_none_is_needed(
    full: Scene, other: Scene, background: Background, qtbot: QtBot
) -> None:
    before = everything(other)
    dialog = importing(other, background, exported(full, "right"), qtbot)
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    dialog.passphrase.setFocus()
    dialog.passphrase.setText("wrong")
    QTest.keyClick(dialog.passphrase, Qt.Key.Key_Return)
    assert not dialog.passphrase.isEnabled()
    sentence = "The secrets cannot be opened: the passphrase is wrong, or the file was changed."
    qtbot.waitUntil(lambda: dialog.banner.text == sentence, timeout=30_000)
    assert everything(other) == before
    assert dialog.passphrase.hasFocus(), "it was disabled meanwhile"
    assert dialog.passphrase.selectedText() == "wrong", "the next key replaces it"
    dialog.passphrase.clear()
    assert not dialog.import_set_up.isEnabled()
    dialog.without_secrets.click()
    with qtbot.waitSignal(dialog.imported, timeout=30_000):
        dialog.import_set_up.click()
    assert texts(dialog.tree)["To do"] == ["Enter the value TOKEN of the script “Log in” in “Docs”."]
    assert [one.name for one in other.workspace.store.repositories.list()] == ["Docs"]


def test_a_file_that_changes_before_yes_is_shown_again(
    full: Scene, other: Scene, background: Background, qtbot: QtBot
) -> None:
    file = exported(full)
    dialog = importing(other, background, file, qtbot)
    before = everything(other)
    full.script("Sneaked in", "rm -rf /")
    exported(full)
    with qtbot.waitSignal(dialog.looked):
        dialog.import_set_up.click()
    assert dialog.banner.text.startswith(f"The file {file} was changed by another program in the meantime.")
    assert "Script “Sneaked in”" in texts(dialog.tree)["New"]
    assert everything(other) == before
    with qtbot.waitSignal(dialog.imported, timeout=30_000):
        dialog.import_set_up.click()
    assert [one.name for one in other.workspace.store.scripts.list()] == ["Log in", "Sneaked in"]


def test_a_change_here_before_yes_is_shown(full: Scene, other: Scene, background: Background, qtbot: QtBot) -> None:
    dialog = importing(other, background, exported(full), qtbot)
    other.repository("Docs")
    before = everything(other)
    with qtbot.waitSignal(dialog.looked):
        dialog.import_set_up.click()
    assert dialog.banner.text.startswith("What is here was changed by another program in the meantime.")
    assert texts(dialog.tree)["Cannot be taken"] == ["Another repository “Docs” is here already, and stays as it is."]
    assert everything(other) == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "is missing, or is not a regular file."),
        ("{", "is not an exported"),
        ('{"format": 1}', "is not an exported"),
    ],
    ids=["missing", "broken", "foreign"],
)
def test_a_file_that_is_no_set_up_is_refused(
    scene: Scene, background: Background, qtbot: QtBot, content: str | None, sentence: str
) -> None:
    file = scene.folder / "file.json"
    if content is not None:
        file.write_text(content)
    dialog = importing(scene, background, file, qtbot)
    assert sentence in dialog.banner.text
    assert not dialog.import_set_up.isEnabled()
    dialog.reject()
    assert not dialog.isVisible()


def test_a_stopped_import_leaves_nothing(
    full: Scene, other: Scene, background: Background, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(other)
    dialog = importing(other, background, exported(full), qtbot)
    gate = held(monkeypatch, other.workspace.store.scripts, "add")
    dialog.import_set_up.click()
    dialog.reject()
    gate.set()
    qtbot.waitUntil(lambda: dialog.banner.text == "Stopped; nothing was imported.", timeout=30_000)
    assert dialog.isVisible(), "it says what came of it"
    assert everything(other) == before


# In the window ------------------------------------------------------------------------------------------------------


def test_the_page_shows_imported_settings_by_itself(
    full: Scene, other: Scene, background: Background, qtbot: QtBot
) -> None:
    page = SettingsPage(LiveSettings(other.workspace, background), other.workspace, background, has_tray=True)
    qtbot.addWidget(page)
    page.show()
    page.set_up.import_set_up.click()
    chooser = chooser_of(page, qtbot)
    chooser.fileSelected.emit(str(exported(full)))
    chooser.reject()
    qtbot.waitUntil(lambda: bool(page.findChildren(ImportSetUpDialog)))
    dialog = page.findChildren(ImportSetUpDialog)[0]
    qtbot.waitUntil(dialog.import_set_up.isEnabled, timeout=30_000)
    dialog.import_set_up.click()
    qtbot.waitUntil(lambda: page.tab_width.value() == 8, timeout=30_000)
    dialog.reject()


def test_open_pages_show_what_was_imported_by_themselves(tour: Tour, other: Scene, qtbot: QtBot) -> None:
    file = exported(filled(other))
    tour.page("scripts")
    dialog = ImportSetUpDialog(tour.scene.workspace, tour.background, file, tour.window)
    dialog.open()
    qtbot.waitUntil(dialog.import_set_up.isEnabled, timeout=30_000)
    dialog.import_set_up.click()
    model = tour.scripts.table.model()
    qtbot.waitUntil(lambda: model.rowCount() == 1, timeout=30_000)
    qtbot.waitUntil(lambda: dialog.banner.text.startswith("Imported"), timeout=30_000)
    dialog.reject()
    tour.page("repositories")
    board = [one.name for one in tour.scene.workspace.store.repositories.list()]
    assert board == ["Docs"]
    qtbot.waitUntil(tour.repositories.view.isVisible, timeout=30_000)
