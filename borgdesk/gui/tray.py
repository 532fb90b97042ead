"""The icon in the tray: how things are, and the most needed actions without the window."""

from __future__ import annotations

from enum import Enum
from functools import partial

from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from borgdesk.domain.repository import Repository
from borgdesk.gui import icons, run_words, theme
from borgdesk.gui.live_run import LiveRun

_SIDES = (16, 22, 24, 32, 48, 64)


class TrayState(Enum):
    """What the icon says."""

    IDLE = "idle"
    WORKING = "working"
    ATTENTION = "attention"


class Tray(QObject):
    """Only where the desktop has a tray."""

    open_asked = Signal()
    quit_asked = Signal()
    backup_asked = Signal(int)
    stop_all_asked = Signal()
    message_clicked = Signal()

    def __init__(self, application_icon: QIcon, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._base = application_icon
        self._state = TrayState.IDLE
        self._needs_person = False
        self._active: tuple[LiveRun, ...] = ()
        self._menu = QMenu()
        self._status = QAction(self.tr("Nothing is running"), self)
        self._status.setEnabled(False)
        self._backups = QMenu(self.tr("&Back up now"), self._menu)
        self._stop = QAction(icons.icon("media-playback-stop"), self.tr("S&top all backups"), self)
        self._stop.triggered.connect(lambda: self.stop_all_asked.emit())  # noqa: PLW0108 - without its argument
        opening = QAction(self.tr("&Open BorgDesk"), self)
        opening.triggered.connect(lambda: self.open_asked.emit())  # noqa: PLW0108
        leaving = QAction(icons.icon("application-exit"), self.tr("&Quit"), self)
        leaving.triggered.connect(lambda: self.quit_asked.emit())  # noqa: PLW0108
        self._menu.addAction(self._status)
        self._menu.addSeparator()
        self._menu.addMenu(self._backups)
        self._menu.addAction(self._stop)
        self._menu.addSeparator()
        self._menu.addAction(opening)
        self._menu.addAction(leaving)
        self._icon = QSystemTrayIcon(self._drawn(TrayState.IDLE), self)
        self._icon.setContextMenu(self._menu)
        self._icon.activated.connect(self._activated)
        self._icon.messageClicked.connect(self.message_clicked)
        self.show_repositories([])
        self._update()
        if self.is_available():
            self._icon.show()

    @staticmethod
    def is_available() -> bool:
        """Whether the desktop has a tray now."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    @property
    def state(self) -> TrayState:
        """What the icon says now."""
        return self._state

    @property
    def menu(self) -> QMenu:
        """The menu, as the user sees it."""
        return self._menu

    def show_repositories(self, repositories: list[Repository]) -> None:
        """Offer to back these up."""
        self._backups.clear()
        for repository in repositories:
            action = self._backups.addAction(repository.name.replace("&", "&&"))
            action.triggered.connect(partial(self._ask_backup, repository.id))
        self._backups.setEnabled(bool(repositories))

    def show_active(self, active: tuple[LiveRun, ...]) -> None:
        """Say what runs now."""
        self._active = active
        self._update()

    def show_attention(self, *, needed: bool) -> None:
        """Say that something needs a person, or does not any more."""
        self._needs_person = needed
        self._update()

    def tell(self, title: str, text: str, *, urgent: bool) -> None:
        """Show a notification."""
        kind = QSystemTrayIcon.MessageIcon.Critical if urgent else QSystemTrayIcon.MessageIcon.Information
        self._icon.showMessage(title, text, kind)

    def hide(self) -> None:
        """Take the icon away."""
        self._icon.hide()

    def _ask_backup(self, repository_id: int, _checked: bool = False) -> None:
        self.backup_asked.emit(repository_id)

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.open_asked.emit()

    def _update(self) -> None:
        line = run_words.tray_line(self._active)
        self._status.setText(line)
        self._stop.setEnabled(any(not live.stopping for live in self._active))
        self._icon.setToolTip(self.tr("BorgDesk: {status}").format(status=line))
        idle = TrayState.ATTENTION if self._needs_person else TrayState.IDLE
        state = TrayState.WORKING if self._active else idle
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
    """A dot at the lower right; it stands out from any ground by its white rim."""
    width = round(side * 0.5)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#ffffff"))
    painter.drawEllipse(side - width, side - width, width, width)
    rim = max(1, side // 16)
    painter.setBrush(color)
    painter.drawEllipse(side - width + rim, side - width + rim, width - 2 * rim, width - 2 * rim)
