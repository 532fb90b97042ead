"""Tab with the form for a script's properties."""

from __future__ import annotations

from typing import NamedTuple, Self

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QPlainTextEdit, QToolButton, QWidget

from borgdesk.domain.run import RunOn
from borgdesk.domain.script import Script
from borgdesk.engine.scripts.script_editing import Edited
from borgdesk.gui.look import icons
from borgdesk.gui.look.duration_edit import DurationEdit
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.file_manager import open_folder
from borgdesk.gui.look.form_parts import explanation, show_text
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.look.run_on_edit import RunOnEdit
from borgdesk.translation import _


class ScriptForm(NamedTuple):
    """Values of the form's fields."""

    name: str
    description: str
    run_on: RunOn
    timeout: int

    @classmethod
    def of(cls, one: Script | Edited) -> Self:
        """Return the values for a script."""
        return cls(one.name, one.description, one.run_on, one.timeout)


class DetailsTab(FormScroll):
    """Form with name, description, condition, timeout, and the file's path."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        inside = QWidget()
        super().__init__(inside, parent)
        self._path = ""
        self.name = QLineEdit()
        self.description = QPlainTextEdit()
        self.description.setTabChangesFocus(True)
        self.description.setFixedHeight(self.fontMetrics().height() * 5)
        self.run_on = RunOnEdit()
        self.timeout = DurationEdit(_("Timeout"))
        note = explanation(_("The condition applies after the backup. Scripts before the backup always run."))
        self._file = ElidedLabel()
        self._open = QToolButton()
        self._open.setIcon(icons.icon("folder"))
        self._open.setToolTip(_("Open the folder that contains the file"))
        self._open.setAccessibleName(self._open.toolTip())
        self._open.clicked.connect(self._show_folder)
        row = QHBoxLayout()
        row.addWidget(self._file, 1)
        row.addWidget(self._open)
        form = QFormLayout(inside)
        form.setContentsMargins(6, 9, 6, 9)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(_("Na&me"), self.name)
        form.addRow(_("Desc&ription"), self.description)
        form.addRow(_("R&uns after"), self.run_on)
        form.addRow(note)
        form.addRow(_("Time&out"), self.timeout)
        form.addRow(_("File"), row)
        for signal in (self.name.textEdited, self.run_on.edited, self.timeout.edited):
            signal.connect(self._on_field_changed)
        self.description.textChanged.connect(self._on_field_changed)

    def show_form(self, form: ScriptForm, path: str) -> None:
        """Show these values and the script's file without emitting :attr:`edited`."""
        before = self.blockSignals(True)
        show_text(self.name, form.name)
        self.description.setPlainText(form.description)
        self.run_on.set_run_on(form.run_on)
        self.timeout.set_seconds(form.timeout)
        self.blockSignals(before)
        self.show_file(path)

    def show_file(self, path: str) -> None:
        """Show the file's path; empty for a script without a file."""
        self._path = path
        self._file.setText(path or _("Created when you save"))
        self._open.setVisible(bool(path))

    def show_script(self, script: Script) -> None:
        """Show the stored values of a script."""
        self.show_form(ScriptForm.of(script), script.file_path)

    def form(self) -> ScriptForm:
        """Return the values of the fields."""
        return ScriptForm(
            self.name.text(), self.description.toPlainText(), self.run_on.run_on(), self.timeout.seconds()
        )

    def differs_from(self, script: Script) -> bool:
        """Return whether any value differs from the script's."""
        form = self.form()
        shown = form._replace(name=form.name.strip(), description=form.description.strip())
        return shown != ScriptForm.of(script)._replace(description=script.description.strip())

    def _on_field_changed(self) -> None:
        self.edited.emit()

    def _show_folder(self) -> None:
        open_folder(self._path.rpartition("/")[0])
