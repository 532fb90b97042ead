"""The dialog that shows a script pack and adds its scripts."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from borgdesk.domain.script import NewScript
from borgdesk.engine.packs.making import Title, make_pack
from borgdesk.engine.packs.pack_file import read
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.scripts.make_pack_dialog import MakePackDialog
from borgdesk.gui.scripts.pack_dialog import PackDialog
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene

STOP = "#!/bin/sh\nsudo docker stop web\n"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Return a pack that somebody else made."""
    file = tmp_path / "web.borgdesk-pack"
    theirs = Workspace.open({"BORGDESK_HOME": str(tmp_path / "theirs"), "PATH": "/usr/bin:/bin"})
    texts = {"Stop <b>web</b>": STOP, "Start web": "#!/bin/sh\ndocker start web\n"}
    ids = [theirs.store.scripts.add(NewScript(name, text.encode())).id for name, text in texts.items()]
    make_pack(theirs, file, ids, Title("Web", "1.2", "Anna", "MIT", "Stops and starts web"))
    theirs.store.close()
    return file


def shown(scene: Scene, background: Background, qtbot: QtBot, file: Path) -> PackDialog:
    dialog = PackDialog(scene.workspace, background, file)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.loaded):
        dialog.show()
    return dialog


def test_it_shows_every_text_and_what_to_read_twice(
    scene: Scene, background: Background, qtbot: QtBot, pack: Path
) -> None:
    dialog = shown(scene, background, qtbot, pack)
    assert dialog._name.text() == "Web 1.2"
    assert "not signed" in dialog.signature.text
    assert dialog.text.toPlainText() == STOP
    assert dialog.remarks.item(0).text() == "Line 2: acts as another user"
    assert dialog._script.text() == "Stop <b>web</b>"
    assert dialog._script.textFormat() is Qt.TextFormat.PlainText
    assert scene.workspace.store.scripts.list() == []
    dialog.reject()
    assert not dialog.isVisible()


def test_what_acts_unseen_is_written_out(scene: Scene, background: Background, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "odd.borgdesk-pack"
    theirs = Workspace.open({"BORGDESK_HOME": str(tmp_path / "odd"), "PATH": "/usr/bin:/bin"})
    odd = theirs.store.scripts.add(NewScript("Odd", "#!/bin/sh\n\techo \u202eback \x1b[8m\n".encode()))
    make_pack(theirs, file, [odd.id], Title("Odd"))
    theirs.store.close()
    dialog = shown(scene, background, qtbot, file)
    assert dialog.text.toPlainText() == "#!/bin/sh\n\techo <U+202E>back <U+001B>[8m\n"


def test_only_the_chosen_scripts_are_added(scene: Scene, background: Background, qtbot: QtBot, pack: Path) -> None:
    dialog = shown(scene, background, qtbot, pack)
    dialog.scripts.setFocus()
    QTest.keyClick(dialog.scripts, Qt.Key.Key_Space)
    assert dialog.chosen() == ["scripts/start-web.sh"]
    with qtbot.waitSignal(dialog.installed):
        QTest.mouseClick(dialog.add, Qt.MouseButton.LeftButton)
    assert [one.name for one in scene.workspace.store.scripts.list()] == ["Start web"]


def test_an_edited_script_is_compared_and_stays(scene: Scene, background: Background, qtbot: QtBot, pack: Path) -> None:
    with qtbot.waitSignal((dialog := shown(scene, background, qtbot, pack)).installed):
        dialog.add.click()
    store = scene.workspace.store.scripts
    store.save(store.get("Start web").id, b"#!/bin/sh\necho mine\n")
    dialog = shown(scene, background, qtbot, pack)
    assert dialog.chosen() == []
    assert not dialog.add.isEnabled()
    dialog.scripts.setCurrentRow(1)
    assert dialog._texts.currentWidget() is dialog.comparison
    dialog.scripts.item(1).setCheckState(Qt.CheckState.Checked)
    assert dialog.add.isEnabled()


def test_a_pack_that_was_tampered_with_says_so(scene: Scene, background: Background, qtbot: QtBot, pack: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(pack, "a") as archive:
        archive.writestr("scripts/start-web.sh", "#!/bin/sh\nrm -rf ~\n")
    dialog = shown(scene, background, qtbot, pack)
    assert "two entries of the same name" in dialog.message.text
    assert not dialog.add.isEnabled()
    assert QApplication.activeModalWidget() is None


def test_a_pack_is_made_of_the_chosen_scripts(
    scene: Scene, background: Background, qtbot: QtBot, tmp_path: Path
) -> None:
    store = scene.workspace.store.scripts
    scripts = [store.add(NewScript(name, STOP.encode())) for name in ("Stop web", "Start web", "Other")]
    dialog = MakePackDialog(scene.workspace, background, scripts, {scripts[0].id})
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.name.text() == "Stop web"
    dialog.scripts.item(1).setCheckState(Qt.CheckState.Checked)
    dialog.author.setText("Anna")
    file = tmp_path / "web.borgdesk-pack"
    with qtbot.waitSignal(dialog.made):
        dialog.write(file)
    manifest = read(file).manifest
    assert [one.details.name for one in manifest.scripts] == ["Stop web", "Start web"]
    assert (manifest.name, manifest.author) == ("Stop web", "Anna")


def test_why_a_pack_cannot_be_made_yet_is_said_beside_the_button(
    scene: Scene, background: Background, qtbot: QtBot
) -> None:
    script = scene.workspace.store.scripts.add(NewScript("Stop", STOP.encode()))
    dialog = MakePackDialog(scene.workspace, background, [script], set())
    qtbot.addWidget(dialog)
    assert (dialog.missing.text(), dialog.export.isEnabled()) == ("Choose at least one script.", False)
    dialog.scripts.item(0).setCheckState(Qt.CheckState.Checked)
    assert (dialog.missing.text(), dialog.export.isEnabled()) == ("Enter a name for the pack.", False)
    dialog.name.setText("Web")
    assert (dialog.missing.text(), dialog.export.isEnabled()) == ("", True)


def test_a_file_that_exists_is_not_overwritten_by_a_pack(
    scene: Scene, background: Background, qtbot: QtBot, tmp_path: Path
) -> None:
    script = scene.workspace.store.scripts.add(NewScript("Stop", STOP.encode()))
    dialog = MakePackDialog(scene.workspace, background, [script], {script.id})
    qtbot.addWidget(dialog)
    dialog.show()
    file = tmp_path / "mine"
    file.write_text("mine")
    dialog.write(file)
    qtbot.waitUntil(lambda: "exists already" in dialog.message.text)
    assert dialog.isEnabled()
    assert file.read_text() == "mine"


def test_check_marks_are_not_lost_without_a_question(scene: Scene, background: Background, qtbot: QtBot) -> None:
    scripts = [scene.workspace.store.scripts.add(NewScript(name, STOP.encode())) for name in ("Stop", "Start")]
    dialog = MakePackDialog(scene.workspace, background, scripts, {scripts[0].id})
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.has_edits()
    dialog.scripts.item(1).setCheckState(Qt.CheckState.Checked)
    assert dialog.has_edits()
