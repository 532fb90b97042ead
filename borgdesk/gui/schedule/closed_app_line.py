"""Line that says whether backups also start while BorgDesk is closed, with a button that makes it so."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.schedule import installation
from borgdesk.engine.schedule.units import State, Units
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import theme
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.form_parts import explanation
from borgdesk.gui.workers.background import Background
from borgdesk.translation import N_, _

_SENTENCES = {
    Units.UNAVAILABLE: N_("Backups start only while BorgDesk is running, because systemd is not available here."),
    Units.MISSING: N_("Backups start only while BorgDesk is running, in its window or in the tray."),
    Units.CURRENT: N_("Backups also start while BorgDesk is closed."),
    Units.OUTDATED: N_("Backups may not start while BorgDesk is closed, because systemd starts another version of it."),
    Units.TURNED_OFF: N_("Backups start only while BorgDesk is running, because its systemd units are turned off."),
    Units.FOREIGN: N_(
        "Backups start only while BorgDesk is running, because another BorgDesk, with another folder for its data, "
        "uses systemd."
    ),
}
_BUTTONS = {
    Units.MISSING: N_("Start them while BorgDesk is &closed, too"),
    Units.OUTDATED: N_("Repair"),
    Units.TURNED_OFF: N_("Turn on"),
}
_LOGGED_OUT = N_("While you are logged out, nothing starts; “loginctl enable-linger” changes that.")


class ClosedAppLine(QWidget):
    """Asks systemd when it is told to, never by itself."""

    shown = Signal()
    """What systemd answered is shown."""

    def __init__(
        self, workspace: Workspace, background: Background, parent: QWidget | None = None, *, has_button: bool = True
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._has_button = workspace, background, has_button
        self._asking = False
        self.text = explanation()
        self.button = QPushButton()
        self.button.hide()
        self.button.clicked.connect(self._on_clicked)
        self.problem = Banner()
        row = QHBoxLayout()
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.problem)
        self.hide()

    def refresh(self) -> None:
        """Ask systemd how its units stand."""
        if not self._asking:
            self._asking = True
            self._background.ask(lambda: installation.state(self._workspace), self._show, self._on_failed, self)

    def _on_clicked(self) -> None:
        self.button.setEnabled(False)
        self._background.ask(self._install, self._show, self._on_failed, self)

    def _install(self) -> State:
        installation.install(self._workspace)
        return installation.state(self._workspace)

    def _show(self, state: State) -> None:
        self._asking = False
        self.problem.hide()
        sentences = [_(_SENTENCES[state.units])]
        if state.units is Units.CURRENT and not state.lingers:
            sentences.append(_(_LOGGED_OUT))
        self.text.setText(" ".join(sentences))
        label = _BUTTONS.get(state.units)
        self.button.setText(_(label) if label else "")
        self.button.setVisible(self._has_button and label is not None)
        self.button.setEnabled(True)
        self.show()
        self.shown.emit()

    def _on_failed(self, error: BorgDeskError) -> None:
        self._asking = False
        self.button.setEnabled(True)
        if not self.text.text():
            self.button.hide()
        self.problem.show_message(error.sentence, theme.Tone.BAD, dismissible=False)
        self.show()
        self.shown.emit()
