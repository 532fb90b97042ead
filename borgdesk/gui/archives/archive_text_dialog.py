"""Dialog for an archive's new name or comment, which stays open until Borg has stored it and shows errors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QDialogButtonBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_changes import renaming_note, retention_note
from borgdesk.engine.archives.archive_list import ArchiveList
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.archives.borg_question import BorgQuestion
from borgdesk.gui.look import theme
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

Change = Callable[[str, Cancel], ArchiveList]
"""Stores the entered text."""


class ArchiveTextDialog(Dialog):
    """One field."""

    help_page = "archives"

    def __init__(
        self, workspace: Workspace, background: Background, title: str, label: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._change: Change | None = None
        self._done: Callable[[ArchiveList, str], object] = lambda _found, _text: None
        self.setWindowTitle(title)
        self.field = QLineEdit(self)
        self.note, self.banner = Banner(self), Banner(self)
        self._question = BorgQuestion(background, self.banner, self)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.accept_button = self._buttons.addButton("", QDialogButtonBox.ButtonRole.AcceptRole)
        self.accept_button.setDefault(True)
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow(label, self.field)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.note)
        column.addWidget(self.banner)
        column.addStretch(1)
        column.addWidget(self._buttons)
        self.resize(480, self.sizeHint().height())

    def ask(
        self,
        text: str,
        accept: str,
        change: Change,
        done: Callable[[ArchiveList, str], object],
        repository: Repository | None = None,
    ) -> None:
        """Open with *text*; *done* is called with the result. For a new name, *repository* has the retention rules."""
        self._change, self._done = change, done
        self.field.setText(text)
        self.field.selectAll()
        self.accept_button.setText(accept)
        question = partial(renaming_note, self._workspace)
        if repository is not None:
            question = partial(_notes, self._workspace, repository)
        self._background.ask(question, self._show_note, self._fail_note, owner=self)

    def done(self, result: int) -> None:
        """Stop waiting for Borg."""
        self._question.stop()
        super().done(result)

    def _show_note(self, note: str) -> None:
        self.note.show_message(note, theme.Tone.WARNING, dismissible=False)

    def _fail_note(self, error: BorgDeskError) -> None:
        self.banner.show_message(error.sentence, theme.Tone.BAD)

    def _on_accepted(self) -> None:
        change, text = self._change, self.field.text().strip()
        if change is None:
            return
        self._set_busy(busy=True)
        self._question.ask(
            _("Borg is changing the archive…"),
            lambda cancel: change(text, cancel),
            partial(self._tell_done, text),
            self._tell_failed,
            lambda: self._set_busy(busy=False),
        )

    def _tell_done(self, text: str, found: ArchiveList) -> None:
        self._done(found, text)
        self.accept()

    def _tell_failed(self, sentence: str) -> None:
        self._set_busy(busy=False)
        self.banner.show_message(sentence, theme.Tone.BAD)
        self.field.setFocus()

    def _set_busy(self, *, busy: bool) -> None:
        self.field.setEnabled(not busy)
        self.accept_button.setEnabled(not busy)


def _notes(workspace: Workspace, repository: Repository) -> str:
    return "\n".join(filter(None, (retention_note(repository), renaming_note(workspace))))
