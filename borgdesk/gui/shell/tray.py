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
            action = self._backups.addAction(words.literal(repository.name))
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
        if state is not self._state:
            self._state = state
            self._icon.setIcon(self._drawn(state))

    def _drawn(self, state: TrayState) -> QIcon:
        icon = QIcon()
        for side in _SIDES:
            pixmap = QPixmap(side, side)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            self._base.paint(painter, QRect(0, 0, side, side))
            if state is not TrayState.IDLE:
                tone = theme.Tone.WORKING if state is TrayState.WORKING else theme.Tone.BAD
                _badge(painter, side, QColor(tone.value[0]))
            painter.end()
            icon.addPixmap(pixmap)
        return icon


def _badge(painter: QPainter, side: int, color: QColor) -> None:
    """Draw a dot at the lower right, with a white rim so that it stands out from any background."""
    width = round(side * 0.5)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#ffffff"))
    painter.drawEllipse(side - width, side - width, width, width)
    rim = max(1, side // 16)
    painter.setBrush(color)
    painter.drawEllipse(side - width + rim, side - width + rim, width - 2 * rim, width - 2 * rim)
