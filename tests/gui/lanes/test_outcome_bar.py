"""The bar *What happens if…*."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout
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
