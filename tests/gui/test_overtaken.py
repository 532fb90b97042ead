"""Outdated answers: they arrive after something else was selected, and must not be shown."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from borgdesk.borg.options import Encryption
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.engine.repositories.form_checks import Field
from borgdesk.gui.lanes.board import AssignmentBoard
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.runs.run_view import RunView
from borgdesk.gui.scripts.scripts_page import ScriptsPage
from borgdesk.gui.scripts.test_panel import TestPanel
from borgdesk.gui.workers.executor import Executor
from tests.gui.scene import PRE, Scene
from tests.gui.stage import Overtaken


def add(scene: Scene, name: str, script: str) -> Repository:
    made = scene.workspace.store.repositories.add(
        Repository(RepositoryId(0), name, f"/backup/{name}", (str(scene.source),))
    )
    scene.hook(made, script, "true", PRE)
    return made


def test_the_lanes_of_another_repository(scene: Scene, overtaken: Overtaken, qtbot: QtBot) -> None:
    first, second = add(scene, "First", "a"), add(scene, "Second", "b")
    board = AssignmentBoard(scene.workspace, overtaken)
    qtbot.addWidget(board)
    overtaken.keep_next()
    board.show_repository(first.id)
    with qtbot.waitSignal(board.shown):
        board.show_repository(second.id)
    overtaken.deliver()
    assert [one.script for one in board.assignments] == ["b"]


def test_another_script(scene: Scene, overtaken: Overtaken, qtbot: QtBot) -> None:
    first, second = scene.script("first", "echo first"), scene.script("second", "echo second")
    page = ScriptsPage(scene.workspace, overtaken)
    qtbot.addWidget(page)
    with qtbot.waitSignal(page.loaded):
        page.show()
    view = page.view
    overtaken.keep_next()
    view.open_script(first.id)
    with qtbot.waitSignal(view.shown):
        view.open_script(second.id)
    overtaken.deliver()
    assert view.script is not None
    assert view.editor is not None
    assert (view.script.id, "echo second" in view.editor.text()) == (second.id, True)


def test_a_script_that_was_put_away(scene: Scene, overtaken: Overtaken, qtbot: QtBot) -> None:
    script = scene.script("first", "echo first")
    page = ScriptsPage(scene.workspace, overtaken)
    qtbot.addWidget(page)
    with qtbot.waitSignal(page.loaded):
        page.show()
    overtaken.keep_next()
    page.view.open_script(script.id)
    page.view.close_script()
    overtaken.deliver()
    assert page.view.script is None


def test_another_run(scene: Scene, overtaken: Overtaken, qtbot: QtBot) -> None:
    runs = [scene.run(scene.repository(name)) for name in ("First", "Second")]
    executor = Executor(scene.workspace, overtaken)
    view = RunView(scene.workspace, overtaken, executor)
    qtbot.addWidget(view)
    overtaken.keep_next()
    view.show_run(runs[0].id)
    view.show_run(runs[1].id)

    def heads() -> str:
        return " ".join(label.text() for label in view.findChildren(QLabel))

    qtbot.waitUntil(lambda: "Second" in heads())
    overtaken.deliver()
    assert "First" not in heads()


def test_the_values_of_another_repository(scene: Scene, overtaken: Overtaken, qtbot: QtBot) -> None:
    first, second = add(scene, "First", "a"), add(scene, "Second", "b")
    (script,) = [one for one in scene.workspace.store.scripts.list() if one.name == "a"]
    panel = TestPanel(scene.workspace, overtaken)
    qtbot.addWidget(panel)
    panel.show_script(script, [first, second])
    overtaken.keep_next()
    for row in (1, 0):
        panel.repository.setCurrentIndex(row)
        panel.repository.activated.emit(row)
    panel.hook.setCurrentIndex(panel.hook.findData(Hook.POST_RUN))
    overtaken.deliver()
    assert panel.hook.currentData() == Hook.POST_RUN, "it is still as somebody chose"


def test_what_was_foreseen_of_another_location(scene: Scene, overtaken: Overtaken, qtbot: QtBot) -> None:
    dialog = AddRepositoryDialog(scene.workspace, overtaken)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.looked):
        dialog.show()
    dialog.encryption.setCurrentIndex(dialog.encryption.findData(Encryption.NONE))
    QTest.keyClicks(dialog.name, "Photos")
    dialog.sources.add([str(scene.source)])
    overtaken.keep_next()
    QTest.keyClicks(dialog.location, str(scene.folder / "new"))
    qtbot.waitUntil(lambda: overtaken.has_kept)
    with qtbot.waitSignal(dialog.looked):
        dialog.location.selectAll()
        QTest.keyClick(dialog.location, Qt.Key.Key_Delete)
    overtaken.deliver()
    note = dialog.forms.notes[Field.LOCATION]
    assert (note.text, dialog.add.isEnabled()) == ("The location is empty.", False)
