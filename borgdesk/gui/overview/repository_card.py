"""Card of a repository on the overview: the state of its backups, and a button to start one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.run import RunStatus
from borgdesk.gui.look import downtime_words, icons, run_words, theme, words
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.run_progress import RunProgress
from borgdesk.gui.look.stop_buttons import show_stopping
from borgdesk.gui.overview.outcome_strip import OutcomeStrip
from borgdesk.gui.overview.overview_data import RepositoryState
from borgdesk.gui.schedule import schedule_words
from borgdesk.gui.workers.live_run import LiveRun
from borgdesk.store.clock import now
from borgdesk.translation import _

_DOT = " · "
_ICON = 28
_OPENING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class RepositoryCard(QWidget):
    """Shows one repository, which stays the same while its state changes."""

    backup_requested = Signal(int)
    stop_requested = Signal(int)
    """Repository id."""
    history_requested = Signal(int)
    opened = Signal(int)
    """The card was clicked, or Enter was pressed on it: its repository is to be shown."""

    def __init__(self, state: RepositoryState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._live: LiveRun | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleDescription(_("Press Enter to open the repository."))
        self._make()
        self._lay_out()
        self.show_state(state)

    @property
    def repository_id(self) -> RepositoryId:
        """The repository of this card."""
        return self._state.repository.id

    def show_state(self, state: RepositoryState) -> None:
        """Show the state read from the store."""
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
        """Show the active run of this process; None if there is none."""
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
        self._sentence = ElidedLabel(self)
        self._below = ElidedLabel(self)
        self._below.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._next = ElidedLabel(self)
        self._progress = RunProgress(self)
        self._progress.hide()
        self._size = ElidedLabel(self)
        self._size.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._strip = OutcomeStrip(self)
        self._backup = QPushButton(icons.icon("media-playback-start"), _("&Back up now"), self)
        self._backup.clicked.connect(lambda: self.backup_requested.emit(self.repository_id))
        self._stop = QPushButton(icons.icon("media-playback-stop"), _("S&top"), self)
        self._stop.clicked.connect(lambda: self.stop_requested.emit(self.repository_id))
        self._history = QPushButton(icons.icon("history"), _("&History"), self)
        self._history.clicked.connect(lambda: self.history_requested.emit(self.repository_id))
        self._hurry = QPushButton(_("Stop &now"), self)
        self._hurry.setToolTip(_("Give every script that still has to run at most 30 seconds"))
        self._hurry.clicked.connect(lambda: self.stop_requested.emit(self.repository_id))
        for button in (self._backup, self._stop, self._history, self._hurry):
            button.setAutoDefault(False)
        # The buttons to stop and to start have separate places, so that a late click cannot hit the other one.
        policy = self._stop.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._stop.setSizePolicy(policy)

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(3)
        for label in (self._name, self._location, self._sentence, self._next, self._progress, self._below):
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
        for button in (self._hurry, self._stop, self._history, self._backup):
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
        # One sentence states the situation; the line below adds what the sentence does not say.
        self._sentence.setText(self._sentence_text())
        under_way = live is not None or run is not None
        last = repository.last_status
        worth_it = last is not None and (under_way or not last.is_good)
        times = [] if live is None else [*run_words.live_times(live), *filter(None, [downtime_words.down_now(live)])]
        below = _DOT.join([*times, *([run_words.last_good(repository)] if worth_it else [])])
        self._below.setText(below[:1].upper() + below[1:])
        tone = theme.tone_of(status) if status and status is not RunStatus.SUCCESS else None
        palette = QPalette()
        if tone is not None:
            palette.setColor(QPalette.ColorRole.WindowText, theme.color(tone))
        self._sentence.setPalette(palette)
        self._show_next()
        self._backup.setEnabled(run is None and live is None)
        self._stop.setVisible(live is not None)
        if live is None:
            self._hurry.hide()
        else:
            show_stopping(self._stop, self._hurry, live)

    def _show_next(self) -> None:
        """Show when the next backup starts, or why not."""
        due = self._state.due
        none = schedule_words.Line(_("No schedule") if self._state.unscheduled else "")
        line = none if due is None else schedule_words.next_start(due, now())
        # The bar has the place of this line: nothing moves when a backup starts.
        self._progress.setVisible(self._live is not None)
        if self._live is not None:
            self._progress.show_live(self._live)
        self._next.setVisible(bool(line.text) and self._live is None)
        self._next.setText(line.text)
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.WindowText, theme.color(line.tone or theme.Tone.MUTED))
        self._next.setPalette(palette)

    def _sentence_text(self) -> str:
        if self._live is not None:
            doing = run_words.doing(self._live)
            return _DOT.join([doing[:1].upper() + doing[1:], *run_words.live_amounts(self._live)])
        if self._state.elsewhere is not None:
            return run_words.elsewhere(self._state.elsewhere)
        return run_words.last_run(self._state.last)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            # Icon and sentence have their own colours, which differ on light and dark backgrounds.
            self._update()
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # A focused button passes Enter on to the card.
        if event.key() in _OPENING and self.hasFocus():
            self.opened.emit(self.repository_id)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        # A disabled button passes clicks on to the card.
        on_button = isinstance(self.childAt(point), QPushButton)
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(point) and not on_button:
            self.opened.emit(self.repository_id)
        super().mouseReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        line = palette.color(QPalette.ColorRole.Text)
        line.setAlpha(50)
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2) if self.hasFocus() else line)
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), 6, 6)
        painter.end()
