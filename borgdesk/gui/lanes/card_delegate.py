"""Draws the cards of a lane: grip, name, chips and switch, and a second line for what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from borgdesk.gui.lanes.cards import CARD_ROLE, Card
from borgdesk.gui.lanes.chips import Chip, chips_of, values_of
from borgdesk.gui.look import icons, theme
from borgdesk.gui.look.direction import RIGHT_TO_LEFT, isolated, mirrored

_Index = QModelIndex | QPersistentModelIndex

PADDING = 9
GAP = 6
"""Pixels between cards."""
_GRIP = 16
"""Width of the grip."""
_RADIUS = 6
_CHIPS = 0.55
"""Share of a card's width that chips may take."""
_SELECTED = 30
"""Opacity of the highlight colour of a selected card, out of 255."""


class CardDelegate(QStyledItemDelegate):
    """The switch at the end of a card reacts to clicks."""

    def __init__(self, room_above: Callable[[int], int], parent: QObject | None = None) -> None:
        """*room_above* says how many pixels are open above the card of a row, for what is being dragged."""
        super().__init__(parent)
        self._room_above = room_above

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        card: Card = index.data(CARD_ROLE)
        return QSize(120, card_height(card, QFontMetrics(option.font)) + self._room_above(index.row()))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        card: Card = index.data(CARD_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self._frame(option, index)
        self._paint_ground(painter, option, card, frame)
        line = frame.adjusted(PADDING, PADDING, -PADDING, -PADDING)
        line.setHeight(QFontMetrics(option.font).height())
        muted = theme.color(theme.Tone.MUTED)
        _paint_grip(painter, mirrored(option, QRect(line.left(), line.top(), _GRIP, line.height())), muted)
        _paint_switch(painter, self.switch_rect(option, index), option, on=card.assignment.enabled)
        line.setLeft(line.left() + _GRIP + 2)
        line.setRight(mirrored(option, self.switch_rect(option, index)).left() - PADDING)
        left = self._paint_chips(painter, option, card, line)
        self._paint_name(painter, option, card, line.adjusted(0, 0, left - line.right() - PADDING, 0))
        if card.warnings:
            line.translate(0, line.height() + 4)
            self._paint_warning(painter, option, card, line)
        painter.restore()

    def _frame(self, option: QStyleOptionViewItem, index: _Index) -> QRect:
        rect: QRect = option.rect
        return rect.adjusted(1, 1 + self._room_above(index.row()), -1, -1 - GAP)

    def switch_rect(self, option: QStyleOptionViewItem, index: _Index) -> QRect:
        """Return where the switch of a card is drawn."""
        frame, line = self._frame(option, index), QFontMetrics(option.font).height()
        height = min(line + 2, 18)
        width = round(height * 1.75)
        top = frame.top() + PADDING + (line - height) // 2
        return mirrored(option, QRect(frame.right() - PADDING - width, top, width, height))

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, card: Card, frame: QRect) -> None:
        palette: QPalette = option.palette
        state: QStyle.StateFlag = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        highlight = palette.color(QPalette.ColorRole.Highlight)
        border = theme.frame(palette)
        if card.decision is not None and card.decision.run:
            border = theme.color(theme.Tone.BAD if card.is_culprit else theme.Tone.GOOD)
        if selected:
            border = highlight
        painter.setPen(QPen(border, 2 if selected else 1))
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        shape = QRectF(frame).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(shape, _RADIUS, _RADIUS)
        if selected:
            highlight.setAlpha(_SELECTED)
            painter.setBrush(highlight)
            painter.drawRoundedRect(shape, _RADIUS, _RADIUS)

    def _paint_chips(self, painter: QPainter, option: QStyleOptionViewItem, card: Card, line: QRect) -> int:
        """Draw as many chips as there is room for, from the end, and return where the first one begins."""
        metrics = QFontMetrics(_small(option.font))
        left, least = line.right(), line.right() - round(line.width() * _CHIPS)
        for chip in reversed(chips_of(card.assignment)):
            width = metrics.horizontalAdvance(chip.text) + 2 * PADDING
            if left - width < least:
                break
            left -= width
            # What would not run is muted, but no fainter: it is still to be read.
            shown = Chip(chip.text) if card.is_dim else chip
            _paint_chip(painter, option, shown, QRect(left, line.top() - 2, width, line.height() + 4))
            left -= GAP
        return left

    def _paint_name(self, painter: QPainter, option: QStyleOptionViewItem, card: Card, area: QRect) -> None:
        palette: QPalette = option.palette
        muted = theme.color(theme.Tone.MUTED)
        bold = QFont(option.font)
        bold.setBold(not card.is_dim)
        text = muted if card.is_dim else palette.color(QPalette.ColorRole.Text)
        area.setLeft(area.left() + _write(painter, bold, text, option, area, card.assignment.script) + GAP)
        said = card.remark if card.decision is not None else values_of(card.assignment)
        if said:
            shade = theme.color(theme.Tone.BAD) if card.is_culprit else muted
            _write(painter, QFont(option.font), shade, option, area, said)

    def _paint_warning(self, painter: QPainter, option: QStyleOptionViewItem, card: Card, line: QRect) -> None:
        side = line.height() - 2
        place = mirrored(option, QRect(line.left(), line.top() + 1, side, side))
        icons.toned("status-warning", theme.Tone.WARNING).paint(painter, place)
        area = line.adjusted(side + 5, 0, 0, 0)
        _write(painter, QFont(option.font), theme.color(theme.Tone.WARNING), option, area, card.warnings[0])

    def editorEvent(self, event: QEvent, model: Any, option: QStyleOptionViewItem, index: _Index) -> bool:
        if not isinstance(event, QMouseEvent) or event.type() != QEvent.Type.MouseButtonRelease:
            return False
        around = self.switch_rect(option, index).adjusted(-5, -5, 5, 5)
        if event.button() is not Qt.MouseButton.LeftButton or not around.contains(event.position().toPoint()):
            return False
        new = Qt.CheckState.Unchecked if index.data(CARD_ROLE).assignment.enabled else Qt.CheckState.Checked
        return bool(model.setData(index, new, Qt.ItemDataRole.CheckStateRole))


def card_height(card: Card, metrics: QFontMetrics) -> int:
    """Return the height of a card, with the gap below it."""
    height = metrics.height() + 2 * PADDING + GAP
    return height + metrics.height() + 4 if card.warnings else height


def _paint_switch(painter: QPainter, rect: QRect, option: QStyleOptionViewItem, *, on: bool) -> None:
    palette, at_right = option.palette, on is not (option.direction is RIGHT_TO_LEFT)
    shape = QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5)
    radius = shape.height() / 2
    if on:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(QPalette.ColorRole.Highlight))
    else:
        painter.setPen(QPen(theme.outline(palette), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(shape, radius, radius)
    middle = QPointF(shape.right() - radius if at_right else shape.left() + radius, shape.center().y())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.color(QPalette.ColorRole.HighlightedText) if on else theme.outline(palette))
    painter.drawEllipse(middle, radius - 3, radius - 3)


def _paint_grip(painter: QPainter, rect: QRect, shade: QColor) -> None:
    """Draw two columns of three dots: what can be dragged."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shade)
    for column in (0, 1):
        for row in (-1, 0, 1):
            painter.drawEllipse(QPointF(rect.left() + 3.5 + 5 * column, rect.center().y() + 0.5 + 5 * row), 1.2, 1.2)


def _paint_chip(painter: QPainter, option: QStyleOptionViewItem, chip: Chip, rect: QRect) -> None:
    shade = theme.color(chip.tone)
    frame = theme.frame(option.palette) if chip.tone is theme.Tone.MUTED else shade
    painter.setPen(QPen(frame, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    rect = mirrored(option, rect)
    shape = QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.drawRoundedRect(shape, shape.height() / 2, shape.height() / 2)
    painter.setFont(_small(option.font))
    painter.setPen(shade)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, chip.text)


def _small(font: QFont) -> QFont:
    small = QFont(font)
    if font.pointSizeF() > 0:
        small.setPointSizeF(font.pointSizeF() * 0.9)
    return small


def _write(painter: QPainter, font: QFont, shade: QColor, option: QStyleOptionViewItem, area: QRect, text: str) -> int:
    """Draw a text, elided if there is no room, and return its width."""
    painter.setFont(font)
    painter.setPen(shade)
    metrics = QFontMetrics(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(area.width(), 0))
    alignment = QStyle.visualAlignment(option.direction, Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignAbsolute
    painter.drawText(mirrored(option, area), Qt.AlignmentFlag.AlignVCenter | alignment, isolated(shown))
    return metrics.horizontalAdvance(shown)
