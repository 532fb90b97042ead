"""Page that explains why the store cannot be opened."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from borgdesk.gui.look import icons, theme
from borgdesk.translation import _


class StoreProblem(QWidget):
    """Shows the reason and the possible remedies."""

    retry_requested = Signal()
    quit_requested = Signal()

    def __init__(self, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        icon = QLabel(self)
        icon.setPixmap(icons.toned("dialog-error", theme.Tone.BAD).pixmap(48, 48))
        icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = QLabel(_("BorgDesk cannot open its data"), self)
        font = QFont(title.font())
        font.setPointSizeF(font.pointSizeF() * 1.4)
        title.setFont(font)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sentence = QLabel(sentence, self, wordWrap=True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sentence.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.retry = QPushButton(icons.icon("view-refresh"), _("&Try again"), self)
        self.retry.clicked.connect(self.retry_requested)
        self.retry.setDefault(True)
        leave = QPushButton(icons.icon("application-exit"), _("&Quit"), self)
        leave.clicked.connect(self.quit_requested)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.retry)
        buttons.addWidget(leave)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(60, 40, 60, 40)
        column.setSpacing(14)
        column.addStretch(1)
        for widget in (icon, title, self.sentence):
            column.addWidget(widget)
        column.addLayout(buttons)
        column.addStretch(2)
