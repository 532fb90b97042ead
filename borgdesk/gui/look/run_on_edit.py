"""Editor for the condition under which a post script runs."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from borgdesk.domain.run import ALWAYS, RunOn
from borgdesk.translation import _, pgettext


class RunOnEdit(QWidget):
    """Four check boxes; *always* stands for all outcomes, including a skipped backup."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.always = QCheckBox(_("Always"))
        self.always.setToolTip(_("After every outcome, even if the backup was skipped"))
        self.boxes = {
            "success": QCheckBox(pgettext("condition", "Success")),
            "warning": QCheckBox(_("Warning")),
            "failure": QCheckBox(_("Failure")),
        }
        self.boxes["failure"].setToolTip(_("Also if the backup was cancelled or interrupted"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for box in (self.always, *self.boxes.values()):
            layout.addWidget(box)
        layout.addStretch(1)
        self.set_run_on(ALWAYS)
        self.always.clicked.connect(self._on_always_clicked)
        for box in self.boxes.values():
            box.clicked.connect(self._on_box_clicked)

    def run_on(self) -> RunOn:
        """Return the condition; never empty."""
        if self.always.isChecked():
            return ALWAYS
        return RunOn(frozenset(name for name, box in self.boxes.items() if box.isChecked()))

    def set_run_on(self, run_on: RunOn) -> None:
        self.always.setChecked(run_on.always)
        for name, box in self.boxes.items():
            box.setChecked(run_on.always or name in run_on.conditions)

    def _on_always_clicked(self) -> None:
        if self.always.isChecked():
            self.set_run_on(ALWAYS)
        self.edited.emit()

    def _on_box_clicked(self) -> None:
        self.always.setChecked(False)
        if not any(box.isChecked() for box in self.boxes.values()):
            self.set_run_on(ALWAYS)
        self.edited.emit()
