"""Dialog that declares a parameter of a script."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.parameters import Parameter, ParameterType, check_name
from borgdesk.gui.look import script_words
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.look.theme import Tone
from borgdesk.translation import _


class ParameterDialog(Dialog):
    """Edits the fields of a parameter's declaration."""

    help_page = "scripts"
    declared = Signal(object)
    """A Parameter that is valid by itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Add parameter"))
        self.name = QLineEdit()
        self.name.setPlaceholderText("CONTAINERS")
        self.description = QLineEdit()
        self.kind = QComboBox()
        for kind in ParameterType:
            self.kind.addItem(script_words.parameter_kind(Parameter("A", type=kind)), kind)
        self.choices = QLineEdit()
        self.choices.setPlaceholderText(_("one, two, three"))
        self.default = QLineEdit()
        self.required = QCheckBox(_("&Required: no backup starts without a value"))
        self.secret = QCheckBox(_("&Secret: stored in the keyring, never shown"))
        self.message = Banner()
        self._form = QFormLayout()
        self._form.addRow(_("&Name"), self.name)
        self._form.addRow(_("&Description"), self.description)
        self._form.addRow(_("&Type"), self.kind)
        self._form.addRow(_("&Choices"), self.choices)
        self._form.addRow(_("D&efault"), self.default)
        self._form.addRow("", self.required)
        self._form.addRow("", self.secret)
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        self.buttons.accepted.connect(self._on_accepted)
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
        """Return the parameter.

        Raises:
            InvalidInput: it is not valid.
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
            raise InvalidInput(_("Enter at least one choice."))
        if parameter.default is not None:
            parameter.check(parameter.default)
        return parameter

    def _adapt(self) -> None:
        self._form.setRowVisible(self.choices, self.kind.currentData() == ParameterType.CHOICE)
        self._form.setRowVisible(self.default, not self.secret.isChecked())

    def _on_accepted(self) -> None:
        try:
            parameter = self.parameter()
        except InvalidInput as error:
            self.message.show_message(str(error), Tone.BAD)
            return
        self.declared.emit(parameter)
        self.accept()
