"""State of the buttons that stop a run, wherever they are."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton

from borgdesk.gui.look import run_words
from borgdesk.gui.workers.live_run import LiveRun


def show_stopping(stop: QPushButton, hurry: QPushButton, live: LiveRun) -> None:
    """Show *Stop*, or after it was pressed *Stopping…* together with *Stop now* as long as that is possible."""
    stop.setText(run_words.stopping() if live.story.stopping else run_words.stop())
    stop.setEnabled(not live.story.stopping)
    hurry.setVisible(live.story.stopping and not live.story.hurried)
