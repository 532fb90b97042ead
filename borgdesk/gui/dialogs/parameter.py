"""Declaring another parameter of a script."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.parameters import Parameter, ParameterType, check_name
from borgdesk.gui import script_words
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.message import Message


class ParameterDialog(QDialog):
    """Asks for what the block says of a parameter."""

    declared = Signal(object)
    """A Parameter that is possible by itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Add parameter"))
        self.name = QLineEdit()
        self.name.setPlaceholderText("CONTAINERS")
        self.description = QLineEdit()
        self.kind = QComboBox()
        for kind in ParameterType:
            self.kind.addItem(script_words.parameter_kind(Parameter("A", type=kind)), kind)
        self.choices = QLineEdit()
        self.choices.setPlaceholderText(self.tr("one, two, three"))
        self.default = QLineEdit()
        self.required = QCheckBox(self.tr("&Required: without a value no backup is started"))
        self.secret = QCheckBox(self.tr("&Secret: kept in the keyring, never shown"))
        self.message = Message()
        self._form = QFormLayout()
        self._form.addRow(self.tr("&Name"), self.name)
        self._form.addRow(self.tr("&Description"), self.description)
        self._form.addRow(self.tr("&Type"), self.kind)
        self._form.addRow(self.tr("&Choices"), self.choices)
        self._form.addRow(self.tr("D&efault"), self.default)
        self._form.addRow("", self.required)
        self._form.addRow("", self.secret)
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        self.buttons.accepted.connect(self._finish)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(self._form)
        layout.addWidget(self.message)
        layout.addStretch(1)
        layout.addWidget(self.buttons)
        self.name.textEdited.connect(lambda text: self.name.setText(text.upper().replace(" ", "_")))
        self.kind.currentIndexChanged.connect(self._adapt)
        self.secret.toggled.connect(self._adapt)
        self._adapt()
        self.resize(460, self.sizeHint().height())

    def parameter(self) -> Parameter:
        """What was filled in.

        Raises:
            InvalidInput: it cannot be a parameter.
        """
        kind = ParameterType(self.kind.currentData())
        choices = tuple(one.strip() for one in self.choices.text().split(",") if one.strip())
        parameter = Parameter(
            self.name.text().strip(),
            self.description.text().strip(),
            None if self.secret.isChecked() else self.default.text() or None,
            self.required.isChecked(),
            self.secret.isChecked(),
            kind,
            choices if kind is ParameterType.CHOICE else (),
        )
        check_name(parameter.name)
        if kind is ParameterType.CHOICE and not choices:
            raise InvalidInput(self.tr("A choice needs at least one value to choose."))
        if parameter.default is not None:
            parameter.check(parameter.default)
        return parameter

    def _adapt(self) -> None:
        self._form.setRowVisible(self.choices, self.kind.currentData() == ParameterType.CHOICE)
        self._form.setRowVisible(self.default, not self.secret.isChecked())

    def _finish(self) -> None:
        try:
            parameter = self.parameter()
        except InvalidInput as error:
            self.message.say(str(error), Tone.BAD)
            return
        self.declared.emit(parameter)
        self.accept()
