"""Which archives are kept when old ones are removed after a backup."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette, QValidator
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from borgdesk.domain.repository import Retention

_MOST = 9999
_UNLIMITED = -1


class _Count(QSpinBox):
    """A number of archives: none, some, or all of them."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setRange(_UNLIMITED, _MOST)
        self.setAccessibleName(name)

    def textFromValue(self, value: int) -> str:
        if value == 0:
            return self.tr("no rule")
        return self.tr("all") if value == _UNLIMITED else self.locale().toString(value)

    def valueFromText(self, text: str) -> int:
        words = {self.tr("no rule"): 0, self.tr("all"): _UNLIMITED, "": 0}
        if text in words:
            return words[text]
        number, known = self.locale().toInt(text)
        return number if known else 0

    def validate(self, text: str, place: int) -> tuple[QValidator.State, str, int]:
        return QValidator.State.Acceptable, text, place


class RetentionEdit(QWidget):
    """Borg's rules, and what they come to in a sentence."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        labels = {
            "last": self.tr("The &newest, whatever their age"),
            "hourly": self.tr("One an &hour, for so many hours"),
            "daily": self.tr("One a &day, for so many days"),
            "weekly": self.tr("One a wee&k, for so many weeks"),
            "monthly": self.tr("One a &month, for so many months"),
            "yearly": self.tr("One a &year, for so many years"),
        }
        self.counts = {name: _Count(label.replace("&", "")) for name, label in labels.items()}
        self.within = QLineEdit()
        self.within.setPlaceholderText(self.tr("no rule; for example 2d, 3w, 6m"))
        self.within.setAccessibleName(self.tr("Everything that is younger than"))
        self._summary = QLabel()
        self._summary.setWordWrap(True)
        self._summary.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        form = QFormLayout()
        form.addRow(self.tr("&Everything that is younger than"), self.within)
        for name, box in self.counts.items():
            form.addRow(labels[name], box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self._summary)
        self.setFocusProxy(self.within)
        self.within.textEdited.connect(self._tell)
        for box in self.counts.values():
            box.valueChanged.connect(self._tell)
        self._summarize()

    def retention(self) -> Retention:
        """The rules.

        Raises:
            InvalidInput: the interval is not one.
        """
        counts = {name: box.value() or None for name, box in self.counts.items()}
        return Retention(within=self.within.text().strip() or None, **counts)

    def set_retention(self, retention: Retention) -> None:
        """Show rules, without :attr:`edited`."""
        before = self.blockSignals(True)
        self.within.setText(retention.within or "")
        for name, box in self.counts.items():
            box.setValue(getattr(retention, name) or 0)
        self.blockSignals(before)
        self._summarize()

    def _tell(self) -> None:
        self._summarize()
        self.edited.emit()

    def _summarize(self) -> None:
        if not self.within.text().strip() and not any(box.value() for box in self.counts.values()):
            self._summary.setText(self.tr("No rule: nothing is ever removed, and the repository grows."))
            return
        self._summary.setText(
            self.tr("After each good backup, archives of this repository that no rule keeps are removed for good.")
        )
