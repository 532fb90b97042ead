"""Dialog that asks in which repositories scripts are to be assigned."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.gui.look.dialog import Dialog
from borgdesk.translation import _

_ID = Qt.ItemDataRole.UserRole


class RepositoriesDialog(Dialog):
    """A list of repositories to check; the button is disabled while none is."""

    help_page = "lanes"
    chosen = Signal(object)
    """The ids of the checked repositories."""

    def __init__(
        self, title: str, question: str, repositories: Sequence[Repository], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        label = QLabel(question if repositories else _("There is no other repository yet."), wordWrap=True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        self.list = QListWidget()
        self.list.setAccessibleName(_("Repositories"))
        label.setBuddy(self.list)
        for repository in repositories:
            item = QListWidgetItem(repository.name, self.list)
            item.setData(_ID, repository.id)
            item.setToolTip(repository.location)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
        if repositories:
            self.list.setCurrentRow(0)
        self.list.setVisible(bool(repositories))
        self.list.itemChanged.connect(self._adapt)
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        self.buttons.button(buttons.Ok).setText(_("A&ssign"))
        self.buttons.accepted.connect(self._on_accepted)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(label)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.buttons)
        self.resize(420, 360)
        self._adapt()

    def checked(self) -> list[RepositoryId]:
        """Return the ids of the checked repositories."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return [item.data(_ID) for item in items if item.checkState() is Qt.CheckState.Checked]

    def entered(self) -> object:
        """Return what would be lost by leaving."""
        return self.checked()

    def _adapt(self) -> None:
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(bool(self.checked()))

    def _on_accepted(self) -> None:
        self.chosen.emit(self.checked())
        self.accept()
