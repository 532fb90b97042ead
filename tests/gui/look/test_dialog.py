"""Behaviour common to all dialogs: Escape does not discard input."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox
from pytestqt.qtbot import QtBot

from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.scripts.template_dialog import TemplateDialog
from borgdesk.gui.workers.background import Background
from tests.gui.scene import Scene


def press_escape(dialog: QDialog) -> None:
    QTest.keyClick(dialog, Qt.Key.Key_Escape)


def close(dialog: QDialog) -> None:
    dialog.close()


def asked() -> QMessageBox:
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    return box


@pytest.fixture
def dialog(scene: Scene, background: Background, qtbot: QtBot) -> AddRepositoryDialog:
    dialog = AddRepositoryDialog(scene.workspace, background)
    qtbot.addWidget(dialog)
    dialog.open()
    return dialog


@pytest.mark.parametrize("leave", [press_escape, close])
def test_what_was_typed_is_not_lost_unasked(dialog: Dialog, leave: Callable[[QDialog], None], qtbot: QtBot) -> None:
    assert isinstance(dialog, AddRepositoryDialog)
    QTest.keyClicks(dialog.location, "/mnt/disk")
    leave(dialog)
    box = asked()
    assert box.defaultButton().text() == "Keep &editing"
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert dialog.location.text() == "/mnt/disk"
    leave(dialog)
    next(button for button in asked().buttons() if button.text() == "&Discard").click()
    qtbot.waitUntil(lambda: not dialog.isVisible())


@pytest.mark.parametrize("leave", [press_escape, close])
def test_nothing_is_asked_when_nothing_was_typed(dialog: Dialog, leave: Callable[[QDialog], None]) -> None:
    leave(dialog)
    assert not dialog.isVisible()


def test_chosen_folders_count_and_a_search_does_not(
    dialog: AddRepositoryDialog, scene: Scene, background: Background, qtbot: QtBot
) -> None:
    assert not dialog.has_edits()
    dialog.sources.add(["/etc"])
    assert dialog.has_edits()
    templates = TemplateDialog(scene.workspace, background)
    qtbot.addWidget(templates)
    with qtbot.waitSignal(templates.loaded):
        templates.show()
    QTest.keyClicks(templates.search, "docker")
    press_escape(templates)
    assert not templates.isVisible()
