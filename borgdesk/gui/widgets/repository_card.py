"""A repository on the overview: how its backups are, and the button that makes one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from borgdesk.domain.run import RunStatus
from borgdesk.gui import icons, run_words, theme, words
from borgdesk.gui.live_run import LiveRun
from borgdesk.gui.overview_data import RepositoryState
from borgdesk.gui.widgets.elided_label import ElidedLabel
from borgdesk.gui.widgets.outcome_strip import OutcomeStrip

_ICON = 28


class RepositoryCard(QWidget):
    """Speaks of one repository; what it shows may change, the repository does not."""

    backup_asked = Signal(int)
    stop_asked = Signal(int)
    """Repository id."""
    history_asked = Signal(int)
    opened = Signal(int)
    """The card was clicked: its repository shall be shown."""

    def __init__(self, state: RepositoryState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._live: LiveRun | None = None
        self._make()
        self._lay_out()
        self.show_state(state)

    @property
    def repository_id(self) -> int:
        """Whose card it is."""
        return self._state.repository.id

    def show_state(self, state: RepositoryState) -> None:
        """Show what the store knows."""
        self._state = state
        repository = state.repository
        self._name.setText(repository.name)
        self._location.setText(repository.location)
        self._strip.show_statuses(state.strip)
        statistics = state.statistics
        size = "" if statistics is None else f"{words.size(statistics.original_size)} · {words.files(statistics.files)}"
        self._size.setText(size)
        self.setAccessibleName(repository.name)
        self._update()

    def show_live(self, live: LiveRun | None) -> None:
        """Show the run that is under way here, or that there is none."""
        if live is not None or self._live is not None:
            self._live = live
            self._update()

    def _make(self) -> None:
        self._icon = QLabel(self)
        self._name = ElidedLabel(self)
        font = QFont(self._name.font())
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.15)
        self._name.setFont(font)
        self._location = ElidedLabel(self, mode=Qt.TextElideMode.ElideMiddle)
        self._location.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._when = ElidedLabel(self)
        self._doing = ElidedLabel(self)
        self._size = ElidedLabel(self)
        self._size.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._strip = OutcomeStrip(self)
        self._backup = QPushButton(icons.icon("media-playback-start"), self.tr("&Back up now"), self)
        self._backup.clicked.connect(lambda: self.backup_asked.emit(self.repository_id))
        self._stop = QPushButton(icons.icon("media-playback-stop"), self.tr("S&top"), self)
        self._stop.clicked.connect(lambda: self.stop_asked.emit(self.repository_id))
        self._history = QPushButton(icons.icon("history"), self.tr("&History"), self)
        self._history.clicked.connect(lambda: self.history_asked.emit(self.repository_id))
        for button in (self._backup, self._stop, self._history):
            button.setAutoDefault(False)

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(3)
        for label in (self._name, self._location, self._when, self._doing):
            left.addWidget(label)
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addWidget(self._strip, 0, Qt.AlignmentFlag.AlignRight)
        right.addWidget(self._size)
        right.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addStretch(1)
        for button in (self._history, self._stop, self._backup):
            buttons.addWidget(button)
        right.addLayout(buttons)
        self._size.setAlignment(Qt.AlignmentFlag.AlignRight)
        grid = QGridLayout(self)
        grid.setContentsMargins(14, 12, 14, 12)
        grid.setHorizontalSpacing(12)
        grid.addWidget(self._icon, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addLayout(left, 0, 1)
        grid.addLayout(right, 0, 2)
        grid.setColumnStretch(1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _update(self) -> None:
        repository, live, run = self._state.repository, self._live, self._state.elsewhere
        status = RunStatus.RUNNING if live or run else repository.last_status
        name = icons.status_icon(status) if status else icons.toned("status-waiting", theme.Tone.MUTED)
        self._icon.setPixmap(name.pixmap(_ICON, _ICON))
        self._when.setText(run_words.last_good(repository))
        self._doing.setText(self._doing_text())
        tone = theme.tone_of(status) if status and status is not RunStatus.SUCCESS else None
        palette = QPalette()
        if tone is not None:
            palette.setColor(QPalette.ColorRole.WindowText, theme.color(tone))
        self._doing.setPalette(palette)
        self._backup.setVisible(live is None)
        self._backup.setEnabled(run is None or live is not None)
        self._stop.setVisible(live is not None)
        if live is not None:
            self._stop.setText(self.tr("Hurry") if live.stopping else self.tr("S&top"))
            self._stop.setEnabled(not live.hurried)

    def _doing_text(self) -> str:
        if self._live is not None:
            doing = run_words.doing(self._live)
            return " · ".join([doing[:1].upper() + doing[1:], *run_words.live_facts(self._live)])
        if self._state.elsewhere is not None:
            return run_words.elsewhere(self._state.elsewhere)
        return run_words.last_run(self._state.repository)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.opened.emit(self.repository_id)
        super().mouseReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        line = palette.color(QPalette.ColorRole.Text)
        line.setAlpha(50)
        painter.setPen(line)
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.end()
