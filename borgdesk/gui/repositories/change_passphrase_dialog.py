"""Dialog that changes the passphrase of a repository: the old one, the new one twice, and how good that is."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from borgdesk.borg.passphrase import check_new_passphrase
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import Repository
from borgdesk.engine.repositories.passphrases import ChangedPassphrase, change_passphrase
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_parts import explanation
from borgdesk.gui.look.passphrase_hint import passphrase_hint
from borgdesk.gui.look.stoppable_call import StoppableCall
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class ChangePassphraseDialog(Dialog):
    """Stays open until Borg has changed the passphrase, or until it is known that it has not."""

    help_page = "repositories"
    passphrase_changed = Signal(object)
    """ChangedPassphrase."""

    def __init__(
        self, workspace: Workspace, background: Background, repository: Repository, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._repository = workspace, repository
        self.setWindowTitle(_("Change the passphrase of {name}").format(name=repository.name))
        self.old, self.new, self.again = QLineEdit(self), QLineEdit(self), QLineEdit(self)
        self.show_typed = QCheckBox(_("&Show passphrases"), self)
        self.hint = QLabel(wordWrap=True)
        self.banner = Banner(self)
        self.wait = StoppableCall(background, self.banner, self)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.change = self._buttons.addButton(_("&Change the passphrase"), QDialogButtonBox.ButtonRole.AcceptRole)
        # Otherwise Return would press it if it has had the focus, as it has while Borg is at work.
        self._buttons.button(QDialogButtonBox.StandardButton.Cancel).setAutoDefault(False)
        self.change.setDefault(True)
        self._lay_out()
        for line in (self.old, self.new, self.again):
            line.textEdited.connect(self._adapt)
        self.show_typed.toggled.connect(self._show_typed)
        self.wait.changed.connect(self._on_wait_changed)
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        self._show_typed(False)
        self._adapt()

    def entered(self) -> list[str]:
        """Return what was typed."""
        return [self.old.text(), self.new.text(), self.again.text()]

    def reject(self) -> None:
        """Stop Borg if it is at work; the dialog then stays to say what came of it."""
        if self.wait.is_open:
            self.wait.stop()
        else:
            super().reject()

    def _lay_out(self) -> None:
        about = explanation(_about(self._repository))
        form = QFormLayout()
        form.addRow(_("&Old passphrase"), self.old)
        form.addRow(_("&New passphrase"), self.new)
        form.addRow(_("&Repeat new passphrase"), self.again)
        form.addRow("", self.hint)
        form.addRow("", self.show_typed)
        column = QVBoxLayout(self)
        column.addWidget(about)
        column.addLayout(form)
        column.addWidget(self.banner)
        column.addStretch(1)
        column.addWidget(self._buttons)
        self.resize(520, self.sizeHint().height())

    def _on_wait_changed(self, waits: bool) -> None:
        self._adapt()
        if not waits:
            self.old.setFocus()

    def _adapt(self) -> None:
        for widget in (self.old, self.new, self.again, self.show_typed):
            widget.setEnabled(not self.wait.is_open)
        self.hint.setText(passphrase_hint(self.new.text(), self.again.text()))
        self.change.setEnabled(not self.wait.is_open and bool(self.new.text()) and self.new.text() == self.again.text())

    def _show_typed(self, visible: bool) -> None:
        for line in (self.old, self.new, self.again):
            line.setEchoMode(QLineEdit.EchoMode.Normal if visible else QLineEdit.EchoMode.Password)

    def _on_accepted(self) -> None:
        old, new = self.old.text(), self.new.text()
        try:
            check_new_passphrase(new)
        except InvalidInput as error:
            self.banner.show_message(str(error), Tone.BAD)
            return
        self.wait.ask(
            _("Borg is changing the passphrase…"),
            lambda cancel: change_passphrase(self._workspace, self._repository, old, new, cancel),
            self._on_changed,
        )

    def _on_changed(self, changed: ChangedPassphrase) -> None:
        for line in (self.old, self.new, self.again):
            line.clear()
        self.accept()
        self.passphrase_changed.emit(changed)


def _about(repository: Repository) -> str:
    told = _(
        "The archives stay as they are: Borg encrypts the key anew. Copies of the key that were saved before still "
        "open with the old passphrase."
    )
    if repository.passcommand is None:
        return told
    return (
        told
        + " "
        + _("The command “{command}” has to print the new passphrase from then on.").format(
            command=repository.passcommand
        )
    )
