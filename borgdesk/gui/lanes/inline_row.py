"""Row below the cards of a lane about the inline script that a repository still has."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.translation import _

_TEXTS = {Hook.PRE_BACKUP: "pre_script", Hook.POST_BACKUP: "post_script"}


class InlineRow(QWidget):
    """Says whether the inline script is used, and can move it to the library."""

    move_requested = Signal()

    def __init__(self, *, idle: bool, parent: QWidget | None = None) -> None:
        """*idle*: scripts are assigned to the lane, so that the inline script is not used."""
        super().__init__(parent)
        said = _("The repository's inline script is not used while scripts are assigned here.")
        label = QLabel(said if idle else _("The repository's inline script runs here."))
        label.setWordWrap(True)
        button = QPushButton(_("Move to library"))
        button.setVisible(not idle)
        button.clicked.connect(self.move_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label, 1)
        layout.addWidget(button)

    @staticmethod
    def is_needed(repository: Repository, hook: Hook) -> bool:
        """Return whether the repository has an inline script for a lane."""
        return hook in _TEXTS and bool(getattr(repository, _TEXTS[hook]))
