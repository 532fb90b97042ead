"""When a repository that is being added is backed up: a short form of the tab *Schedule*."""

from __future__ import annotations

from datetime import time

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.schedule import daily
from borgdesk.engine.schedule import installation
from borgdesk.engine.schedule.units import State, Units
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.form_parts import explanation
from borgdesk.gui.look.reveal import reveal
from borgdesk.gui.schedule.when_edit import WhenEdit
from borgdesk.gui.workers.background import Background
from borgdesk.translation import N_, _

FIRST = daily(time(2, 30))
"""Offered to a repository without a schedule."""

_WHILE_OPEN = N_("Otherwise, backups start only while BorgDesk is running, in its window or in the tray.")
_ALREADY = N_("Backups also start while BorgDesk is closed.")
_NEVER = N_("Backups start only while BorgDesk is running, because systemd is not available here.")
_FOREIGN = N_("Backups start only while BorgDesk is running, because another BorgDesk uses systemd.")
_SAID = {Units.CURRENT: _ALREADY, Units.OUTDATED: _ALREADY, Units.UNAVAILABLE: _NEVER, Units.FOREIGN: _FOREIGN}
"""Where there is nothing to choose."""


class FirstScheduleEdit(QWidget):
    """Nothing is installed unless its box is checked, and the box is never checked by itself."""

    edited = Signal()
    shown = Signal()
    """It is known whether backups can start while BorgDesk is closed."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.on = QCheckBox(_("Back up automat&ically").replace("&", ""))
        self.on.setChecked(True)
        self.when = WhenEdit(with_letters=False)
        self.when.show_cron(FIRST)
        self.closed = QCheckBox(_("Start backups while BorgDesk is closed, too"))
        self.note = explanation(_(_WHILE_OPEN))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.on, self.when, self.closed, self.note):
            column.addWidget(widget)
        self.on.toggled.connect(self._on_toggled)
        self.on.clicked.connect(lambda on: reveal(self.note, self.on) if on else None)
        self.when.edited.connect(self.edited)
        self._offers = True
        background.ask(lambda: installation.state(workspace), self._show, self._on_failed, self)

    def cron(self) -> str | None:
        """Return the entered expression; None if backups are not to start by themselves.

        Raises:
            InvalidInput: no day of the week is chosen.
        """
        return self.when.expression() if self.on.isChecked() else None

    @property
    def installs(self) -> bool:
        """Whether the systemd units are to be installed."""
        return self.on.isChecked() and self._offers and self.closed.isChecked()

    def _show(self, state: State) -> None:
        said = _SAID.get(state.units)
        self._offers = said is None
        self.note.setText(_(said or _WHILE_OPEN))
        self._on_toggled(self.on.isChecked())
        self.shown.emit()

    def _on_failed(self, error: BorgDeskError) -> None:
        self._offers = False
        self.note.setText(error.sentence)
        self._on_toggled(self.on.isChecked())
        self.shown.emit()

    def _on_toggled(self, on: bool) -> None:
        self.when.setVisible(on)
        self.closed.setVisible(on and self._offers)
        self.note.setVisible(on)
        self.edited.emit()
