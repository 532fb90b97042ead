"""The head of a dialog in several steps: where one is, and what the present step asks."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from borgdesk.gui.look import theme
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
    Step.READY: (N_("Ready"), N_("All of this can be changed later.")),
}
"""The question of each step, and what is good to know."""


class StepHead(QWidget):
    """A line with all steps, and the question of one."""

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = names
        self.line = QLabel()
        self.line.setTextFormat(Qt.TextFormat.RichText)
        self.title = QLabel(wordWrap=True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        font = self.title.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * _TITLE)
        self.title.setFont(font)
        self.about = explanation()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for label in (self.line, self.title, self.about):
            column.addWidget(label)

    def show_step(self, step: int, title: str, about: str) -> None:
        """Show one of the steps, with its question and what is good to know."""
        shade = theme.color(theme.Tone.WORKING).name()
        parts = []
        for place, name in enumerate(map(escape, self._names)):
            if place == step:
                parts.append(f'<b style="color:{shade}">{name}</b>')
            else:
                parts.append(f"✓ {name}" if place < step else name)
        self.line.setText(" &nbsp;›&nbsp; ".join(parts))
        self.line.setAccessibleName(
            _("Step {number} of {count}: {name}").format(
                number=step + 1, count=len(self._names), name=self._names[step]
            )
        )
        self.title.setText(title)
        self.about.setText(about)
