"""Tray icon with the overall state and a menu of the most important actions."""

from __future__ import annotations

from enum import Enum
from functools import partial

from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.gui.look import icons, run_words, theme, words
from borgdesk.gui.workers.live_run import LiveRun
from borgdesk.translation import _

_SIDES = (16, 22, 24, 32, 48, 64)
_STEPS = 8
"""Number of steps in which the icon shows progress: each change sends pictures to the desktop."""
_CIRCLE, _TOP = 360 * 16, 90 * 16
"""Angles as Qt counts them."""
_PALE = 220
"""Per cent of the lightness: the part that is not done yet."""


class TrayState(Enum):
    """State that the icon shows."""

    IDLE = "idle"
    WORKING = "working"
    ATTENTION = "attention"


class Tray(QObject):
    """Tray icon; created only where the desktop has a tray."""

    open_requested = Signal()
    quit_requested = Signal()
    backup_requested = Signal(int)
    stop_all_requested = Signal()
    message_clicked = Signal()

    def __init__(self, application_icon: QIcon, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._base = application_icon
        self._state = TrayState.IDLE
        self._steps: int | None = None
        """How far the active runs are, as the icon shows it; None if that is not known."""
        self._needs_person = False
        self._active: tuple[LiveRun, ...] = ()
        self._others: tuple[Run, ...] = ()
        self._next = ""
        """The line about the schedules."""
        self._menu = QMenu()
        self._status = QAction(_("Nothing is running"), self)
        self._status.setEnabled(False)
        self._schedule = QAction(self)
        self._schedule.setEnabled(False)
        self._backups = QMenu(_("&Back up now"), self._menu)
        self._stop = QAction(icons.icon("media-playback-stop"), _("S&top all backups"), self)
        self._stop.triggered.connect(lambda: self.stop_all_requested.emit())  # noqa: PLW0108 - without its argument
        opening = QAction(_("&Open BorgDesk"), self)
        opening.triggered.connect(lambda: self.open_requested.emit())  # noqa: PLW0108
        leaving = QAction(icons.icon("application-exit"), _("&Quit"), self)
        leaving.triggered.connect(lambda: self.quit_requested.emit())  # noqa: PLW0108
        self._menu.addAction(self._status)
        self._menu.addAction(self._schedule)
        self._menu.addSeparator()
        self._menu.addMenu(self._backups)
        self._menu.addAction(self._stop)
        self._menu.addSeparator()
        self._menu.addAction(opening)
        self._menu.addAction(leaving)
        self._icon = QSystemTrayIcon(self._drawn(TrayState.IDLE), self)
        self._icon.setContextMenu(self._menu)
        self._icon.activated.connect(self._on_activated)
        self._icon.messageClicked.connect(self.message_clicked)
        self.show_repositories([])
        self._update()
        if self.is_available():
            self._icon.show()

    @staticmethod
    def is_available() -> bool:
        """Return whether the desktop has a tray now."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    @property
    def state(self) -> TrayState:
        """Return the state that the icon shows."""
        return self._state

    @property
    def menu(self) -> QMenu:
        """The context menu."""
        return self._menu

    def show_repositories(self, repositories: list[Repository]) -> None:
        """Offer backups of these repositories in the menu."""
        self._backups.clear()
        for repository in repositories:
            action = self._backups.addAction(words.literal(words.short(repository.name)))
            action.triggered.connect(partial(self._on_backup_triggered, repository.id))
        self._backups.setEnabled(bool(repositories))

    def show_active(self, active: tuple[LiveRun, ...]) -> None:
        """Show the active runs."""
        self._active = active
        self._update()

    def show_attention(self, *, needed: bool) -> None:
        """Show whether something needs the user's attention."""
        self._needs_person = needed
        self._update()

    def show_others(self, runs: tuple[Run, ...]) -> None:
        """Show the runs of other processes."""
        self._others = runs
        self._update()

    def show_schedules(self, line: str) -> None:
        """Show a line about the schedules, such as when the next backup starts; empty if there are none."""
        self._next = line
        self._update()

    def show_message(self, title: str, text: str, *, urgent: bool) -> None:
        """Show a notification."""
        kind = QSystemTrayIcon.MessageIcon.Critical if urgent else QSystemTrayIcon.MessageIcon.Information
        self._icon.showMessage(title, text, kind)

    def hide(self) -> None:
        """Remove the icon."""
        self._icon.hide()

    def _on_backup_triggered(self, repository_id: RepositoryId, _checked: bool = False) -> None:
        self.backup_requested.emit(repository_id)

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.open_requested.emit()

    def _update(self) -> None:
        line = run_words.tray_line(self._active, self._others)
        self._status.setText(words.literal(line))
        self._stop.setEnabled(any(not live.story.stopping for live in self._active))
        self._schedule.setText(words.literal(self._next))
        self._schedule.setVisible(bool(self._next))
        lines = (_("BorgDesk: {status}").format(status=line), run_words.tray_progress(self._active), self._next)
        tip = "\n".join(filter(None, lines))
        if tip != self._icon.toolTip():
            # Each change is a message to the desktop.
            self._icon.setToolTip(tip)
        idle = TrayState.ATTENTION if self._needs_person else TrayState.IDLE
        state = TrayState.WORKING if self._active or self._others else idle
        steps = self._progress() if state is TrayState.WORKING else None
        if (state, steps) != (self._state, self._steps):
            self._state, self._steps = state, steps
            self._icon.setIcon(self._drawn(state, steps))

    def _progress(self) -> int | None:
        fractions = (live.estimate().fraction for live in self._active if not live.story.stopping)
        known = [fraction for fraction in fractions if fraction is not None]
        return int(_STEPS * sum(known) / len(known)) if known else None

    def _drawn(self, state: TrayState, steps: int | None = None) -> QIcon:
        icon = QIcon()
        for side in _SIDES:
            pixmap = QPixmap(side, side)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            self._base.paint(painter, QRect(0, 0, side, side))
            if state is not TrayState.IDLE:
                tone = theme.Tone.WORKING if state is TrayState.WORKING else theme.Tone.BAD
                _badge(painter, side, QColor(tone.value[0]), steps)
            painter.end()
            icon.addPixmap(pixmap)
        return icon


def _badge(painter: QPainter, side: int, color: QColor, steps: int | None) -> None:
    """Draw a dot at the lower right, with a white rim so that it stands out from any background.

    With *steps*, it fills clockwise from the top.
    """
    width = round(side * 0.58)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#ffffff"))
    painter.drawEllipse(side - width, side - width, width, width)
    rim = max(1, side // 16)
    disc = QRect(side - width + rim, side - width + rim, width - 2 * rim, width - 2 * rim)
    painter.setBrush(color if steps is None else color.lighter(_PALE))
    painter.drawEllipse(disc)
    if steps:
        painter.setBrush(color)
        painter.drawPie(disc, _TOP, -steps * _CIRCLE // _STEPS)
