"""Guide: available offline, opened at the right chapter."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.help_window import _OF_PAGES, HelpWindow, show_help
from borgdesk.paths import document


@pytest.mark.parametrize("page", _OF_PAGES)
def test_every_page_has_its_chapter(page: str, qtbot: QtBot) -> None:
    parent = Dialog()
    qtbot.addWidget(parent)
    window = show_help(parent, page)
    top = window.text.cursorForPosition(QPoint(4, 4)).block()
    near = [top.text(), top.next().text()]
    at_the_end = window.text.verticalScrollBar().value() == window.text.verticalScrollBar().maximum()
    assert _OF_PAGES[page] in near or at_the_end
    assert f"## {_OF_PAGES[page]}\n" in document("guide.md").read_text()
    window.close()


def test_f1_opens_it_from_a_dialog_too(qtbot: QtBot) -> None:
    dialog = Dialog()
    qtbot.addWidget(dialog)
    dialog.open()
    QTest.keyClick(dialog, Qt.Key.Key_F1)
    (window,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, HelpWindow) and one.isVisible()]
    assert "User guide" in window.text.toPlainText()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert dialog.isVisible()
