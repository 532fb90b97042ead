"""Scrolling to what a button has just made visible."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.gui.look.fold import Fold
from borgdesk.gui.look.form_scroll import FormScroll


@pytest.mark.parametrize("height", [200, 900])
def test_an_opened_fold_is_scrolled_to(qtbot: QtBot, height: int) -> None:
    """All of it, or from its button on where it is higher than the window."""
    shown = QWidget()
    shown.setFixedHeight(height)
    fold = Fold("Advanced", shown)
    form = QWidget()
    column = QVBoxLayout(form)
    before = QWidget()
    before.setFixedHeight(500)
    wraps = QLabel("Some words that need several lines. " * 8, wordWrap=True)
    for widget in (before, wraps, fold, QLabel("The end")):
        column.addWidget(widget)
    area = FormScroll(form)
    qtbot.addWidget(area)
    area.resize(300, 400)
    with qtbot.waitExposed(area):
        area.show()
    area.ensureWidgetVisible(fold.button)
    fold.button.setFocus()
    QTest.keyClick(fold.button, Qt.Key.Key_Space)

    def seen(widget: QWidget) -> QRect:
        return QRect(widget.mapTo(area.viewport(), QPoint()), widget.size()) & area.viewport().rect()

    qtbot.waitUntil(lambda: seen(shown).height() >= min(height, 340))
    assert seen(fold.button).size() == fold.button.size()


def test_a_fold_that_is_opened_for_a_message_does_not_scroll(qtbot: QtBot) -> None:
    """Somebody may be typing above it."""
    shown = QWidget()
    shown.setFixedHeight(300)
    fold = Fold("Advanced", shown)
    area = FormScroll(fold)
    qtbot.addWidget(area)
    area.resize(200, 100)
    with qtbot.waitExposed(area):
        area.show()
    fold.open()
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 0)
    assert area.verticalScrollBar().value() == 0
