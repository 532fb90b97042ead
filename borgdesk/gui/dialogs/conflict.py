"""Both sides changed a script's file: somebody has to choose one text."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from borgdesk.gui.widgets.diff_view import DiffView


class ConflictDialog(QDialog):
    """Shows both texts and asks; closing it decides nothing."""

    mine_chosen = Signal()
    theirs_chosen = Signal()

    def __init__(self, name: str, theirs: str, mine: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("“{name}” was changed twice").format(name=name))
        about = QLabel(
            self.tr(
                "Another program changed the file while it was edited here.\n"
                "Keep mine: what is here is saved; the file's text stays among the revisions.\n"
                "Take the file's: what was typed here and not saved is lost."
            )
        )
        about.setWordWrap(True)
        self.diff = DiffView()
        self.diff.set_texts(theirs, mine, self.tr("In the file"), self.tr("Here, not saved"))
        roles = QDialogButtonBox.ButtonRole
        buttons = QDialogButtonBox()
        self.mine = buttons.addButton(self.tr("Keep &mine"), roles.DestructiveRole)
        self.theirs = buttons.addButton(self.tr("Take the &file's"), roles.DestructiveRole)
        self.later = buttons.addButton(self.tr("&Go on editing"), roles.RejectRole)
        self.later.setDefault(True)
        self.mine.clicked.connect(self._choose_mine)
        self.theirs.clicked.connect(self._choose_theirs)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addWidget(self.diff, 1)
        layout.addWidget(buttons)
        self.resize(860, 560)

    def _choose_mine(self) -> None:
        self.accept()
        self.mine_chosen.emit()

    def _choose_theirs(self) -> None:
        self.accept()
        self.theirs_chosen.emit()


class ComparisonDialog(QDialog):
    """Two texts beside each other."""

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
