"""Dialog with the options of a check; a repair needs a second confirmation."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialogButtonBox, QRadioButton, QVBoxLayout, QWidget

from borgdesk.borg.command_options import CheckOptions
from borgdesk.gui.look.confirmation import ask_to_confirm
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_parts import explanation
from borgdesk.translation import _


class CheckDialog(Dialog):
    """Chooses what is checked, how thoroughly, and whether damage is repaired."""

    help_page = "repositories"
    check_requested = Signal(object)
    """CheckOptions."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.setWindowTitle(_("Check {name}").format(name=name))
        self.both = QRadioButton(_("Repository and a&rchives"))
        self.repository_only = QRadioButton(_("Only the files of the re&pository"))
        self.archives_only = QRadioButton(_("Only the &archives"))
        self.both.setChecked(True)
        self.verify_data = QCheckBox(_("Read and &verify all data; this takes long"))
        self.repair = QCheckBox(_("R&epair: delete what is damaged"))
        about = explanation(_("A check changes nothing unless you choose to repair. You can stop it at any time."))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.check = buttons.addButton(_("&Check"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.check.setDefault(True)
        layout = QVBoxLayout(self)
        for widget in (self.both, self.repository_only, self.archives_only, self.verify_data, self.repair, about):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(buttons)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        self.repository_only.toggled.connect(self._adapt)
        self.repair.toggled.connect(self._adapt)

    def entered(self) -> None:
        """Return nothing: no input here is worth a question."""

    def options(self) -> CheckOptions:
        """Return the chosen options."""
        return CheckOptions(
            repository_only=self.repository_only.isChecked(),
            archives_only=self.archives_only.isChecked(),
            verify_data=self.verify_data.isChecked() and self.verify_data.isEnabled(),
            repair=self.repair.isChecked(),
        )

    def _adapt(self) -> None:
        self.verify_data.setEnabled(not self.repository_only.isChecked())
        self.check.setText(_("&Repair…") if self.repair.isChecked() else _("&Check"))

    def _on_accepted(self) -> None:
        if not self.repair.isChecked():
            self._request()
            return
        ask_to_confirm(
            self,
            _("Repair repository"),
            _("Repair “{name}”?").format(name=self._name),
            _(
                "Borg deletes what is damaged. Files may be lost, or have gaps, in all archives, for good.\n\n"
                "Copy the repository first if you can, and make sure that its disk and the machine's memory are sound: "
                "a repair on failing hardware does more damage."
            ),
            yes=_("&Repair anyway"),
            on_yes=self._request,
        )

    def _request(self) -> None:
        options = self.options()
        self.accept()
        self.check_requested.emit(options)
