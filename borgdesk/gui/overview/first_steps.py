"""Widget that guides to the first backup, shown on the overview while there is no repository."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from borgdesk.gui.look import icons
from borgdesk.gui.look.card import Card
from borgdesk.translation import _


class FirstSteps(Card):
    """Three steps, and a button to try BorgDesk with sample data."""

    repositories_requested = Signal()
    scripts_requested = Signal()
    sample_requested = Signal()
    import_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        title = QLabel(_("Three steps to your first backup"), self)
        font = QFont(title.font())
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.15)
        title.setFont(font)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(24)
        column.addWidget(title)
        repository = self._step(
            column,
            "1",
            _("Add a repository"),
            _(
                "Choose what to back up, and where to: a disk, a folder, or a server reached over SSH. Or import what "
                "you have in Vorta, borgmatic or borg-ui."
            ),
        )
        buttons = QVBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._button(_("&Add a repository"), "repositories", self.repositories_requested))
        self._import = self._button(_("&Import…"), "", self.import_requested)
        self._import.setToolTip(_("Take over the set-up of Vorta, borgmatic or borg-ui"))
        buttons.addWidget(self._import)
        repository.addLayout(buttons)
        scripts = self._step(
            column,
            "2",
            _("Add scripts, if something has to be stopped first"),
            _(
                "Scripts stop containers or dump databases before a backup, and put everything back afterwards, "
                "whatever happens in between."
            ),
        )
        scripts.addWidget(self._button(_("&Browse scripts"), "scripts", self.scripts_requested))
        self._step(
            column,
            "3",
            _("Back up"),
            _("Click “Back up now”. History shows what happened, step by step."),
        )
        self._sample = self._button(_("&Try it with sample data"), "media-playback-start", self.sample_requested)
        self._sample.setToolTip(_("Opens a second window with a temporary repository, files and scripts"))
        column.addWidget(self._sample, 0, Qt.AlignmentFlag.AlignLeft)

    def show_preparing(self, *, preparing: bool) -> None:
        """Show whether the sample data is being created."""
        self._sample.setEnabled(not preparing)
        self._sample.setText(_("Preparing…") if preparing else _("&Try it with sample data"))

    def _button(self, text: str, icon: str, asked: SignalInstance) -> QPushButton:
        button = QPushButton(text, self)
        if icon:
            button.setIcon(icons.icon(icon))
        button.clicked.connect(asked)
        button.setAutoDefault(False)
        return button

    def _step(self, column: QVBoxLayout, number: str, title: str, text: str) -> QHBoxLayout:
        mark = QLabel(number, self)
        font = QFont(mark.font())
        font.setPointSizeF(font.pointSizeF() * 2)
        mark.setFont(font)
        mark.setFixedWidth(max(36, mark.sizeHint().width()))
        head = QLabel(title, self, wordWrap=True)
        bold = QFont(head.font())
        bold.setBold(True)
        head.setFont(bold)
        body = QLabel(text, self, wordWrap=True)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(head)
        texts.addWidget(body)
        # Beside two buttons there is more room than the texts need, which stay together.
        texts.addStretch(1)
        row = QHBoxLayout()
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        column.addLayout(row)
        return row
