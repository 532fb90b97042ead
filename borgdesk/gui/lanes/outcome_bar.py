"""Bar *What happens if…* for choosing a hypothetical outcome."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from borgdesk.domain.run import Outcome
from borgdesk.gui.look import words
from borgdesk.translation import _


class OutcomeBar(QWidget):
    """One button per outcome; the checked one can be unchecked."""

    picked = Signal(object)
    """An Outcome, or None."""

    def __init__(self, tools: QLayout, parent: QWidget | None = None) -> None:
        """*tools* are other buttons, which are shown beside the title."""
        super().__init__(parent)
        self._buttons: dict[Outcome, QToolButton] = {}
        label = QLabel(_("What happens if the backup ends with:"))
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        row = QHBoxLayout()
        row.setSpacing(4)
        for outcome in Outcome:
            button = QToolButton()
            button.setText(words.outcome(outcome))
            button.setCheckable(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
            button.setAccessibleDescription(_("Show which scripts would run after this outcome"))
            button.clicked.connect(lambda down, one=outcome: self._pick(one if down else None))
            row.addWidget(button)
            self._buttons[outcome] = button
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        heading = QHBoxLayout()
        heading.addWidget(label, 1)
        heading.addLayout(tools)
        layout.addLayout(heading)
        layout.addLayout(row)

    def button(self, outcome: Outcome) -> QToolButton:
        """Return the button of an outcome."""
        return self._buttons[outcome]

    def _pick(self, outcome: Outcome | None) -> None:
        for one, button in self._buttons.items():
            button.setChecked(one is outcome)
        self.picked.emit(outcome)
