"""Dialog that commits what has changed in the library."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.git.library import Change, Commit, Status, commit, status
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.scripts.diff_view import DiffView
from borgdesk.gui.scripts.git_words import KINDS
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_ROLE = Qt.ItemDataRole.UserRole

_BESIDE_KIND = 56
"""Pixels of a line beside the longest word for what was done to a file: its check box, and the frame."""


class CommitDialog(Dialog):
    """The changed files on the left, what has changed in the current one on the right."""

    help_page = "library-in-git"
    committed = Signal()
    loaded = Signal()
    """The changes are shown."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self.setWindowTitle(_("Commit changes"))
        self.files = QListWidget()
        self.files.setAccessibleName(_("Changed files"))
        self.files.setWordWrap(True)
        kinds = max(self.fontMetrics().horizontalAdvance(_(kind)) for kind in KINDS.values())
        self.files.setMinimumWidth(kinds + _BESIDE_KIND)
        self.comparison = DiffView()
        self.message = QLineEdit()
        self.message.setMaxLength(1000)
        self.banner = Banner()
        self._lay_out()
        self.files.currentItemChanged.connect(lambda item, _: self._choose(item))
        self.files.itemChanged.connect(self._adapt)
        self.message.textChanged.connect(self._adapt)
        self._adapt()
        background.ask(partial(status, workspace), self._fill, self._on_failed, self)

    def entered(self) -> str:
        """Return the message."""
        return self.message.text()

    def chosen(self) -> list[str]:
        """Return the paths of the files that are to be committed."""
        items = (self.files.item(row) for row in range(self.files.count()))
        return [item.data(_ROLE).path for item in items if item.checkState() is Qt.CheckState.Checked]

    def _fill(self, found: Status) -> None:
        for change in found.changes:
            name = change.script.name if change.script is not None else change.path
            item = QListWidgetItem(f"{name}\n{_(KINDS[change.kind])}", self.files)
            item.setData(_ROLE, change)
            item.setCheckState(Qt.CheckState.Checked)
        self.files.setCurrentRow(0)
        if not found.changes:
            self.banner.show_message(_("Nothing has changed since the last commit."), dismissible=False)
        self.message.setFocus()
        self._adapt()
        self.loaded.emit()

    def _choose(self, item: QListWidgetItem | None) -> None:
        change: Change | None = item.data(_ROLE) if item is not None else None
        if change is not None:
            before, after = (text.decode("utf-8", "replace") for text in (change.before, change.after))
            self.comparison.set_texts(before, after, _("Last commit"), _("Now"))

    def _adapt(self) -> None:
        self.commit.setEnabled(bool(self.chosen() and self.message.text().strip()))

    def _on_accepted(self) -> None:
        if not self.commit.isEnabled():
            return
        self.setEnabled(False)
        work = partial(commit, self._workspace, self.message.text(), self.chosen())
        self._background.ask(work, self._on_committed, self._on_failed, self)

    def _on_committed(self, _made: Commit | None) -> None:
        self.committed.emit()
        self.accept()

    def _on_failed(self, error: BorgDeskError) -> None:
        self.setEnabled(True)
        self.banner.show_message(error.sentence, Tone.BAD)
        self.loaded.emit()

    def _lay_out(self) -> None:
        splitter = QSplitter()
        splitter.addWidget(self.files)
        splitter.addWidget(self.comparison)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 3)
        splitter.setSizes([260, 640])
        splitter.setChildrenCollapsible(False)
        label = QLabel(_("&Message: what was changed, and why"))
        label.setBuddy(self.message)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.commit: QPushButton = buttons.addButton(_("&Commit"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(splitter, 1)
        layout.addWidget(label)
        layout.addWidget(self.message)
        layout.addWidget(self.banner)
        layout.addWidget(buttons)
        self.resize(900, 560)
