"""Form for the parameter values of a script."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.parameters import Parameter
from borgdesk.gui.look.form_parts import explanation
from borgdesk.gui.look.override_field import OverrideField
from borgdesk.gui.look.parameter_fields import Field, SecretField, field_for
from borgdesk.translation import _


@dataclass(slots=True)
class _Row:
    parameter: Parameter
    field: Field
    value: OverrideField
    was_own: bool
    kept: bool
    """Whether the keyring has a value, which is never shown, even if the parameter is no longer secret."""
    touched: bool = False
    cleared: bool = False


class ParameterForm(QWidget):
    """One row per parameter: name, value, description, and a button that restores the default."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)

    def set_parameters(
        self, parameters: Sequence[Parameter], values: Mapping[str, str], kept: Collection[str] = ()
    ) -> None:
        """Show rows for these parameters.

        *values* are the given values, *kept* names the secrets that have a stored value. A name that no parameter
        declares any more gets a row, too, so that its value can be removed.
        """
        while (item := self._layout.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        declared = {parameter.name for parameter in parameters}
        extra = [Parameter(name, _("The script does not declare this parameter."), secret=name in kept)
                 for name in sorted({*values, *kept} - declared)]  # fmt: skip
        self._rows = [self._row(parameter, values, kept) for parameter in (*parameters, *extra)]
        self._layout.addStretch(1)

    def fill(self, values: Mapping[str, str]) -> None:
        """Enter other values into the same rows, as if they had been typed."""
        for row in self._rows:
            if row.parameter.name in values:
                row.field.set_value(values[row.parameter.name])
                self._edited(row)

    def field(self, name: str) -> Field:
        """Return the input field of a parameter.

        Raises:
            LookupError: there is no such row.
        """
        return self._find(name).field

    def reset(self, name: str) -> None:
        """Restore the default of a parameter."""
        self._reset(self._find(name))

    def is_empty(self) -> bool:
        """Return whether the form has no rows."""
        return not self._rows

    def plain(self) -> dict[str, str]:
        """Return the non-secret values that override defaults."""
        return {
            row.parameter.name: row.field.value()
            for row in self._rows
            if self._is_own(row) and not _secret(row) and (row.touched or not row.kept)
        }

    def secrets(self) -> dict[str, str]:
        """Return the secret values typed now, without the stored ones."""
        return {row.parameter.name: row.field.value() for row in self._rows if _secret(row) and row.field.value()}

    def cleared(self) -> set[str]:
        """Return the names whose values are to be removed."""
        return {row.parameter.name for row in self._rows if row.was_own and not self._is_own(row)}

    def problem(self) -> str:
        """Return what is wrong with the values, as a sentence, or ""; a missing value is not an error here."""
        for row in self._rows:
            value = row.field.value()
            if value and (row.touched or not _secret(row)):
                try:
                    row.parameter.check(value)
                except InvalidInput as error:
                    return str(error)
        return ""

    def missing(self) -> list[str]:
        """Return the names of required parameters without any value."""
        return [
            row.parameter.name
            for row in self._rows
            if row.parameter.required
            and not row.field.value()
            and not (_secret(row) and row.was_own and not row.cleared)
        ]

    def _find(self, name: str) -> _Row:
        for row in self._rows:
            if row.parameter.name == name:
                return row
        raise LookupError(name)

    def _row(self, parameter: Parameter, values: Mapping[str, str], kept: Collection[str]) -> _Row:
        name = parameter.name
        was_own = name in kept or name in values
        field = field_for(parameter, name)
        if isinstance(field, SecretField):
            field.set_kept(was_own)
        else:
            field.set_value(values.get(name, parameter.default or ""))
        inherited, back = self._texts(parameter)
        value = OverrideField(field, inherited, "", back)
        row = _Row(parameter, field, value, was_own, name in kept)
        title = QLabel(f"{name} *" if parameter.required else name)
        title.setToolTip(_("Required") if parameter.required else "")
        title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        title.setBuddy(field)
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        self._layout.addWidget(title)
        if parameter.description:
            about = explanation(parameter.description)
            about.setTextFormat(Qt.TextFormat.PlainText)
            self._layout.addWidget(about)
        self._layout.addWidget(value)
        self._layout.addSpacing(8)
        value.set_own(own=was_own)
        field.edited.connect(partial(self._edited, row))
        value.reset_requested.connect(partial(self._reset, row))
        return row

    def _texts(self, parameter: Parameter) -> tuple[str, str]:
        """Return the note for a value that is not overridden, and the label of the button that restores it."""
        if parameter.secret:
            return "", _("Delete the stored value")
        if parameter.default is None:
            return "", _("Remove the value")
        return _("The script's default"), _("Reset to the script's default")

    def _edited(self, row: _Row) -> None:
        row.touched, row.cleared = True, False
        row.value.set_own(own=self._is_own(row))
        self.changed.emit()

    def _reset(self, row: _Row) -> None:
        row.touched = row.cleared = True
        row.field.set_value("" if _secret(row) else row.parameter.default or "")
        if isinstance(row.field, SecretField):
            row.field.set_kept(False)
        row.value.set_own(own=False)
        self.changed.emit()

    def _is_own(self, row: _Row) -> bool:
        if row.cleared:
            return False
        if _secret(row):
            return row.was_own or bool(row.field.value())
        if not row.touched:
            return row.was_own
        return row.field.value() != (row.parameter.default or "")


def _secret(row: _Row) -> bool:
    return row.parameter.secret
