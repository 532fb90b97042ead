"""The bar *What happens if…*."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.domain.run import Outcome
from borgdesk.gui.lanes.outcome_bar import OutcomeBar

ROOM = 590
"""Pixels that the bar has in a window 1024 pixels wide."""


def test_a_small_window_shows_every_word(qtbot: QtBot) -> None:
    bar = OutcomeBar(QHBoxLayout())
    qtbot.addWidget(bar)
    bar.resize(ROOM, bar.sizeHint().height())
    bar.show()
    outcomes = (Outcome.SUCCESS, Outcome.WARNING, Outcome.FAILURE, Outcome.CANCELLED, Outcome.INTERRUPTED)
    for segment in (*map(bar.button, outcomes), bar.script):
        assert segment.width() >= segment.sizeHint().width(), segment.text()


@pytest.mark.usefixtures("usual_font")
def test_a_large_font_makes_two_rows_instead_of_cutting_words(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    bar = OutcomeBar(QHBoxLayout())
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(bar)
    column.addStretch(1)
    page.show()
    for width, rows in ((ROOM, 2), (1200, 1), (ROOM, 2)):
        page.resize(width, 300)
        QApplication.processEvents()
        assert len({segment.y() for segment in bar._segments}) == rows
        for segment in bar._segments:
            assert segment.width() >= segment.whole_width(), segment.text()
            assert bar.rect().contains(segment.geometry())
