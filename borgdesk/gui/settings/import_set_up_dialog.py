"""Dialog that shows what an exported set-up would add here, and imports it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.errors import BorgDeskError, Changed
from borgdesk.engine.configuration.carrying_out import carry_out
from borgdesk.engine.configuration.importing import Plan, check_unchanged, plan, read
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import icons, theme
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.secret_storage_note import SecretStorageNote
from borgdesk.gui.look.stoppable_call import StoppableCall
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.settings import plan_words
from borgdesk.gui.settings.sentence_tree import Heading, Sentence, SentenceTree
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class ImportSetUpDialog(Dialog):
    """Reads the file when it is made. Nothing is changed before *Import*."""

    help_page = "settings"
    looked = Signal()
    """The file was read, or could not be."""
    imported = Signal()

    def __init__(self, workspace: Workspace, background: Background, file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._file = workspace, background, file
        self._plan: Plan | None = None
        self._note: SecretStorageNote | None = None
        self._is_done = False
        self.setWindowTitle(_("Import set-up"))
        self.summary = QLabel(wordWrap=True)
        self.tree = SentenceTree(_("What is imported"))
        self.passphrase = QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.without_secrets = QCheckBox(_("&Without passphrases and secret values"))
        self.banner = Banner(self)
        self.wait = StoppableCall(background, self.banner, self)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.import_set_up = self._buttons.addButton(_("&Import"), QDialogButtonBox.ButtonRole.ActionRole)
        # Otherwise Return would press it if it has had the focus, as it has during the import.
        self._buttons.button(QDialogButtonBox.StandardButton.Cancel).setAutoDefault(False)
        self.import_set_up.setDefault(True)
        self._lay_out()
        self.passphrase.textChanged.connect(self._adapt)
        self.without_secrets.toggled.connect(self._adapt)
        self.wait.changed.connect(lambda _waits: self._adapt())
        self.import_set_up.clicked.connect(self.import_all)
        self._buttons.rejected.connect(self.reject)
        self._adapt()
        self.look()

    def entered(self) -> object:
        """Return what was typed."""
        return None if self._is_done else self.passphrase.text()

    def reject(self) -> None:
        """Stop an import; the dialog then stays to say what came of it."""
        if self.wait.is_open:
            self.wait.stop()
        else:
            super().reject()

    def look(self, reason: str = "") -> None:
        """Read the file, and show what would be made of it; *reason* says why that is done again."""
        self._plan = None
        self.banner.show_message(_("Reading the file…"), Tone.WORKING, dismissible=False)
        self._adapt()

        def show(found: Plan) -> None:
            self.banner.show_message(reason, Tone.WARNING)
            self._show_plan(found)

        self._background.ask(lambda: plan(self._workspace, read(self._file)), show, self._on_unreadable, self)

    def import_all(self) -> None:
        """Import what is shown, unless it is no longer what would be imported."""
        shown = self._plan
        if shown is None:
            return
        passphrase = self.passphrase.text() if shown.has_secrets and not self.without_secrets.isChecked() else None

        def carry_out_unchanged(cancel: Cancel) -> list[str] | Changed:
            try:
                check_unchanged(self._workspace, self._file, shown)
            except Changed as error:
                return error
            return carry_out(self._workspace, shown, passphrase, cancel)

        def answer(todo: list[str] | Changed) -> None:
            if isinstance(todo, Changed):
                self.look(todo.sentence)
            else:
                self._show_imported(shown, todo)

        self.wait.ask(_("Importing…"), carry_out_unchanged, answer)

    def _lay_out(self) -> None:
        name = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        name.setText(str(self._file))
        self._secret = QWidget()
        self._secret_rows = QVBoxLayout(self._secret)
        self._secret_rows.setContentsMargins(0, 0, 0, 0)
        form = QFormLayout()
        form.addRow(_("&Passphrase of the file"), self.passphrase)
        form.addRow("", self.without_secrets)
        self._secret_rows.addLayout(form)
        column = QVBoxLayout(self)
        column.addWidget(name)
        column.addWidget(self.summary)
        column.addWidget(self.tree, 1)
        column.addWidget(self._secret)
        column.addWidget(self.banner)
        column.addWidget(self._buttons)
        self._secret.hide()
        self.summary.hide()
        self.resize(680, 520)

    def _adapt(self) -> None:
        found, waits = self._plan, self.wait.is_open
        without = self.without_secrets.isChecked()
        self.without_secrets.setEnabled(not waits)
        self.passphrase.setEnabled(not waits and not without)
        is_open = found is None or not found.has_secrets or without or bool(self.passphrase.text())
        self.import_set_up.setEnabled(not waits and found is not None and not found.is_empty and is_open)

    def _show_plan(self, found: Plan) -> None:
        self._plan = found
        self.summary.setText(plan_words.summary(found))
        self.summary.show()
        self.tree.show_headings(plan_words.preview(found))
        if found.has_secrets and self._note is None:
            # Only now: it opens the keyring.
            self._note = SecretStorageNote(self._workspace.secrets, self._background)
            self._secret_rows.addWidget(self._note)
        self._secret.setVisible(found.has_secrets)
        self._adapt()
        (self.passphrase if found.has_secrets else self.tree).setFocus()
        self.looked.emit()

    def _on_unreadable(self, error: BorgDeskError) -> None:
        self.summary.hide()
        self.tree.clear()
        self._secret.hide()
        self.banner.show_message(error.sentence, Tone.BAD)
        self.looked.emit()

    def _show_imported(self, made: Plan, todo: list[str]) -> None:
        self._is_done, self._before, self._plan = True, None, None
        self.passphrase.clear()
        self._secret.hide()
        self.summary.hide()
        self.banner.show_message(plan_words.imported(made), Tone.GOOD, dismissible=False)
        warning = icons.toned("status-warning", theme.Tone.WARNING)
        headings = [Heading(_("To do"), warning, [Sentence(one) for one in todo])]
        self.tree.show_headings([*headings, *plan_words.preview(made, done=True)])
        self.import_set_up.hide()
        self._buttons.setStandardButtons(QDialogButtonBox.StandardButton.Close)
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()
        self.imported.emit()
