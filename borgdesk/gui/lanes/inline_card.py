"""Card below the others of a lane for the inline script that a repository still has."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.gui.look import words
from borgdesk.gui.look.card import Card
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.translation import _

_TEXTS = {Hook.PRE_BACKUP: "pre_script", Hook.POST_BACKUP: "post_script"}
_SHOWN = 30
"""Lines of the script in the tooltip."""


class InlineCard(Card):
    """Shows the first command, and whether the script is used; it cannot be dragged, but moved to the library."""

    move_requested = Signal()

    def __init__(self, text: str, *, idle: bool, parent: QWidget | None = None) -> None:
        """*idle*: scripts are assigned to the lane, so that the inline script is not used."""
        super().__init__(parent)
        self.name = QLabel(_("Inline script"))
        font = self.name.font()
        font.setBold(not idle)
        self.name.setFont(font)
        self.command = ElidedLabel()
        self.command.setText(first_command(text))
        self.about = QLabel(wordWrap=True)
        self.about.setText(_("Not used while scripts are assigned here.") if idle else _("Runs here."))
        self.button = QPushButton(_("Move to library"))
        self.button.setToolTip(_("Makes it a script of the library, assigned here, which can be edited"))
        self.button.setVisible(not idle)
        self.button.clicked.connect(self.move_requested)
        lines = text.strip().splitlines()
        self.setToolTip(words.tooltip("\n".join([*lines[:_SHOWN], *(["…"] if len(lines) > _SHOWN else [])])))
        self.setAccessibleName(f"{self.name.text()}. {self.command.text()}. {self.about.text()}")
        for label in (self.command, self.about, *([self.name] if idle else [])):
            label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._lay_out()

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(10)
        first.addWidget(self.name)
        first.addWidget(self.command, 1)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addLayout(first)
        texts.addWidget(self.about)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 6)
        row.addLayout(texts, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)

    @staticmethod
    def text_of(repository: Repository, hook: Hook) -> str:
        """Return the inline script of a repository for a lane; "" if it has none."""
        return str(getattr(repository, _TEXTS[hook])) if hook in _TEXTS else ""


def first_command(text: str) -> str:
    """Return the first line of a script that is neither empty nor a comment."""
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line and not line.startswith("#")), "")
