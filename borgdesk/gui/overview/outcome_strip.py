"""Strip of small bars for the last backups of a repository, with the newest on the right; each opens its run."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from borgdesk.domain.history import PastBackup
from borgdesk.gui.look import run_words, theme, words
from borgdesk.gui.overview.overview_data import STRIP
from borgdesk.translation import _

_WIDTH, _GAP, _HEIGHT = 7, 3, 20
_MARGIN = 2
"""Around the bars, for the frame of the one that is pointed at."""
_HEIGHTS = {
    theme.Tone.GOOD: 1.0,
    theme.Tone.WARNING: 0.75,
    theme.Tone.BAD: 1.0,
    theme.Tone.MUTED: 0.4,
    theme.Tone.WORKING: 1.0,
}
_OPENING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class OutcomeStrip(QWidget):
    """Shows the outcome by colour and by height, since not everybody can tell red from green.

    The bar under the pointer, or the one chosen with the arrow keys, says when its backup was and how it ended.
    """

    accessible_role = QAccessible.Role.Chart

    run_requested = Signal(int)
    """Id of the run that a bar stands for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strip: tuple[PastBackup, ...] = ()
        self._chosen: int | None = None
        """Number of the bar that is pointed at; None for none."""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleDescription(_("Left and Right choose a backup, Enter opens its run."))
        self.show_strip(())

    def show_strip(self, strip: tuple[PastBackup, ...]) -> None:
        """Show these backups, oldest first."""
        strip = strip[-STRIP:]
        if strip != self._strip:
            self._chosen = None
        self._strip = strip
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if strip else Qt.FocusPolicy.NoFocus)
        self._name()
        self.update()

    def bar(self, number: int) -> QRect:
        """Return the place of a bar, in which it may be clicked."""
        place = STRIP - len(self._strip) + number
        if self.isRightToLeft():
            place = STRIP - 1 - place
        return QRect(_MARGIN + place * (_WIDTH + _GAP), 0, _WIDTH, self.height())

    def sizeHint(self) -> QSize:
        return QSize(STRIP * (_WIDTH + _GAP) - _GAP + 2 * _MARGIN, _HEIGHT + 2 * _MARGIN)

    def _at(self, point: QPoint) -> int | None:
        place = (point.x() - _MARGIN + _GAP // 2) // (_WIDTH + _GAP)
        number = (STRIP - 1 - place if self.isRightToLeft() else place) - (STRIP - len(self._strip))
        return number if 0 <= number < len(self._strip) else None

    def _choose(self, number: int | None) -> None:
        if number != self._chosen:
            self._chosen = number
            self.setCursor(Qt.CursorShape.ArrowCursor if number is None else Qt.CursorShape.PointingHandCursor)
            self._name()
            self.update()

    def _name(self) -> None:
        chosen = "" if self._chosen is None else run_words.past_backup(self._strip[self._chosen])
        self.setAccessibleName(chosen or run_words.strip_name(self._strip))

    def _tell(self, at: QPoint) -> None:
        """Show what the chosen bar stands for, or the sum of all."""
        if self._chosen is None:
            QToolTip.showText(at, run_words.strip_name(self._strip), self)
        else:
            text = words.tooltip(run_words.past_backup(self._strip[self._chosen]))
            QToolTip.showText(at, text, self, self.bar(self._chosen))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._tell(event.globalPos())
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        before = self._chosen
        self._choose(self._at(event.position().toPoint()))
        if self._chosen != before and QToolTip.isVisible():
            self._tell(event.globalPosition().toPoint())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(self._at(event.position().toPoint()))
        # A click beside the bars is one on the card.
        event.setAccepted(self._chosen is not None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        number = self._at(event.position().toPoint())
        event.setAccepted(number is not None)
        if number is not None and number == self._chosen and event.button() is Qt.MouseButton.LeftButton:
            self.run_requested.emit(self._strip[number].id)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.hasFocus():
            self._choose(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chosen, last = self._chosen, len(self._strip) - 1
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if event.key() in _OPENING and chosen is not None:
            self.run_requested.emit(self._strip[chosen].id)
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and self._strip:
            self._show_chosen(0 if event.key() == Qt.Key.Key_Home else last)
        elif step and self._strip:
            step = -step if self.isRightToLeft() else step
            self._show_chosen(last if chosen is None else min(max(chosen + step, 0), last))
        else:
            super().keyPressEvent(event)

    def accessible_press(self) -> None:
        """Do what Enter does."""
        if self._chosen is not None:
            self.run_requested.emit(self._strip[self._chosen].id)

    def _show_chosen(self, number: int) -> None:
        self._choose(number)
        self._tell(self.mapToGlobal(self.bar(number).bottomLeft()))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._strip:
            self._show_chosen(len(self._strip) - 1)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._choose(None)
        QToolTip.hideText()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bottom = _MARGIN + _HEIGHT
        for free in range(len(self._strip) - STRIP, 0):
            painter.fillRect(QRectF(self.bar(free).left(), bottom - 3, _WIDTH, 2), theme.tint(theme.Tone.MUTED, 70))
        for number, one in enumerate(self._strip):
            tone = theme.tone_of(one.status)
            height = _HEIGHT * _HEIGHTS[tone]
            painter.setPen(theme.color(tone))
            painter.setBrush(theme.tint(tone, 60) if tone is theme.Tone.BAD else theme.color(tone))
            left = self.bar(number).left()
            painter.drawRoundedRect(QRectF(left + 0.5, bottom - height + 0.5, _WIDTH - 1, height - 1), 1.5, 1.5)
            if number == self._chosen:
                self._frame(painter, left)
        painter.end()

    def _frame(self, painter: QPainter, left: int) -> None:
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Text), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(left - 1.5, 0.5, _WIDTH + 3, self.height() - 1), 2, 2)
