"""Progress bar of an active run: how far its present step is, as far as that is known."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, QTimer
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QWidget

from borgdesk.gui.look import theme
from borgdesk.gui.workers.live_run import LiveRun
from borgdesk.translation import _

STEPS = 1000
"""The maximum of the bar."""
_THICKNESS = 8
_BEAT = 50
"""Milliseconds between two pictures of a bar that only shows that something goes on."""
_ROUND = 40
"""Pictures until it looks the same again."""
_PIECE = 0.3
"""Width of what moves, as a fraction of the bar."""


class RunProgress(QProgressBar):
    """A thin bar without text. What is not known is not shown: then a piece of it moves to and fro.

    It is as high as a line of text, so that it can take the place of one.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextVisible(False)
        self.setRange(0, STEPS)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._phase = 0
        self._beat = QTimer(self, interval=_BEAT)
        self._beat.timeout.connect(self._on_beat)

    def show_live(self, live: LiveRun) -> None:
        """Show how far a run is."""
        self.setAccessibleName(_("Progress of {name}").format(name=live.repository))
        fraction = 0.0 if live.is_waiting else None if live.story.stopping else live.estimate().fraction
        if fraction is None:
            self.setRange(0, 0)
        else:
            self.setRange(0, STEPS)
            self.setValue(round(STEPS * fraction))
        self._follow()

    @property
    def is_busy(self) -> bool:
        """Whether it only shows that something goes on."""
        return self.maximum() == 0

    def sizeHint(self) -> QSize:
        return QSize(120, self.fontMetrics().height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.sizeHint().height())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._follow()

    def _follow(self) -> None:
        """Move only what somebody may see."""
        if self.is_busy and self.isVisible():
            if not self._beat.isActive():
                self._beat.start()
        else:
            self._beat.stop()

    def _on_beat(self) -> None:
        self._phase = (self._phase + 1) % _ROUND
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        groove = QRectF(0.5, (self.height() - _THICKNESS) / 2 + 0.5, self.width() - 1, _THICKNESS - 1)
        painter.setPen(theme.color(theme.Tone.MUTED))
        painter.setBrush(theme.tint(theme.Tone.MUTED))
        painter.drawRoundedRect(groove, _THICKNESS / 2, _THICKNESS / 2)
        painter.setPen(QColor(0, 0, 0, 0))
        painter.setBrush(theme.color(theme.Tone.WORKING))
        filled = self._filled(groove)
        if filled.width() > 0:
            painter.setClipRect(filled)
            painter.drawRoundedRect(groove, _THICKNESS / 2, _THICKNESS / 2)
        painter.end()

    def _filled(self, groove: QRectF) -> QRectF:
        """Return the part that is filled: from its beginning, or the piece that moves."""
        if not self.is_busy:
            width, begin = groove.width() * self.value() / STEPS, 0.0
        else:
            width = groove.width() * _PIECE
            there = self._phase / (_ROUND / 2)
            begin = (groove.width() - width) * (there if there <= 1 else 2 - there)
        if self.isRightToLeft():
            begin = groove.width() - begin - width
        return QRectF(groove.left() + begin, groove.top() - 1, width, groove.height() + 2)
