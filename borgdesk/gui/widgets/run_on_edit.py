"""The condition of a script: always, or after some outcomes."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from borgdesk.domain.run import ALWAYS, RunOn


class RunOnEdit(QWidget):
    """Four boxes: *always* stands for all of them, and for a backup that was skipped."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.always = QCheckBox(self.tr("Always"))
        self.always.setToolTip(self.tr("After every outcome, also when the backup was skipped"))
        self.boxes = {
            "success": QCheckBox(self.tr("Success")),
            "warning": QCheckBox(self.tr("Warning")),
            "failure": QCheckBox(self.tr("Failure")),
        }
        self.boxes["failure"].setToolTip(self.tr("Also when the backup was cancelled or interrupted"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for box in (self.always, *self.boxes.values()):
            layout.addWidget(box)
        layout.addStretch(1)
        self.setFocusProxy(self.always)
        self.set_run_on(ALWAYS)
        self.always.clicked.connect(self._take_always)
        for box in self.boxes.values():
            box.clicked.connect(self._take_one)

    def run_on(self) -> RunOn:
        """The condition; never empty."""
        if self.always.isChecked():
            return ALWAYS
        return RunOn(frozenset(name for name, box in self.boxes.items() if box.isChecked()))

    def set_run_on(self, run_on: RunOn) -> None:
        """Show a condition."""
        self.always.setChecked(run_on.always)
        for name, box in self.boxes.items():
            box.setChecked(run_on.always or name in run_on.conditions)

    def _take_always(self) -> None:
        if self.always.isChecked():
            self.set_run_on(ALWAYS)
        self.edited.emit()

    def _take_one(self) -> None:
        self.always.setChecked(False)
        if not any(box.isChecked() for box in self.boxes.values()):
            self.set_run_on(ALWAYS)
        self.edited.emit()
