"""Editor for the retention rules."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QFormLayout, QLineEdit, QSizePolicy, QSpinBox, QWidget

from borgdesk.domain.repository import MOST_KEPT, Retention
from borgdesk.gui.look.form_parts import explanation
from borgdesk.translation import _

_UNLIMITED = -1

_AROUND = 24
"""Pixels of a field that its text does not get."""


class _Count(QSpinBox):
    """A number of archives: none, some, or all of them."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setRange(_UNLIMITED, MOST_KEPT)
        self.setAccessibleName(name)

    def textFromValue(self, value: int) -> str:
        if value == 0:
            return _("off")
        return _("all") if value == _UNLIMITED else self.locale().toString(value)

    def valueFromText(self, text: str) -> int:
        words = {_("off"): 0, _("all"): _UNLIMITED, "": 0}
        if text in words:
            return words[text]
        number, known = self.locale().toInt(text)
        return number if known else 0

    def validate(self, text: str, place: int) -> tuple[QValidator.State, str, int]:
        return QValidator.State.Acceptable, text, place


class RetentionEdit(QWidget):
    """Borg's rules, and a sentence that sums them up."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        labels = {
            "last": _("&Keep last"),
            "hourly": _("Keep &hourly"),
            "daily": _("Keep &daily"),
            "weekly": _("Keep &weekly"),
            "monthly": _("Keep &monthly"),
            "yearly": _("Keep &yearly"),
        }
        self.counts = {name: _Count(label.replace("&", "")) for name, label in labels.items()}
        self.within = QLineEdit()
        self.within.setPlaceholderText(_("off; for example 2d, 3w, 6m"))
        self.within.setAccessibleName(_("Keep everything newer than"))
        self.within.setMinimumWidth(self.fontMetrics().horizontalAdvance(self.within.placeholderText()) + _AROUND)
        self.within.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._summary = explanation()
        self._form = form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(_("Keep everything newer &than"), self.within)
        for name, box in self.counts.items():
            form.addRow(labels[name], box)
        form.addRow(self._summary)
        self.within.textEdited.connect(self._on_value_edited)
        for box in self.counts.values():
            box.valueChanged.connect(self._on_value_edited)
        self._summarize()

    def add_row(self, label: str, field: QWidget) -> None:
        """Add a field below the rules, in line with theirs."""
        self._form.addRow(label, field)

    def retention(self) -> Retention:
        """Return the rules.

        Raises:
            InvalidInput: the interval is invalid.
        """
        counts = {name: box.value() or None for name, box in self.counts.items()}
        return Retention(within=self.within.text().strip() or None, **counts)

    def set_retention(self, retention: Retention) -> None:
        """Show rules without emitting :attr:`edited`."""
        before = self.blockSignals(True)
        self.within.setText(retention.within or "")
        for name, box in self.counts.items():
            box.setValue(getattr(retention, name) or 0)
        self.blockSignals(before)
        self._summarize()

    def _on_value_edited(self) -> None:
        self._summarize()
        self.edited.emit()

    def _summarize(self) -> None:
        if not self.within.text().strip() and not any(box.value() for box in self.counts.values()):
            self._summary.setText(_("Nothing is ever pruned, so the repository keeps growing."))
            return
        self._summary.setText(_("After each good backup, archives that no rule keeps are permanently deleted."))
