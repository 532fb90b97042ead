"""The bar at the bottom: what runs now, and the buttons to see and to stop it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from borgdesk.domain.run import RunStatus
from borgdesk.gui import icons, run_words
from borgdesk.gui.executor import Executor
from borgdesk.gui.live_run import LiveRun
from borgdesk.gui.widgets.elided_label import ElidedLabel

_TICK = 1000
_MOST = 3
"""Runs that have a line of their own; more are counted."""


class RunBar(QWidget):
    """Hidden while nothing runs."""

    show_asked = Signal(int)
    stop_asked = Signal(int)
    """Run ids."""

    def __init__(self, executor: Executor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._executor = executor
        self._lines: dict[int, _Line] = {}
        self._more = QLabel(self)
        self._more.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 6, 12, 6)
        self._column.setSpacing(4)
        self._column.addWidget(self._more)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._clock = QTimer(self, interval=_TICK)
        self._clock.timeout.connect(self._update)
        executor.events_arrived.connect(lambda _: self._update())
        executor.run_ended.connect(lambda _: self._update())
        executor.idle.connect(self._update)
        self.hide()

    def _update(self) -> None:
        active = self._executor.active()
        shown = active[:_MOST]
        wanted = {live.run_id for live in shown}
        for gone in self._lines.keys() - wanted:
            line = self._lines.pop(gone)
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        for live in shown:
            if live.run_id not in self._lines:
                self._add_line(live)
            self._lines[live.run_id].show_live(live)
        rest = len(active) - len(shown)
        self._more.setText(self.tr("… and {count} more").format(count=rest))
        self._more.setVisible(rest > 0)
        self.setVisible(bool(active))
        if active and not self._clock.isActive():
            self._clock.start()
        elif not active:
            self._clock.stop()

    def _add_line(self, live: LiveRun) -> None:
        line = _Line(self)
        line.show_button.clicked.connect(lambda: self.show_asked.emit(live.run_id))
        line.stop_button.clicked.connect(lambda: self.stop_asked.emit(live.run_id))
        self._lines[live.run_id] = line
        self._column.insertWidget(self._column.count() - 1, line)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        line = self.palette().color(QPalette.ColorRole.Text)
        line.setAlpha(50)
        painter.setPen(line)
        painter.drawLine(self.rect().topLeft(), self.rect().topRight())
        painter.end()


class _Line(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        side = self.fontMetrics().height()
        icon = QLabel(self)
        icon.setPixmap(icons.status_icon(RunStatus.RUNNING).pixmap(side, side))
        self._text = ElidedLabel(self)
        self.show_button = QPushButton(icons.icon("history"), self.tr("Sho&w"), self)
        self.stop_button = QPushButton(icons.icon("media-playback-stop"), self.tr("S&top"), self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(icon)
        row.addWidget(self._text, 1)
        for button in (self.show_button, self.stop_button):
            button.setAutoDefault(False)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)

    def show_live(self, live: LiveRun) -> None:
        self._text.setText(run_words.live_line(live))
        self.stop_button.setText(self.tr("Hurry") if live.stopping else self.tr("S&top"))
        self.stop_button.setToolTip(
            self.tr("Give every script that is still owed at most 30 seconds")
            if live.stopping
            else self.tr("Stop this backup; what it stopped is started again")
        )
        self.stop_button.setEnabled(not live.hurried)
