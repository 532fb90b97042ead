"""The page of settings: only those that do something, each at once."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QGroupBox, QLabel, QVBoxLayout, QWidget

from borgdesk.gui.preferences import SCHEMES, Preferences
from borgdesk.gui.widgets.page_header import PageHeader
from borgdesk.paths import Paths


class SettingsPage(QWidget):
    """Each change is kept when it is made."""

    def __init__(
        self, preferences: Preferences, paths: Paths, *, has_tray: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._preferences = preferences
        column = QVBoxLayout(self)
        column.addWidget(PageHeader(self.tr("Settings"), self))
        column.addWidget(self._appearance())
        column.addWidget(self._notifications())
        column.addWidget(self._backups())
        if has_tray:
            column.addWidget(self._window())
        column.addWidget(self._places(paths))
        column.addStretch(1)

    def _appearance(self) -> QGroupBox:
        group = QGroupBox(self.tr("Appearance"), self)
        self.scheme = QComboBox(group)
        names = {"system": self.tr("As the desktop"), "light": self.tr("Light"), "dark": self.tr("Dark")}
        for scheme in SCHEMES:
            self.scheme.addItem(names[scheme], scheme)
        self.scheme.setCurrentIndex(SCHEMES.index(self._preferences.wishes.scheme))
        self.scheme.currentIndexChanged.connect(lambda _: self._preferences.change(scheme=self.scheme.currentData()))
        form = QFormLayout(group)
        form.addRow(self.tr("&Colours:"), self.scheme)
        return group

    def _notifications(self) -> QGroupBox:
        group = QGroupBox(self.tr("Notifications"), self)
        self.notify_success = self._check(group, self.tr("Tell me about &good backups, too"), "notify_success")
        return self._filled(
            group, self.notify_success, self.tr("Failures and warnings are always told; skipped backups never are.")
        )

    def _backups(self) -> QGroupBox:
        group = QGroupBox(self.tr("Stopping a backup"), self)
        self.keep_checkpoint = self._check(group, self.tr("&Save what Borg has read so far"), "keep_checkpoint")
        text = self.tr("The next backup then need not send it again. Stopping takes a little longer.")
        return self._filled(group, self.keep_checkpoint, text)

    def _window(self) -> QGroupBox:
        group = QGroupBox(self.tr("Closing the window"), self)
        self.close_to_tray = self._check(group, self.tr("&Keep BorgDesk in the tray"), "close_to_tray")
        text = self.tr("Running backups go on in any case. Quit from the tray's menu, or with Ctrl+Q.")
        return self._filled(group, self.close_to_tray, text)

    def _places(self, paths: Paths) -> QGroupBox:
        group = QGroupBox(self.tr("Where things are"), self)
        form = QFormLayout(group)
        for title, path in (
            (self.tr("Scripts:"), paths.library),
            (self.tr("Database:"), paths.database),
            (self.tr("Logs:"), paths.state),
        ):
            label = QLabel(str(path), group, wordWrap=True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            form.addRow(title, label)
        return group

    def _check(self, parent: QWidget, text: str, wish: str) -> QCheckBox:
        box = QCheckBox(text, parent)
        box.setChecked(getattr(self._preferences.wishes, wish))
        box.toggled.connect(lambda checked: self._preferences.change(**{wish: checked}))
        return box

    def _filled(self, group: QGroupBox, box: QCheckBox, text: str) -> QGroupBox:
        explanation = QLabel(text, group, wordWrap=True)
        explanation.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        explanation.setIndent(24)
        column = QVBoxLayout(group)
        column.addWidget(box)
        column.addWidget(explanation)
        return group
