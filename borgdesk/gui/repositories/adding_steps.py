"""The head of a dialog in several steps: where one is, and what the present step asks."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from borgdesk.gui.look.form_parts import explanation
from borgdesk.translation import N_, _

_TITLE = 1.3


class Step(IntEnum):
    """The steps, in order."""

    WHERE = 0
    WHAT = 1
    WHEN = 2
    SCRIPTS = 3
    READY = 4


TEXTS = {
    Step.WHERE: (
        N_("Where should the backup go?"),
        N_("Best on another disk or another computer than the files."),
    ),
    Step.WHAT: (N_("What should be backed up?"), N_("Folders with all that is in them, except for what you exclude.")),
    Step.WHEN: (N_("When should it happen?"), N_("And how long should backups be kept?")),
    Step.SCRIPTS: (
        N_("What should stop while Borg reads?"),
        N_("What is stopped is started again whatever happens: failure, Stop, crash or power cut."),
    ),
    Step.READY: (N_("Ready"), N_("Everything but the encryption can be changed later.")),
}
"""The question of each step, and what is good to know."""


class StepHead(QWidget):
    """A line with all steps, of which those that are done lead back, and the question of one."""

    chosen = Signal(int)
    """A step that was done is to be shown again."""

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = names
        self.labels = [QToolButton() for _name in names]
        line = QHBoxLayout()
        for place, label in enumerate(self.labels):
            label.setAutoRaise(True)
            label.clicked.connect(partial(self.chosen.emit, place))
            if place:
                line.addWidget(QLabel("›"))
            line.addWidget(label)
        line.addStretch(1)
        self.title = QLabel(wordWrap=True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        font = self.title.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * _TITLE)
        self.title.setFont(font)
        self.about = explanation()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(line)
        column.addWidget(self.title)
        column.addWidget(self.about)

    def show_step(self, step: int, title: str, about: str, *, can_go_back: bool = True) -> None:
        """Show one of the steps, with its question and what is good to know."""
        for place, (label, name) in enumerate(zip(self.labels, self._names, strict=True)):
            label.setText(f"✓ {name}" if place < step else name)
            said = _("Step {number} of {count}: {name}").format(number=place + 1, count=len(self._names), name=name)
            label.setAccessibleName(said)
            label.setToolTip(_("Back to “{name}”").format(name=name) if place < step and can_go_back else "")
            font = label.font()
            font.setBold(place == step)
            label.setFont(font)
            label.setEnabled(place == step or (place < step and can_go_back))
            label.setFocusPolicy(Qt.FocusPolicy.TabFocus if place < step else Qt.FocusPolicy.NoFocus)
        self.title.setText(title)
        self.about.setText(about)
