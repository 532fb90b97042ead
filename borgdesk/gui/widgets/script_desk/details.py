"""What is known of a script besides its text, as a form."""

from __future__ import annotations

from typing import NamedTuple, Self

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QPalette
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QToolButton, QWidget

from borgdesk.domain.run import RunOn
from borgdesk.domain.script import Script
from borgdesk.engine.writing import Edited
from borgdesk.gui import icons
from borgdesk.gui.widgets.duration_edit import DurationEdit
from borgdesk.gui.widgets.elided_label import ElidedLabel
from borgdesk.gui.widgets.form_scroll import FormScroll
from borgdesk.gui.widgets.run_on_edit import RunOnEdit


class Form(NamedTuple):
    """What the fields say, or would say."""

    name: str
    description: str
    run_on: RunOn
    timeout: int

    @classmethod
    def of(cls, one: Script | Edited) -> Self:
        """What they would say of a script."""
        return cls(one.name, one.description, one.run_on, one.timeout)


class Details(FormScroll):
    """Name, description, condition, timeout, and where the file is."""

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
        self.timeout = DurationEdit(self.tr("Timeout"))
        note = QLabel(self.tr("The condition counts after the backup; before it, scripts always run."))
        note.setWordWrap(True)
        note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._file = ElidedLabel()
        self._open = QToolButton()
        self._open.setIcon(icons.icon("folder"))
        self._open.setToolTip(self.tr("Show the folder of the file"))
        self._open.setAccessibleName(self._open.toolTip())
        self._open.clicked.connect(self._show_folder)
        row = QHBoxLayout()
        row.addWidget(self._file, 1)
        row.addWidget(self._open)
        form = QFormLayout(inside)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("&Name"), self.name)
        form.addRow(self.tr("Desc&ription"), self.description)
        form.addRow(self.tr("R&uns after"), self.run_on)
        form.addRow(note)
        form.addRow(self.tr("&Timeout"), self.timeout)
        form.addRow(self.tr("File"), row)
        for signal in (self.name.textEdited, self.run_on.edited, self.timeout.edited):
            signal.connect(self._tell)
        self.description.textChanged.connect(self._tell)

    def show_form(self, form: Form, path: str) -> None:
        """Show these values, and the script's file, without :attr:`edited`."""
        before = self.blockSignals(True)
        self.name.setText(form.name)
        self.description.setPlainText(form.description)
        self.run_on.set_run_on(form.run_on)
        self.timeout.set_seconds(form.timeout)
        self.blockSignals(before)
        self.show_file(path)

    def show_file(self, path: str) -> None:
        """Show where the file is; empty for a script that has none yet."""
        self._path = path
        self._file.setText(path or self.tr("Made when it is saved"))
        self._open.setVisible(bool(path))

    def show_script(self, script: Script) -> None:
        """Show what is stored of a script."""
        self.show_form(Form.of(script), script.file_path)

    def form(self) -> Form:
        """What the fields say."""
        return Form(self.name.text(), self.description.toPlainText(), self.run_on.run_on(), self.timeout.seconds())

    def differs_from(self, script: Script) -> bool:
        """Whether anything was changed."""
        form = self.form()
        shown = form._replace(name=form.name.strip(), description=form.description.strip())
        return shown != Form.of(script)._replace(description=script.description.strip())

    def _tell(self) -> None:
        self.edited.emit()

    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self._path.rpartition("/")[0]))
