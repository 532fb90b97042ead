"""Dialog that explains the emergency sheet of a repository, and asks whether the passphrase is to be on it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from borgdesk.domain.repository import Repository
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_parts import explanation
from borgdesk.translation import _


class EmergencySheetDialog(Dialog):
    """One choice."""

    help_page = "repositories"
    save_requested = Signal(bool)
    """Whether with the passphrase."""

    def __init__(self, repository: Repository, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        is_open = repository.encryption == "none"
        self.setWindowTitle(_("Emergency sheet of {name}").format(name=repository.name))
        self.with_passphrase = QCheckBox(_("Print the &passphrase on it"), self)
        self.with_passphrase.setVisible(not is_open)
        self.with_passphrase.setEnabled(repository.has_passphrase or repository.passcommand is not None)
        warning = explanation(
            _(
                "Anyone who finds a sheet with the passphrase can read all archives. Without it, there is a line to "
                "write it on."
            )
        )
        warning.setVisible(not is_open)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.save = buttons.addButton(_("&Save as PDF…"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.save.setDefault(True)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(QLabel(_about(is_open=is_open), wordWrap=True))
        column.addWidget(self.with_passphrase)
        column.addWidget(warning)
        column.addStretch(1)
        column.addWidget(buttons)
        self.resize(520, self.sizeHint().height())

    def entered(self) -> None:
        """Return nothing: no input here is worth a question."""

    def _on_accepted(self) -> None:
        wanted = self.with_passphrase.isChecked()
        self.accept()
        self.save_requested.emit(wanted)


def _about(*, is_open: bool) -> str:
    if is_open:
        return _(
            "A page to print for the day this computer is lost: where the repository is, and the commands that restore "
            "your files with Borg alone."
        )
    return _(
        "Two pages to print for the day this computer is lost: where the repository is, its key as text and as a QR "
        "code, and the commands that restore your files with Borg alone."
    )
