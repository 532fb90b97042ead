"""Shared environment of tests of the scripts page, with a real library."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.script import Script
from borgdesk.gui.editor.editor import ScriptEditor
from borgdesk.gui.scripts.scripts_page import ScriptsPage
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene


class ScriptBench:
    """The page with one script shown."""

    def __init__(self, scene: Scene, background: Background, qtbot: QtBot) -> None:
        self.scene, self.background, self.qtbot = scene, background, qtbot
        self.store = scene.workspace.store
        self.page = ScriptsPage(scene.workspace, background)
        qtbot.addWidget(self.page)
        self.page.resize(1000, 700)
        self.view = self.page.view

    def show(self) -> None:
        with self.qtbot.waitSignal(self.page.loaded):
            self.page.show()
        self.qtbot.waitUntil(lambda: self.view.editor is not None)

    def open(self, name: str = "Stop", text: str = "true") -> Script:
        """Create, save and show a script."""
        script = self.scene.script(name, text)
        if not self.page.isVisible():
            self.show()
        with self.qtbot.waitSignals([self.view.shown, self.page.loaded]):
            self.page.show_script(script.id)
        return script

    @property
    def editor(self) -> ScriptEditor:
        assert self.view.editor is not None
        return self.view.editor

    def type(self, text: str) -> None:
        self.editor.replace_text(self.editor.text() + text)

    def file(self, script: Script) -> Path:
        return Path(script.file_path)

    def modified(self) -> bool:
        return self.view.is_modified

    def save(self) -> None:
        with self.qtbot.waitSignal(self.view.saved):
            QTest.keyClick(self.page, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)

    def until(self, said: str) -> None:
        """Wait until the view shows a text."""
        self.qtbot.waitUntil(lambda: said in self.view.message.text)

    def settle(self) -> None:
        """Wait until all background calls are done."""
        self.background._pool.waitForDone()
        QApplication.processEvents()

    def names(self) -> list[str]:
        return [script.name for script in self.page.table.rows.rows()]

    def repository(self, name: str = "Docs") -> Repository:
        return self.store.repositories.add(Repository(RepositoryId(0), name, f"/backup/{name}", ("/home",)))
