"""Strip of small bars for the last outcomes of a repository, with the newest on the right."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from borgdesk.domain.run import RunStatus
from borgdesk.gui.look import run_words, theme
from borgdesk.gui.overview.overview_data import STRIP

_WIDTH, _GAP, _HEIGHT = 7, 3, 20
_HEIGHTS = {
    theme.Tone.GOOD: 1.0,
    theme.Tone.WARNING: 0.75,
    theme.Tone.BAD: 1.0,
    theme.Tone.MUTED: 0.4,
    theme.Tone.WORKING: 1.0,
}


class OutcomeStrip(QWidget):
    """Shows the outcome by colour and by height, since not everybody can tell red from green."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._statuses: tuple[RunStatus, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_statuses(())

    def show_statuses(self, statuses: tuple[RunStatus, ...]) -> None:
        """Show these outcomes, oldest first."""
        self._statuses = statuses[-STRIP:]
        self.setAccessibleName(run_words.strip_name(self._statuses))
        self.setToolTip(self.accessibleName())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(STRIP * (_WIDTH + _GAP) - _GAP, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        free = STRIP - len(self._statuses)
        for place in range(STRIP):
            left = place * (_WIDTH + _GAP)
            if place < free:
                painter.fillRect(QRectF(left, _HEIGHT - 3, _WIDTH, 2), theme.tint(theme.Tone.MUTED, 70))
                continue
            status = self._statuses[place - free]
            tone = theme.tone_of(status)
            height = _HEIGHT * _HEIGHTS[tone]
            painter.setPen(theme.color(tone))
            painter.setBrush(theme.color(tone))
            bar = QRectF(left + 0.5, _HEIGHT - height + 0.5, _WIDTH - 1, height - 1)
            if tone is theme.Tone.BAD:
                painter.setBrush(theme.tint(tone, 60))
            painter.drawRoundedRect(bar, 1.5, 1.5)
        painter.end()
