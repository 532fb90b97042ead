"""Dialogs that show two versions of a script: one to resolve conflicting changes, one to compare."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.scripts.diff_view import DiffView
from borgdesk.translation import _


class ConflictDialog(Dialog):
    """Shows both texts and lets the user choose one; closing it decides nothing."""

    help_page = "scripts"
    mine_chosen = Signal()
    theirs_chosen = Signal()

    def __init__(self, name: str, theirs: str, mine: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("“{name}” has conflicting changes").format(name=name))
        about = QLabel(
            _(
                "Another program changed the file while you were editing it.\n"
                "Keep mine: your text is saved; the text in the file is kept as a revision.\n"
                "Use the file: your unsaved changes are lost."
            )
        )
        about.setWordWrap(True)
        self.diff = DiffView()
        self.diff.set_texts(theirs, mine, _("In the file"), _("Your text, not saved"))
        roles = QDialogButtonBox.ButtonRole
        buttons = QDialogButtonBox(self)
        self.mine = buttons.addButton(_("Keep &mine"), roles.DestructiveRole)
        self.theirs = buttons.addButton(_("Use the &file"), roles.DestructiveRole)
        self.later = buttons.addButton(_("Keep &editing"), roles.RejectRole)
        self.later.setDefault(True)
        self.mine.clicked.connect(self._on_mine_clicked)
        self.theirs.clicked.connect(self._on_theirs_clicked)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addWidget(self.diff, 1)
        layout.addWidget(buttons)
        self.resize(860, 560)

    def entered(self) -> None:
        """Return nothing: the dialog has no input."""

    def _on_mine_clicked(self) -> None:
        self.accept()
        self.mine_chosen.emit()

    def _on_theirs_clicked(self) -> None:
        self.accept()
        self.theirs_chosen.emit()


class ComparisonDialog(Dialog):
    """Shows two texts side by side."""

    def __init__(
        self, title: str, old: str, new: str, old_title: str, new_title: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.diff = DiffView()
        self.diff.set_texts(old, new, old_title, new_title)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.diff, 1)
        layout.addWidget(buttons)
        self.resize(860, 560)

    def entered(self) -> None:
        """Return nothing: the dialog has no input."""
