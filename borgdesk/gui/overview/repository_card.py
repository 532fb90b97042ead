"""Card of a repository on the overview: the state of its backups, and a button to start one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAccessible, QFont, QKeyEvent, QMouseEvent, QPalette
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.run import RunStatus
from borgdesk.gui.look import downtime_words, icons, run_words, theme, words
from borgdesk.gui.look.card import Card
from borgdesk.gui.look.direction import isolated
from borgdesk.gui.look.elided_label import ElidedLabel, PartsLabel
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


class RepositoryCard(Card):
    """Shows one repository, which stays the same while its state changes."""

    accessible_role = QAccessible.Role.Button

    backup_requested = Signal(int)
    stop_requested = Signal(int)
    """Repository id."""
    run_requested = Signal(int)
    """Id of a run that is to be shown."""
    opened = Signal(int)
    """The card was clicked, or Enter was pressed on it: its repository is to be shown."""

    def __init__(self, state: RepositoryState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._live: LiveRun | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
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
        self._strip.show_strip(state.strip)
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
        self._sentence = ElidedLabel(self)
        self._next = ElidedLabel(self)
        self._below = PartsLabel(_DOT, self)
        self._below.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._progress = RunProgress(self)
        self._progress.hide()
        self._strip = OutcomeStrip(self)
        self._strip.run_requested.connect(self.run_requested)
        self._backup = QPushButton(icons.icon("media-playback-start"), _("&Back up now"), self)
        self._backup.clicked.connect(lambda: self.backup_requested.emit(self.repository_id))
        self._stop = QPushButton(icons.icon("media-playback-stop"), _("S&top"), self)
        self._stop.clicked.connect(lambda: self.stop_requested.emit(self.repository_id))
        self._show = QPushButton(icons.icon("history"), _("Sho&w"), self)
        self._show.clicked.connect(self._on_show_clicked)
        self._hurry = QPushButton(_("Stop &now"), self)
        self._hurry.setToolTip(_("Give every script that still has to run at most 30 seconds"))
        self._hurry.clicked.connect(lambda: self.stop_requested.emit(self.repository_id))
        for button in (self._backup, self._stop, self._show, self._hurry):
            button.setAutoDefault(False)
        # The buttons to stop and to start have separate places, so that a late click cannot hit the other one.
        for button in (self._stop, self._show):
            policy = button.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            button.setSizePolicy(policy)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._name, 1)
        head.addWidget(self._strip)
        lines = QVBoxLayout()
        lines.setSpacing(4)
        for label in (self._next, self._progress, self._below):
            lines.addWidget(label)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self._hurry, self._stop, self._show, self._backup):
            buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 12, 16, 12)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.addWidget(self._icon, 0, 0, 3, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.addLayout(head, 0, 1, 1, 2)
        grid.addWidget(self._sentence, 1, 1, 1, 2)
        grid.addLayout(lines, 2, 1)
        grid.addLayout(buttons, 2, 2)
        grid.setColumnStretch(1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _update(self) -> None:
        live, run = self._live, self._state.elsewhere
        self._show_sentence()
        self._show_next()
        self._describe()
        self._show_below()
        self._show.setVisible(self._shown_run() is not None)
        can_start = run is None and live is None
        if not can_start and self.window().focusWidget() is self._backup:
            self.setFocus()  # Otherwise the keyboard would go on to the card of another repository.
        self._backup.setEnabled(can_start)
        self._stop.setVisible(live is not None)
        if live is None:
            self._hurry.hide()
        else:
            show_stopping(self._stop, self._hurry, live)

    @property
    def is_under_way(self) -> bool:
        """Whether a run of its repository is under way."""
        return self._live is not None or self._state.elsewhere is not None

    def _lateness(self) -> str:
        """Return the sentence about an overdue backup, unless a backup that failed matters more."""
        last, due = self._state.repository.last_status, self._state.due
        if self.is_under_way or due is None or (last is not None and last.is_bad):
            return ""
        return schedule_words.lateness(due, now())

    def _show_sentence(self) -> None:
        """Show the situation in one sentence; the lines below it add what it does not say."""
        late, status = self._lateness(), self._state.repository.last_status
        status = self._status_under_way() or status
        icon = icons.status_icon(status) if status else icons.toned("status-waiting", theme.Tone.MUTED)
        tone = theme.tone_of(status) if status and status is not RunStatus.SUCCESS else None
        if late:
            icon, tone = icons.toned("status-warning", theme.Tone.BAD), theme.Tone.BAD
        self._icon.setPixmap(icon.pixmap(_ICON, _ICON))
        self._sentence.setText(late or self._sentence_text())
        palette = QPalette()
        if tone is not None:
            palette.setColor(QPalette.ColorRole.WindowText, theme.color(tone))
        self._sentence.setPalette(palette)

    def _status_under_way(self) -> RunStatus | None:
        if self._live is not None:
            return RunStatus.QUEUED if self._live.is_waiting else RunStatus.RUNNING
        return None if self._state.elsewhere is None else self._state.elsewhere.status

    def _describe(self) -> None:
        """Let screen readers read the lines, none of which can be focused."""
        lines = (self._sentence.text(), self._next.text(), _("Press Enter to open the repository."))
        self.setAccessibleDescription("\n".join(filter(None, lines)))

    def accessible_press(self) -> None:
        """Do what Enter does."""
        self.opened.emit(self.repository_id)

    def _show_below(self) -> None:
        live, repository = self._live, self._state.repository
        parts = [] if live is None else [*run_words.live_times(live), *filter(None, [downtime_words.down_now(live)])]
        last = repository.last_status
        if self._lateness():
            parts += [run_words.last_run(self._state.last)]
        elif last is not None and (self.is_under_way or not last.is_good):
            parts += [run_words.last_good(repository), *self._amounts()]
        elif last is RunStatus.WARNING:
            parts += self._amounts()
        if not parts:
            self._below.set_parts([repository.location])
            return
        first, *others = parts
        self._below.set_parts([first[:1].upper() + first[1:], *others, isolated(repository.location)])

    def _amounts(self) -> list[str]:
        statistics = self._state.statistics
        return [] if statistics is None else [words.files(statistics.files), words.size(statistics.original_size)]

    def _shown_run(self) -> RunId | None:
        """Return the run that the card speaks of: the one under way, or else the last one."""
        if self._live is not None:
            return self._live.run_id
        run = self._state.elsewhere or self._state.last
        return None if run is None else run.id

    def _on_show_clicked(self) -> None:
        if (run_id := self._shown_run()) is not None:
            self.run_requested.emit(run_id)

    def _show_next(self) -> None:
        """Show when the next backup starts, or why not."""
        due = self._state.due
        none = schedule_words.Line(_("No schedule") if self._state.unscheduled else "")
        late = bool(self._lateness())
        line = none if due is None else schedule_words.next_start(due, now(), is_late_said=late)
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
        last = self._state.last
        amounts = self._amounts() if last is not None and last.status is RunStatus.SUCCESS else []
        return _DOT.join([run_words.last_run(last), *amounts])

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

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        # A disabled button passes clicks on to the card.
        on_button = isinstance(self.childAt(point), QPushButton)
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(point) and not on_button:
            self.opened.emit(self.repository_id)
        super().mouseReleaseEvent(event)
