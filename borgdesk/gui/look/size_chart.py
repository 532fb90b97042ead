"""Chart of sizes over time: lines above, bars below, each with a scale of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from borgdesk.gui.look import theme, words
from borgdesk.gui.look.direction import isolated

_GAP = 6
_TICK = 4
_UPPER = 0.62
"""Share of the height that the lines get."""
_BIGGEST_BAR = 24


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of size at every moment; None where it is not known."""

    name: str
    values: tuple[int | None, ...]
    tone: theme.Tone
    dashed: bool = False


class SizeChart(QWidget):
    """Left and Right, Home and End go from one moment to the next; what is there is its accessible name."""

    accessible_role = QAccessible.Role.Chart

    current_changed = Signal(int)
    """The position of the moment that is marked."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """*name* is the accessible name, to which the text of the marked moment is added."""
        super().__init__(parent)
        self._name = name
        self._lines: Sequence[Series] = ()
        self._bars: Series | None = None
        self._labels: Sequence[str] = ()
        self._tell: Callable[[int], str] = lambda _place: ""
        self.current = -1
        """-1 while there is nothing."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)

    def show_sizes(
        self, labels: Sequence[str], lines: Sequence[Series], bars: Series, tell: Callable[[int], str]
    ) -> None:
        """Show sizes at moments; *labels* are their dates, and *tell* returns the text of one."""
        self._labels, self._lines, self._bars, self._tell = labels, lines, bars, tell
        self.current = len(labels) - 1
        self._name_current()
        self.update()

    def set_current(self, place: int) -> None:
        """Mark a moment."""
        place = max(0, min(place, len(self._labels) - 1))
        if self._labels and place != self.current:
            self.current = place
            self._name_current()
            self.update()
            self.current_changed.emit(place)

    def place_at(self, x: float) -> int:
        """Return the moment that is nearest to a horizontal position."""
        area = self._area()
        count = len(self._labels)
        step = area.width() / count if count else 1.0
        from_begin = area.right() - x if self.isRightToLeft() else x - area.left()
        return max(0, min(count - 1, int(from_begin // step)))

    def minimumSizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(24 * self.fontMetrics().averageCharWidth(), 9 * line)

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(60 * self.fontMetrics().averageCharWidth(), 14 * line)

    def _name_current(self) -> None:
        told = self._tell(self.current) if self._labels else ""
        self.setAccessibleName(f"{self._name}: {told}" if told else self._name)
        self.setToolTip(words.tooltip(told) if told else "")

    # events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        to_right = -1 if self.isRightToLeft() else 1
        steps = {
            Qt.Key.Key_Left: self.current - to_right,
            Qt.Key.Key_Right: self.current + to_right,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(self._labels) - 1,
            Qt.Key.Key_PageUp: self.current - 10,
            Qt.Key.Key_PageDown: self.current + 10,
        }
        place = steps.get(Qt.Key(event.key()))
        if place is None:
            super().keyPressEvent(event)
        else:
            self.set_current(place)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.set_current(self.place_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.set_current(self.place_at(event.position().x()))

    def focusInEvent(self, event: object) -> None:
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self.update()

    # drawing

    def _area(self) -> QRectF:
        """Return where the chart itself is drawn, between legend, scale and dates."""
        metrics = self.fontMetrics()
        texts = [words.size(top) for top in (self._top(self._lines), self._top([self._bars] if self._bars else []))]
        left = max(metrics.horizontalAdvance(text) for text in texts) + 2 * _GAP + _TICK
        line = metrics.height()
        # Half of the topmost label of the scale is above the area.
        top = line + 2 * _GAP + line / 2
        area = QRectF(left, top, self.width() - left - _GAP, self.height() - top - line - 2 * _GAP)
        return self._seen(area)

    def _seen(self, area: QRectF) -> QRectF:
        """Return where something is drawn that is at *area* for readers from left to right."""
        if self.isRightToLeft():
            area = area.translated(self.width() - area.right() - area.left(), 0)
        return area

    @staticmethod
    def _top(series: Sequence[Series]) -> int:
        return max((value for one in series for value in one.values if value is not None), default=0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(self.layoutDirection())
        if self._labels and self._bars is not None:
            area = self._area()
            # The lowest label of one scale and the topmost of the other are beside each other.
            between = self.fontMetrics().height() + _GAP
            high = (area.height() - between) * _UPPER
            upper = QRectF(area.left(), area.top(), area.width(), high)
            lower = QRectF(area.left(), upper.bottom() + between, area.width(), area.height() - between - high)
            self._draw_current(painter, area)
            for part, series in ((upper, self._lines), (lower, [self._bars])):
                self._draw_scale(painter, part, self._top(series))
            for one in self._lines:
                self._draw_line(painter, upper, one, self._top(self._lines))
            self._draw_bars(painter, lower, self._bars)
            self._draw_legend(painter)
            self._draw_dates(painter, area)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def _x(self, area: QRectF, place: int) -> float:
        from_begin = (place + 0.5) * area.width() / len(self._labels)
        return area.right() - from_begin if self.isRightToLeft() else area.left() + from_begin

    def _draw_current(self, painter: QPainter, area: QRectF) -> None:
        x = self._x(area, self.current)
        painter.setPen(QPen(theme.color(theme.Tone.MUTED), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _draw_scale(self, painter: QPainter, part: QRectF, top: int) -> None:
        metrics = self.fontMetrics()
        painter.setPen(theme.color(theme.Tone.MUTED))
        begin, outwards = (part.right(), _TICK) if self.isRightToLeft() else (part.left(), -_TICK)
        painter.drawLine(QPointF(begin, part.bottom()), QPointF(begin, part.top()))
        painter.drawLine(part.bottomLeft(), part.bottomRight())
        for value, y in ((top, part.top()), (0, part.bottom())):
            painter.drawLine(QPointF(begin + outwards, y), QPointF(begin, y))
            text = words.size(value)
            box = QRectF(0, y - metrics.height() / 2, self._seen(part).left() - _TICK - _GAP / 2, metrics.height())
            painter.drawText(
                self._seen(box), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, isolated(text)
            )

    def _pen(self, series: Series) -> QPen:
        style = Qt.PenStyle.DashLine if series.dashed else Qt.PenStyle.SolidLine
        return QPen(theme.color(series.tone), 2, style)

    def _draw_line(self, painter: QPainter, part: QRectF, series: Series, top: int) -> None:
        """Draw a line, with gaps where nothing is known."""
        painter.setPen(self._pen(series))
        painter.setBrush(theme.color(series.tone))
        piece: list[QPointF] = []
        for place, value in enumerate([*series.values, None]):
            if value is not None:
                piece.append(QPointF(self._x(part, place), part.bottom() - part.height() * value / max(top, 1)))
            elif piece:
                if len(piece) == 1:
                    painter.drawEllipse(piece[0], 2, 2)
                painter.drawPolyline(QPolygonF(piece))
                piece = []

    def _draw_bars(self, painter: QPainter, part: QRectF, series: Series) -> None:
        top = max(self._top([series]), 1)
        width = min(_BIGGEST_BAR, max(1.0, part.width() / len(series.values) * 0.7))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(series.tone))
        for place, value in enumerate(series.values):
            if value:
                height = max(1.0, part.height() * value / top)
                painter.drawRect(QRectF(self._x(part, place) - width / 2, part.bottom() - height, width, height))

    def _draw_legend(self, painter: QPainter) -> None:
        metrics = self.fontMetrics()
        x, middle = float(_GAP), _GAP + metrics.height() / 2
        for series in (*self._lines, *([self._bars] if self._bars else [])):
            if series is self._bars:
                painter.fillRect(self._seen(QRectF(x + 6, middle - 5, 10, 10)), theme.color(series.tone))
            else:
                painter.setPen(self._pen(series))
                line = self._seen(QRectF(x, middle, 22, 0))
                painter.drawLine(line.topLeft(), line.topRight())
            x += 22 + _GAP
            painter.setPen(self.palette().color(QPalette.ColorRole.Text))
            width = metrics.horizontalAdvance(series.name)
            box = self._seen(QRectF(x, _GAP, width + 2, metrics.height()))
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft, series.name)
            x += width + 3 * _GAP

    def _draw_dates(self, painter: QPainter, area: QRectF) -> None:
        metrics = self.fontMetrics()
        painter.setPen(theme.color(theme.Tone.MUTED))
        box = QRectF(area.left(), area.bottom() + _GAP, area.width(), metrics.height())
        first, last = self._labels[0], self._labels[-1]
        if len(self._labels) == 1:
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, first)
            return
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft, first)
        if metrics.horizontalAdvance(first + last) + 4 * _GAP < area.width():
            painter.drawText(box, Qt.AlignmentFlag.AlignRight, last)
