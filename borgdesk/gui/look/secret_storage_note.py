"""Note that says where an entered secret will be stored, or that it cannot be."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.store.secrets import Secrets
from borgdesk.translation import _


class SecretStorageNote(QWidget):
    """A line of text that appears after the keyring was looked for, which takes a moment."""

    place_checked = Signal(bool)
    """Whether secrets can be stored."""

    def __init__(self, secrets: Secrets, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice = Banner()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.notice)
        self._secrets = secrets
        self._background = background
        background.ask(lambda: secrets.where, self._show_place, self._on_unavailable, self)

    def _show_place(self, where: str) -> None:
        self.notice.show_message(_("Stored in {place}.").format(place=where), Tone.MUTED, dismissible=False)
        self.place_checked.emit(True)

    def _on_unavailable(self, error: BorgDeskError) -> None:
        choice = BannerButton(_("Store secrets in a file that only you can read"), self._choose_file)
        self.notice.show_message(error.sentence, Tone.WARNING, [choice], dismissible=False)
        self.place_checked.emit(False)

    def _choose_file(self) -> None:
        self._background.ask(self._secrets.keep_in_file, self._show_place, self._on_unavailable, self)
