"""Confirmation of actions that cannot be undone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.gui.look.confirmation import ask_to_confirm


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


def ask(parent: QWidget, done: list[str], no: str = "") -> QMessageBox:
    return ask_to_confirm(
        parent,
        "Remove",
        "Remove “<b>x</b>”?",
        "It is gone then.",
        yes="&Remove",
        no=no,
        on_yes=lambda: done.append("x"),
    )


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
@pytest.mark.parametrize("no", ["", "&Cancel"])
def test_return_and_escape_leave_it(parent: QWidget, qtbot: QtBot, key: Qt.Key, no: str) -> None:
    done: list[str] = []
    box = ask(parent, done, no)
    with qtbot.waitSignal(box.finished):
        QTest.keyClick(box.defaultButton() if key == Qt.Key.Key_Return else box, key)
    assert done == []


def test_only_its_button_does_it(parent: QWidget, qtbot: QtBot) -> None:
    done: list[str] = []
    box = ask(parent, done)
    with qtbot.waitSignal(box.finished):
        next(button for button in box.buttons() if button.text() == "&Remove").click()
    assert done == ["x"]


def test_a_name_is_never_taken_for_markup(parent: QWidget) -> None:
    assert ask(parent, []).textFormat() is Qt.TextFormat.PlainText
