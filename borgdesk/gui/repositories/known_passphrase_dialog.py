"""Dialog *Do you still know the passphrase?*: compares what is typed with the stored passphrase."""

from __future__ import annotations

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.repository import Repository
from borgdesk.engine.repositories.passphrases import knows_passphrase, passphrase_for
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.stoppable_call import StoppableCall
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class KnownPassphraseDialog(Dialog):
    """What is typed is compared in memory, and neither stored nor logged."""

    help_page = "repositories"
    compared = Signal(bool)
    """Whether it was the passphrase."""
    change_requested = Signal()
    sheet_requested = Signal()

    def __init__(
        self, workspace: Workspace, background: Background, repository: Repository, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._repository = workspace, repository
        self.setWindowTitle(_("Do you still know the passphrase?"))
        self.answer = QLineEdit(self)
        self.answer.setEchoMode(QLineEdit.EchoMode.Password)
        self.stored = QLineEdit(self)
        self.stored.setReadOnly(True)
        self.banner = Banner(self)
        self.wait = StoppableCall(background, self.banner, self)
        self.show_stored = QPushButton(_("&Show the stored one"))
        self.sheet = QPushButton(_("Emergency shee&t…"))
        self.change = QPushButton(_("C&hange the passphrase…"))
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self.compare = self._buttons.addButton(_("&Compare"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        self.compare.setDefault(True)
        self._lay_out()
        self.answer.textEdited.connect(self._adapt)
        self.wait.changed.connect(self._adapt)
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        self.show_stored.clicked.connect(self._ask_for_stored)
        self.sheet.clicked.connect(lambda: self._leave_for(self.sheet_requested))
        self.change.clicked.connect(lambda: self._leave_for(self.change_requested))
        self._adapt()

    def entered(self) -> None:
        """Return nothing: no input here is worth a question."""

    def done(self, result: int) -> None:
        """Forget everything that was shown or typed."""
        self.wait.stop()
        self.answer.clear()
        self.stored.clear()
        super().done(result)

    def _lay_out(self) -> None:
        about = QLabel(
            _(
                "Type the passphrase of “{name}”. If this computer is lost, BorgDesk cannot remind you of it, and "
                "without it nobody can open the archives."
            ).format(name=self._repository.name),
            wordWrap=True,
        )
        self._form = QFormLayout()
        self._form.addRow(_("&Passphrase"), self.answer)
        self._form.addRow(_("Stored passphrase"), self.stored)
        self._form.setRowVisible(self.stored, False)
        self._ways = QWidget(self)
        row = QHBoxLayout(self._ways)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.show_stored, self.change, self.sheet):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        self._ways.hide()
        column = QVBoxLayout(self)
        column.addWidget(about)
        column.addLayout(self._form)
        column.addWidget(self.banner)
        column.addWidget(self._ways)
        column.addStretch(1)
        column.addWidget(self._buttons)
        self.resize(520, self.sizeHint().height())

    def _adapt(self) -> None:
        self.answer.setEnabled(not self.wait.is_open)
        self.compare.setEnabled(not self.wait.is_open and bool(self.answer.text()))

    def _on_accepted(self) -> None:
        typed = self.answer.text()
        self.wait.ask(
            _("Asking for the stored passphrase…"),
            lambda cancel: knows_passphrase(self._workspace, self._repository, typed, cancel),
            self._on_compared,
        )

    def _on_compared(self, is_it: bool) -> None:
        self._ways.setVisible(not is_it)
        self._form.setRowVisible(self.stored, False)
        if is_it:
            self.answer.clear()
            self.banner.show_message(_("Yes, that is it."), Tone.GOOD, dismissible=False)
            self._buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()
        else:
            self.banner.show_message(
                _(
                    "That is not it. Try again, look at the stored one and write it down, save an emergency sheet, or "
                    "change it to one that you can remember."
                ),
                Tone.WARNING,
                dismissible=False,
            )
            self.answer.selectAll()
            self.answer.setFocus()
        self._adapt()
        self.compared.emit(is_it)

    def _ask_for_stored(self) -> None:
        self.wait.ask(
            _("Asking for the stored passphrase…"),
            lambda cancel: passphrase_for(self._workspace, self._repository, cancel=cancel),
            self._show_stored,
        )

    def _show_stored(self, passphrase: str | None) -> None:
        self._form.setRowVisible(self.stored, True)
        self.stored.setText(passphrase or "")
        self.stored.setCursorPosition(0)
        self.stored.setFocus()

    def _leave_for(self, requested: SignalInstance) -> None:
        self.accept()
        requested.emit()
