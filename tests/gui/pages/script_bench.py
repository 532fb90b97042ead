"""The page of scripts over a real library, as its tests use it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from borgdesk.domain.repository import Repository
from borgdesk.domain.script import Script
from borgdesk.gui.background import Background
from borgdesk.gui.pages.scripts import ScriptsPage
from borgdesk.gui.widgets.script_editor.editor import ScriptEditor
from tests.gui.scene import Scene


class ScriptBench:
    """The page with one script on its desk."""

    def __init__(self, scene: Scene, background: Background, qtbot: QtBot) -> None:
        self.scene, self.background, self.qtbot = scene, background, qtbot
        self.store = scene.workspace.store
        self.page = ScriptsPage(scene.workspace, background)
        qtbot.addWidget(self.page)
        self.page.resize(1000, 700)
        self.desk = self.page.desk

    def show(self) -> None:
        with self.qtbot.waitSignal(self.page.loaded):
            self.page.show()

    def open(self, name: str = "Stop", text: str = "true") -> Script:
        """A script that is saved, and on the desk."""
        script = self.scene.script(name, text)
        if not self.page.isVisible():
            self.show()
        with self.qtbot.waitSignals([self.desk.shown, self.page.loaded]):
            self.page.show_script(script.id)
        return script

    @property
    def editor(self) -> ScriptEditor:
        assert self.desk.editor is not None
        return self.desk.editor

    def type(self, text: str) -> None:
        self.editor.replace_text(self.editor.text() + text)

    def file(self, script: Script) -> Path:
        return Path(script.file_path)

    def modified(self) -> bool:
        return self.desk.is_modified

    def save(self) -> None:
        with self.qtbot.waitSignal(self.desk.saved):
            QTest.keyClick(self.page, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)

    def until(self, said: str) -> None:
        """Wait until the desk says something."""
        self.qtbot.waitUntil(lambda: said in self.desk.message.text)

    def settle(self) -> None:
        """Wait until every question that was asked is answered."""
        self.background._pool.waitForDone()
        QApplication.processEvents()

    def names(self) -> list[str]:
        return [script.name for script in self.page.table.rows.rows()]

    def repository(self, name: str = "Docs") -> Repository:
        return self.store.repositories.add(Repository(0, name, f"/backup/{name}", ("/home",)))
