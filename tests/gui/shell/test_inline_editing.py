"""A script that is written on the board, in the window."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.gui.scripts.inline_dialog import InlineDialog
from borgdesk.gui.shell import inline_editing
from borgdesk.gui.shell.lifetime import Lifetime
from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.shell.shell import Shell
from borgdesk.gui.shell.window_settings import WindowSettings
from borgdesk.gui.workers.background import Background
from tests.gui.scene import PRE, Scene


def test_a_script_written_on_the_board_is_stored_shown_and_undone(
    scene: Scene,
    background: Background,
    settings: WindowSettings,
    window: MainWindow,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loads = itertools.count()
    load = inline_editing._load

    def count_and_load() -> None:
        next(loads)
        load()

    monkeypatch.setattr(inline_editing, "_load", count_and_load)
    shell = Shell(scene.workspace, background, settings, window, Lifetime(window, window), window)
    window.show()
    window.destroyed.connect(shell.finish)
    repository = scene.repository()
    shell.navigation.show_lanes(repository.id)
    page = window.page("repositories")
    assert isinstance(page, RepositoriesPage)
    board = page.view.board
    qtbot.waitUntil(lambda: board._arranger.board is not None)
    board.inline.new(PRE)
    board.inline.new(PRE)  # as with a second press before the dialog is there
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), InlineDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, InlineDialog)
    assert dialog.editor is not None
    dialog.editor.replace_text("echo stop\n")
    with qtbot.waitSignal(board.shown):
        dialog.save()
    store = scene.workspace.store.repositories
    assert store.get(repository.id).pre_script == "echo stop\n"
    qtbot.waitUntil(board.board_actions.undo.isEnabled)
    with qtbot.waitSignal(board.shown):
        board.board_actions.undo.trigger()
    assert store.get(repository.id).pre_script == ""
    assert next(loads) == 1
