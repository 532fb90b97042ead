"""Bar at the bottom of the window: the active runs, with buttons to show and to stop them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from borgdesk.domain.ids import RunId
from borgdesk.domain.run import RunStatus
from borgdesk.gui.look import icons, run_words, theme, words
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.run_progress import RunProgress
from borgdesk.gui.look.stop_buttons import show_stopping
from borgdesk.gui.workers.executor import Executor
from borgdesk.gui.workers.live_run import LiveRun
from borgdesk.translation import _, ngettext

_TICK = 1000
_BAR = 20
"""Largest width of a progress bar in characters; in a narrow window it is smaller."""
_MOST = 3
"""Maximum number of runs with a line of their own; further ones are counted."""


class RunBar(QWidget):
    """Hidden while no run is active."""

    show_requested = Signal(int)
    stop_requested = Signal(int)
    """Run ids."""
    queue_requested = Signal()

    def __init__(self, executor: Executor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._executor = executor
        self._lines: dict[RunId, _Line] = {}
        self._rest = _Rest(self)
        self._rest.queue_button.clicked.connect(lambda: self.queue_requested.emit())  # noqa: PLW0108
        self._rest.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 6, 12, 6)
        self._column.setSpacing(4)
        self._column.addWidget(self._rest)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._clock = QTimer(self, interval=_TICK)
        self._clock.timeout.connect(self._update)
        executor.events_arrived.connect(lambda _: self._update())
        executor.run_ended.connect(lambda _: self._update())
        executor.became_idle.connect(self._update)
        executor.queue_changed.connect(self._update)
        executor.elsewhere.run_found.connect(lambda _: self._update())
        executor.elsewhere.run_left.connect(lambda _: self._update())
        self.hide()

    def _update(self) -> None:
        active = [*self._executor.active(), *self._executor.elsewhere.active()]
        shown = active[:_MOST]
        wanted = {live.run_id for live in shown}
        for gone in self._lines.keys() - wanted:
            line = self._lines.pop(gone)
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        for live in shown:
            if live.run_id not in self._lines:
                self._add_line(live.run_id)
            self._lines[live.run_id].show_live(live)
        self._rest.show_counts(len(active) - len(shown), sum(live.is_waiting for live in active))
        self.setVisible(bool(active))
        if active and not self._clock.isActive():
            self._clock.start()
        elif not active:
            self._clock.stop()

    def _add_line(self, run_id: RunId) -> None:
        line = _Line(self)
        line.show_button.clicked.connect(lambda: self.show_requested.emit(run_id))
        for button in (line.stop_button, line.hurry_button):
            button.clicked.connect(lambda: self.stop_requested.emit(run_id))
        self._lines[run_id] = line
        self._column.insertWidget(self._column.count() - 1, line)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        line = self.palette().color(QPalette.ColorRole.Text)
        line.setAlpha(50)
        painter.setPen(line)
        painter.drawLine(self.rect().topLeft(), self.rect().topRight())
        painter.end()


class _Rest(QWidget):
    """How many runs have no line or wait for others, and the button that lists all."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = QLabel(self)
        self.queue_button = QPushButton(icons.toned("status-waiting", theme.Tone.MUTED), _("&Queue…"), self)
        self.queue_button.setToolTip(_("All backups and other runs that are active, and what each of them waits for"))
        self.queue_button.setAutoDefault(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._text, 1)
        row.addWidget(self.queue_button)

    def show_counts(self, rest: int, waiting: int) -> None:
        """Show how many runs are not listed, or else how many wait; hide if there are none."""
        if rest > 0:
            self._text.setText(_("… and {count} more").format(count=words.number(rest)))
        else:
            text = ngettext("{count} is waiting for its turn", "{count} are waiting for their turn", waiting)
            self._text.setText(text.format(count=words.number(waiting)))
        self.setVisible(rest > 0 or waiting > 0)


class _Line(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon = QLabel(self)
        self._status = RunStatus.RUNNING
        self._draw_icon()
        self._text = ElidedLabel(self)
        self._progress = RunProgress(self)
        self._progress.setMaximumWidth(_BAR * self.fontMetrics().averageCharWidth())
        self.show_button = QPushButton(icons.icon("history"), _("Sho&w"), self)
        self.stop_button = QPushButton(icons.icon("media-playback-stop"), _("S&top"), self)
        # It is left of the others, which therefore do not move: a late click must not hit a different button.
        self.hurry_button = QPushButton(_("Stop &now"), self)
        self.hurry_button.setToolTip(_("Give every script that still has to run at most 30 seconds"))
        self.hurry_button.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._icon)
        row.addWidget(self._progress)  # left of what changes its width
        row.addWidget(self._text, 1)
        for button in (self.hurry_button, self.show_button, self.stop_button):
            button.setAutoDefault(False)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)

    def show_live(self, live: LiveRun) -> None:
        """Show the run's progress."""
        status = RunStatus.QUEUED if live.is_waiting else RunStatus.RUNNING
        if status is not self._status:
            self._status = status
            self._draw_icon()
        self._text.setText(run_words.live_line(live))
        self._progress.show_live(live)
        self.stop_button.setToolTip(_("Stop this backup; whatever its scripts stopped is started again"))
        show_stopping(self.stop_button, self.hurry_button, live)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            # Its shade differs on light and dark backgrounds.
            self._draw_icon()

    def _draw_icon(self) -> None:
        side = self.fontMetrics().height()
        self._icon.setPixmap(icons.status_icon(self._status).pixmap(side, side))
