"""Group of the settings page that exports the whole set-up to a file, and imports such a file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QGroupBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.form_parts import explanation
from borgdesk.gui.settings.export_set_up_dialog import ExportSetUpDialog
from borgdesk.gui.settings.import_set_up_dialog import ImportSetUpDialog
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class SetUpGroup(QGroupBox):
    """Two buttons, each of which opens a dialog."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(_("Set-up"), parent)
        self._workspace, self._background = workspace, background
        self.export_set_up = QPushButton(_("&Export set-up…"))
        self.import_set_up = QPushButton(_("I&mport set-up…"))
        self.export_set_up.clicked.connect(self.ask_to_export)
        self.import_set_up.clicked.connect(self.ask_to_import)
        row = QHBoxLayout()
        for button in (self.export_set_up, self.import_set_up):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.addLayout(row)
        column.addWidget(
            explanation(
                _(
                    "All repositories, schedules, scripts and settings in one file: for another computer, or to have "
                    "them back on this one. Archives and the history are not in it."
                )
            )
        )

    def ask_to_export(self) -> None:
        """Open the dialog that exports."""
        _open(ExportSetUpDialog(self._workspace, self._background, self.window()))

    def ask_to_import(self) -> None:
        """Ask for a file, and show what is in it."""
        chooser = QFileDialog(self.window(), _("Choose an exported set-up"), str(Path.home()))
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.setNameFilters([_("Exported set-ups (*.json)"), _("All files (*)")])
        chooser.fileSelected.connect(lambda name: self.show_file(Path(name)))
        chooser.open()

    def show_file(self, file: Path) -> None:
        """Open the dialog that imports a file."""
        _open(ImportSetUpDialog(self._workspace, self._background, file, self.window()))


def _open(dialog: Dialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
