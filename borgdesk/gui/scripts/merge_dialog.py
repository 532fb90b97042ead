"""Dialog in which a file that was changed on both sides is edited by hand."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from borgdesk.engine.git.merging import is_merged
from borgdesk.gui.look.dialog import Dialog
from borgdesk.translation import _


class MergeDialog(Dialog):
    """The text with the changes of both sides; where these are at the same place, both are in it."""

    help_page = "library-in-git"
    merged = Signal(str)
    """The text that is to be used."""

    def __init__(self, name: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Edit “{name}”").format(name=name))
        about = QLabel(
            _(
                "This is the text with the changes of both sides. Where both have changed the same lines, you find "
                "both between <<<<<<< and >>>>>>>. Keep what is right, and remove these marks."
            )
            if not is_merged(text)
            else _("This is the text with the changes of both sides. They are at different places; read it once.")
        )
        about.setWordWrap(True)
        self.text = QPlainTextEdit(text)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTabChangesFocus(False)
        self.text.setAccessibleName(_("Text of the script"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.use: QPushButton = buttons.addButton(_("&Use this text"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addWidget(self.text, 1)
        layout.addWidget(buttons)
        self.text.textChanged.connect(self._adapt)
        self._adapt()
        self.resize(760, 560)

    def _adapt(self) -> None:
        text = self.text.toPlainText()
        self.use.setEnabled(bool(text.strip()) and is_merged(text))

    def _on_accepted(self) -> None:
        self.accept()
        self.merged.emit(self.text.toPlainText())
