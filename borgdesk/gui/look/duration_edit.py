"""Editor for a duration: a number and its unit."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QWidget

from borgdesk.domain.script import MAX_TIMEOUT
from borgdesk.translation import _

_UNITS = (1, 60, 3600)


class DurationEdit(QWidget):
    """Edits seconds, shown in the largest unit in which they are a whole number."""

    edited = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """*name* is the accessible name."""
        super().__init__(parent)
        self._number = QSpinBox()
        self._number.setRange(1, MAX_TIMEOUT)
        self._number.setGroupSeparatorShown(True)
        self._number.setAccessibleName(name)
        self._unit = QComboBox()
        self._unit.setAccessibleName(_("Unit"))
        self._unit.addItems([_("seconds"), _("minutes"), _("hours")])
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._number)
        layout.addWidget(self._unit)
        layout.addStretch(1)
        self._number.valueChanged.connect(self.edited)
        self._unit.currentIndexChanged.connect(self._on_unit_changed)
        self._unit.currentIndexChanged.connect(self.edited)

    def seconds(self) -> int:
        """Return the value in seconds."""
        return self._number.value() * _UNITS[self._unit.currentIndex()]

    def set_seconds(self, seconds: int) -> None:
        """Show a value without emitting :attr:`edited`."""
        unit = max((place for place, size in enumerate(_UNITS) if seconds % size == 0), default=0)
        before = self.blockSignals(True)
        self._unit.setCurrentIndex(unit)
        self._number.setValue(seconds // _UNITS[unit])
        self.blockSignals(before)

    def _on_unit_changed(self, unit: int) -> None:
        self._number.setMaximum(MAX_TIMEOUT // _UNITS[unit])
