"""Says where a secret that is typed here will be kept, or that there is no such place."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.background import Background
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.message import Message


class SecretPlace(QWidget):
    """A line of text; looking for a keyring takes a moment, so it comes a little later."""

    known = Signal(bool)
    """Whether there is a place."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice = Message()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.notice)
        self._workspace = workspace
        self._background = background
        background.ask(lambda: workspace.secrets.where, self._tell, self._tell_none, self)

    def _tell(self, where: str) -> None:
        self.notice.say(self.tr("Kept in {place}.").format(place=where), Tone.MUTED, closable=False)
        self.known.emit(True)

    def _tell_none(self, error: Exception) -> None:
        if not isinstance(error, BorgDeskError):
            raise error
        choice = (self.tr("Keep secrets in a file only you can read"), self._choose_file)
        self.notice.say(error.sentence, Tone.WARNING, [choice], closable=False)
        self.known.emit(False)

    def _choose_file(self) -> None:
        self._background.ask(self._workspace.secrets.keep_in_file, self._tell, self._tell_none, self)
