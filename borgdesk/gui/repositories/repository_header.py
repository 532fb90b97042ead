"""Header of a repository's view: name, last backup and actions.

It is as high for every repository, so that the tabs below it stay where they are.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPalette, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from borgdesk.domain.repository import Repository
from borgdesk.gui.look import icons
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.repositories import repository_words
from borgdesk.translation import _

_MINUTE = 60_000
"""Milliseconds."""


class RepositoryHeader(QWidget):
    """Name, location, last backup; the backup button and a menu."""

    backup_requested = Signal()
    history_requested = Signal()
    connection_check_requested = Signal()
    check_requested = Signal()
    prune_requested = Signal()
    compact_requested = Signal()
    info_requested = Signal()
    removal_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._repository: Repository | None = None
        # What is said of the last backup is true for a minute.
        self._clock = QTimer(self, interval=_MINUTE)
        self._clock.timeout.connect(self._show_about)
        self._name = ElidedLabel()
        font = self._name.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.25)
        self._name.setFont(font)
        # The end of a path says most, and the tab Connection has all of it.
        self._place, self._last_backup = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle), ElidedLabel()
        for line in (self._place, self._last_backup):
            line.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.start = QPushButton(icons.icon("media-playback-start"), _("&Back up now"))
        self.start.clicked.connect(self.backup_requested)
        self.more = QPushButton(_("More"))
        self.more.setMenu(self._make_menu())
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self._name)
        texts.addWidget(self._place)
        texts.addWidget(self._last_backup)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(texts, 1)
        row.addWidget(self.start)
        row.addWidget(self.more)

    def show_repository(self, repository: Repository) -> None:
        """Show the stored values of a repository."""
        self._repository = repository
        self._name.setText(repository.name)
        self._show_about()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_about()
        self._clock.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._clock.stop()

    def _show_about(self) -> None:
        one = self._repository
        self._place.setText("" if one is None else one.location)
        self._last_backup.setText("" if one is None else repository_words.last_backup(one))

    def show_running(self, running: bool) -> None:
        """Disable the backup button while a backup is running."""
        self.start.setEnabled(not running)
        self.start.setToolTip(_("A backup of it is running.") if running else "")

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        for icon, text, requested in (
            ("history", _("Show &history"), self.history_requested),
            ("network-server", _("Check the &connection"), self.connection_check_requested),
            ("dialog-information", _("Read size and &encryption"), self.info_requested),
            ("status-success", _("Check for &damage…"), self.check_requested),
            ("archives", _("&Prune old archives…"), self.prune_requested),
            ("drive-harddisk", _("&Free disk space"), self.compact_requested),
            ("edit-delete", _("&Remove…"), self.removal_requested),
        ):
            if requested in (self.check_requested, self.removal_requested):
                menu.addSeparator()
            menu.addAction(icons.icon(icon), text).triggered.connect(requested)
        self._last = menu.actions()[-2]
        return menu

    def add_menu(self, menu: QMenu) -> None:
        """Add a submenu before the last entry, which removes the repository."""
        self.more.menu().insertMenu(self._last, menu)
