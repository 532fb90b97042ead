"""Row below the cards of a lane with an advice, and a button that follows it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from borgdesk.engine.lanes.advice import Advice, Problem
from borgdesk.gui.look import icons, theme
from borgdesk.gui.look.direction import set_margins
from borgdesk.translation import _


class AdviceRow(QWidget):
    """A sentence, and a button if the advice can be followed with a click."""

    followed = Signal(object)
    """The Advice that the user follows."""

    def __init__(self, advice: Advice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QLabel()
        side = self.fontMetrics().height()
        self._icon.setPixmap(icons.toned("status-warning", theme.Tone.WARNING).pixmap(QSize(side, side)))
        text = _Sentence(sentence(advice))
        row = QHBoxLayout(self)
        set_margins(row, 4, 0, 0, 2)
        row.addWidget(self._icon)
        row.addWidget(text, 1)
        if advice.is_solvable:
            button = QPushButton(solution(advice))
            button.setAccessibleDescription(text.text())
            button.setAutoDefault(False)
            button.clicked.connect(lambda: self.followed.emit(advice))
            row.addWidget(button)


class _Sentence(QLabel):
    """As high as its lines: the lane around it does not ask for the height that goes with a width."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        # A name without a space must not widen the lane.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setMinimumHeight(self.heightForWidth(self.width()))


def sentence(advice: Advice) -> str:
    """Return what is wrong."""
    script = advice.about.script
    return {
        Problem.NOTHING_STARTS: _("Nothing starts again what “{script}” stops."),
        Problem.STARTS_NOTHING: _("“{script}” is disabled: what was stopped stays down."),
        Problem.NOT_ALWAYS: _("“{script}” should run after every backup, also a failed one."),
        Problem.TOO_EARLY: _("“{script}” starts before the backup what should be down during it."),
        Problem.TOO_LATE: _("“{script}” stops after the backup what should be down during it."),
    }[advice.problem].format(script=script)


def solution(advice: Advice) -> str:
    """Return what the button does."""
    if advice.problem is Problem.NOTHING_STARTS:
        return _("Add its counterpart")
    return {
        Problem.STARTS_NOTHING: _("Enable"),
        Problem.NOT_ALWAYS: _("Run always"),
        Problem.TOO_EARLY: _("Move after the backup"),
        Problem.TOO_LATE: _("Move before the backup"),
    }[advice.problem]
