"""Room beside the lanes in which brackets join the scripts that stop something and start it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRect, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QStyle, QToolTip, QVBoxLayout, QWidget

from borgdesk.domain.ids import AssignmentId
from borgdesk.engine.lanes.brackets import Bracket
from borgdesk.gui.lanes.lane import Lane
from borgdesk.gui.look import theme, words
from borgdesk.gui.look.direction import set_margins
from borgdesk.translation import _

_ARM = 9
"""Length of the horizontal ends of a bracket."""
_RIGHT = 4
"""Pixels between the lanes and the scroll bar."""
_MOST = 3
"""Brackets beside each other: more would leave too little room for the cards."""


def was_down(bracket: Bracket) -> str:
    """Return how long something was down: "down 4 min 12 s", or what the bracket means if that is not known."""
    if bracket.latest is None:
        return _("stopped in between")
    return _("down {time}").format(time=words.elapsed(bracket.latest))


def was_down_at_most(bracket: Bracket) -> str:
    """Return how long something was down, and the most lately: "Down 4 min 12 s lately, at most 11 min"."""
    if bracket.latest is None or bracket.longest is None:
        return _("What this pair stops is down in between. No backup has shown for how long yet.")
    latest, longest = words.elapsed(bracket.latest), words.elapsed(bracket.longest)
    return _("Down {time} in the last backup, at most {longest} lately").format(time=latest, longest=longest)


@dataclass(frozen=True, slots=True)
class _Drawn:
    bracket: Bracket
    area: QRect


class Gutter(QWidget):
    """The column of lanes with its brackets, which take no room while there are none."""

    def __init__(self, lanes: Sequence[Lane], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._brackets: tuple[Bracket, ...] = ()
        self.column = QVBoxLayout(self)
        """Whoever owns the lanes fills it."""
        set_margins(self.column, 0, 0, _RIGHT, 0)
        self.column.setSpacing(2)
        for lane in lanes:
            lane.installEventFilter(self)

    def show_brackets(self, brackets: Sequence[Bracket]) -> None:
        """Draw these brackets, the first ones nearest to the lanes."""
        before, self._brackets = len(self._brackets), tuple(brackets[:_MOST])
        if len(self._brackets) != before:
            set_margins(self.column, self._step() * len(self._brackets), 0, _RIGHT, 0)
        self.update()

    def _step(self) -> int:
        return QFontMetrics(self.font()).height() + _ARM + 2

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize):
            self.update()
        return False

    def drawn(self) -> list[_Drawn]:
        """Return each bracket with its place from the first card to the second, mirrored if that is how one reads."""
        step, left = self._step(), self._step() * len(self._brackets)
        found = []
        for number, bracket in enumerate(self._brackets):
            top, bottom = self._middle(bracket.stopping), self._middle(bracket.starting)
            if top is not None and bottom is not None:
                area = QRect(left - (number + 1) * step, top, step - 2, bottom - top)
                found.append(_Drawn(bracket, QStyle.visualRect(self.layoutDirection(), self.rect(), area)))
        return found

    def _middle(self, assignment_id: AssignmentId) -> int | None:
        """Return the vertical middle of a card."""
        for lane in self._lanes:
            row = lane.cards.row_of(assignment_id)
            if row is not None:
                card = lane.view.visualRect(lane.cards.index(row))
                return lane.view.viewport().mapTo(self, card.center()).y()
        return None

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            for drawn in self.drawn():
                if drawn.area.contains(event.pos()):
                    QToolTip.showText(event.globalPos(), was_down_at_most(drawn.bracket), self, drawn.area)
                    return True
            QToolTip.hideText()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for drawn in self.drawn():
            self._paint(painter, drawn)
        painter.end()

    def _paint(self, painter: QPainter, drawn: _Drawn) -> None:
        area, shade = drawn.area, theme.color(theme.Tone.WARNING)
        inwards, lanes = 1, self._step() * len(self._brackets) - 2
        spine = area.right() - _ARM + 0.5
        if self.isRightToLeft():
            inwards, lanes = -1, self.width() - lanes
            spine = area.left() + _ARM + 0.5
        top, bottom = area.top() + 0.5, area.bottom() + 0.5
        path = QPainterPath(QPointF(lanes, top))
        path.lineTo(spine + 5 * inwards, top)
        path.quadTo(spine, top, spine, top + 5)
        path.lineTo(spine, bottom - 5)
        path.quadTo(spine, bottom, spine + 5 * inwards, bottom)
        path.lineTo(lanes, bottom)
        painter.setPen(QPen(shade, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        metrics = QFontMetrics(self.font())
        text = metrics.elidedText(was_down(drawn.bracket), Qt.TextElideMode.ElideRight, area.height() - 4)
        painter.save()
        painter.translate(spine - 3 * inwards, area.center().y())
        painter.rotate(-90 * inwards)
        half = metrics.horizontalAdvance(text) // 2
        painter.drawText(-half, -metrics.descent() + 1, text)
        painter.restore()
