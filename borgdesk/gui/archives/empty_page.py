"""What the archives page shows instead of archives: why there are none, and the button that changes that."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from borgdesk.domain.repository import Repository
from borgdesk.gui.look import icons
from borgdesk.translation import _


class EmptyPage(QWidget):
    """One sentence, and one button."""

    add_requested = Signal()
    """A repository is to be added."""
    backup_requested = Signal(int)
    """The id of a repository to be backed up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._repository: Repository | None = None
        self.sentence = QLabel(self, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = QPushButton(self)
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self._on_clicked)
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(self.sentence)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(2)
        self.show_repository(None)

    def show_repository(self, repository: Repository | None) -> None:
        """Show that a repository has no archives yet, or that there is no repository."""
        self._repository = repository
        if repository is None:
            self.sentence.setText(_("Add a repository first: its archives are shown here."))
            self.button.setText(_("&Add a repository…"))
            self.button.setIcon(icons.icon("list-add"))
        else:
            text = _("There are no archives in “{name}” yet: each backup makes one.")
            self.sentence.setText(text.format(name=repository.name))
            self.button.setText(_("&Back up now"))
            self.button.setIcon(icons.icon("media-playback-start"))

    def _on_clicked(self) -> None:
        if self._repository is None:
            self.add_requested.emit()
        else:
            self.backup_requested.emit(self._repository.id)
