"""Model and delegate of the cards in a lane."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionButton, QStyleOptionViewItem

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.decisions import Decision
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.run import Hook
from borgdesk.gui.look import icons, script_words, theme

CARD_MIME = "application/x-borgdesk-assignment"
SCRIPT_MIME = "application/x-borgdesk-script"
CARD_ROLE = Qt.ItemDataRole.UserRole

_HERE = f"{secrets.token_hex(8)}:"
"""Identifies this process: the ids of another one may belong to another store."""

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Card:
    """One assignment as it is shown."""

    assignment: Assignment
    facts: str
    """Condition, timeout and policy on one line."""
    warnings: tuple[str, ...] = ()
    decision: Decision | None = None
    """What would happen to the script after the outcome chosen in the outcome bar."""

    @property
    def remark(self) -> str:
        """The third line: why the script would not run, or what is wrong with it."""
        if self.decision is not None and self.decision.reason:
            why = self.decision.reason.in_words()
            return why[:1].upper() + why[1:]
        return self.warnings[0] if self.warnings else ""

    @property
    def is_dim(self) -> bool:
        """Whether the script would not run."""
        return not self.assignment.enabled if self.decision is None else not self.decision.run


class LaneModel(QAbstractListModel):
    """The cards of one lane. It does not change itself: it emits the user's actions and is given new cards."""

    switched = Signal(int, bool)
    """An assignment was enabled or disabled."""
    card_dropped = Signal(int, int)
    """An assignment was dropped at a position (from 0)."""
    script_dropped = Signal(int, int)
    """A library script was dropped at a position (from 0)."""

    def __init__(self, hook: Hook, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.hook = hook
        self._cards: list[Card] = []

    def show(self, cards: Sequence[Card]) -> None:
        """Replace the cards."""
        if [card.assignment.id for card in cards] == [card.assignment.id for card in self._cards]:
            self._cards = list(cards)
            if cards:
                self.dataChanged.emit(self.index(0), self.index(len(cards) - 1))
            return
        self.beginResetModel()
        self._cards = list(cards)
        self.endResetModel()

    def card(self, row: int) -> Card:
        """Return the card in a row."""
        return self._cards[row]

    def row_of(self, assignment_id: AssignmentId) -> int | None:
        """Return the row of an assignment."""
        return next((row for row, card in enumerate(self._cards) if card.assignment.id == assignment_id), None)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._cards)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        card = self._cards[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return card.assignment.script
        if role == CARD_ROLE:
            return card
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if card.assignment.enabled else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ". ".join(part for part in (card.assignment.script, card.facts, card.remark) if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join([card.assignment.script, card.facts, *card.warnings])
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        self.switched.emit(self._cards[index.row()].assignment.id, Qt.CheckState(value) is Qt.CheckState.Checked)
        return True

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        flag = Qt.ItemFlag
        return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsDragEnabled | flag.ItemIsUserCheckable

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [CARD_MIME, SCRIPT_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        return dragged(CARD_MIME, self._cards[indexes[0].row()].assignment.id) if indexes else QMimeData()

    def canDropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index) -> bool:
        return any(dropped_id(data, mime) is not None for mime in self.mimeTypes())

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index) -> bool:
        place = row if row >= 0 else len(self._cards)
        for mime, told in ((CARD_MIME, self.card_dropped), (SCRIPT_MIME, self.script_dropped)):
            number = dropped_id(data, mime)
            if number is not None:
                told.emit(number, place)
                return True
        return False


def dragged(mime: str, number: int) -> QMimeData:
    """Return the MIME data for dragging an assignment or a script."""
    data = QMimeData()
    data.setData(mime, QByteArray(f"{_HERE}{number}".encode()))
    return data


def dropped_id(data: QMimeData, mime: str) -> int | None:
    """Return the id in the MIME data; None for other data, or a drag from another program or BorgDesk process."""
    text = bytes(data.data(mime).data()).decode("ascii", "replace") if data.hasFormat(mime) else ""
    number = text.removeprefix(_HERE)
    return int(number) if number != text and number.isdecimal() else None


class CardDelegate(QStyledItemDelegate):
    """Draws a card: check box, name, facts, and a third line if there is a remark."""

    _PADDING = 8
    _GAP = 4

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        card: Card = index.data(CARD_ROLE)
        metrics = QFontMetrics(option.font)
        lines = 3 if card.remark else 2
        height = lines * metrics.height() + (lines - 1) * 2 + 2 * self._PADDING + self._GAP
        return QSize(120, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        card: Card = index.data(CARD_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option, card)
        self._paint_switch(painter, option, card)
        self._paint_lines(painter, option, card)
        painter.restore()

    def _frame(self, option: QStyleOptionViewItem) -> QRect:
        rect: QRect = option.rect
        return rect.adjusted(1, 1, -1, -1 - self._GAP)

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, card: Card) -> None:
        palette: QPalette = option.palette
        state: QStyle.StateFlag = option.state
        frame = self._frame(option)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        border = palette.color(QPalette.ColorRole.Highlight if selected else QPalette.ColorRole.Mid)
        painter.setPen(QPen(border, 2 if selected else 1))
        ground = palette.color(QPalette.ColorRole.Base)
        painter.setBrush(ground)
        painter.drawRoundedRect(frame, 5, 5)
        if card.decision is not None and card.decision.run:
            painter.setBrush(theme.tint(theme.Tone.GOOD, 48))
            painter.drawRoundedRect(frame, 5, 5)
        if selected:
            tint = palette.color(QPalette.ColorRole.Highlight)
            tint.setAlpha(36)
            painter.setBrush(tint)
            painter.drawRoundedRect(frame, 5, 5)

    def _switch_rect(self, option: QStyleOptionViewItem) -> QRect:
        frame = self._frame(option)
        style = option.widget.style()
        width = style.pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth)
        height = style.pixelMetric(QStyle.PixelMetric.PM_IndicatorHeight)
        return QRect(frame.left() + self._PADDING, frame.top() + self._PADDING, width, height)

    def _paint_switch(self, painter: QPainter, option: QStyleOptionViewItem, card: Card) -> None:
        button = QStyleOptionButton()
        button.rect = self._switch_rect(option)
        button.palette = theme.outlined(option.palette)
        on = QStyle.StateFlag.State_On if card.assignment.enabled else QStyle.StateFlag.State_Off
        button.state = QStyle.StateFlag.State_Enabled | on
        widget = option.widget
        widget.style().drawPrimitive(QStyle.PrimitiveElement.PE_IndicatorCheckBox, button, painter, widget)

    def _paint_lines(self, painter: QPainter, option: QStyleOptionViewItem, card: Card) -> None:
        palette: QPalette = option.palette
        font = QFont(option.font)
        area = self._frame(option).adjusted(self._PADDING, self._PADDING, -self._PADDING, -self._PADDING)
        area.setLeft(self._switch_rect(option).right() + self._PADDING)
        text = palette.color(QPalette.ColorRole.Text)
        muted = theme.color(theme.Tone.MUTED)
        font.setBold(True)
        top = self._line(painter, font, muted if card.is_dim else text, area, area.top(), card.assignment.script)
        font.setBold(False)
        top = self._line(painter, font, muted, area, top, card.facts)
        if card.remark:
            tone = theme.color(theme.Tone.WARNING) if card.decision is None else muted
            font.setItalic(card.decision is not None)
            if card.decision is None:
                area = self._mark(painter, option, area, top)
            self._line(painter, font, tone, area, top, card.remark)

    def _mark(self, painter: QPainter, option: QStyleOptionViewItem, area: QRect, top: int) -> QRect:
        """Draw a warning sign before the remark and return the rest of the line."""
        side = QFontMetrics(option.font).height() - 2
        icons.toned("status-warning", theme.Tone.WARNING).paint(painter, QRect(area.left(), top + 1, side, side))
        return area.adjusted(side + 5, 0, 0, 0)

    def _line(self, painter: QPainter, font: QFont, color: QColor, area: QRect, top: int, text: str) -> int:
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(color)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        line = QRect(area.left(), top, area.width(), metrics.height())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        return top + metrics.height() + 2

    def editorEvent(self, event: QEvent, model: Any, option: QStyleOptionViewItem, index: _Index) -> bool:
        if not isinstance(event, QMouseEvent) or event.type() != QEvent.Type.MouseButtonRelease:
            return False
        around = self._switch_rect(option).adjusted(-5, -5, 5, 5)
        if event.button() is not Qt.MouseButton.LeftButton or not around.contains(event.position().toPoint()):
            return False
        new = Qt.CheckState.Unchecked if index.data(CARD_ROLE).assignment.enabled else Qt.CheckState.Checked
        return bool(model.setData(index, new, Qt.ItemDataRole.CheckStateRole))


def facts_of(assignment: Assignment) -> str:
    """Return the facts of an assignment: condition, timeout, policy, and the number of overridden values."""
    effective = assignment.effective
    parts = [script_words.condition(assignment.hook, effective.run_on), script_words.at_most(effective.timeout)]
    if assignment.on_failure is not None:
        parts.append(script_words.if_it_fails(effective.on_failure))
    count = len(assignment.parameters) + len(assignment.secrets)
    if count:
        parts.append(script_words.values(count))
    return " · ".join(parts)
