"""Model of the cards in a lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.decisions import Decision
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.run import Hook
from borgdesk.gui.lanes.drag import CARD_MIME, SCRIPT_MIME, dragged, dropped_ids, named
from borgdesk.gui.look import script_words
from borgdesk.translation import _

CARD_ROLE = Qt.ItemDataRole.UserRole

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Card:
    """One assignment as it is shown."""

    assignment: Assignment
    facts: str
    """Condition, timeout and policy on one line."""
    warnings: tuple[str, ...] = ()
    decision: Decision | None = None
    """What would happen to the script in the scenario chosen in the outcome bar."""
    is_culprit: bool = False
    """Whether the script is the one that fails in that scenario."""
    down: str = ""
    """How long what it stops or starts was down lately."""

    @property
    def remark(self) -> str:
        """Why the script would not run, or what is wrong with it."""
        if self.is_culprit:
            return _("fails here")
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
    cards_dropped = Signal(object, int)
    """Assignments, as a list of ids, were dropped at a position (from 0)."""
    scripts_dropped = Signal(object, int)
    """Library scripts, as a list of ids, were dropped at a position (from 0)."""

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
            return ". ".join(part for part in (card.assignment.script, card.facts, card.remark, card.down) if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            said = card.remark if card.decision is not None else ""
            return "\n".join(filter(None, (card.assignment.script, card.facts, said, *card.warnings, card.down)))
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
        return dragged_cards([self._cards[row].assignment for row in sorted(index.row() for index in indexes)])

    def canDropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index) -> bool:
        return any(dropped_ids(data, mime) for mime in self.mimeTypes())

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index) -> bool:
        place = row if row >= 0 else len(self._cards)
        for mime, told in ((CARD_MIME, self.cards_dropped), (SCRIPT_MIME, self.scripts_dropped)):
            numbers = dropped_ids(data, mime)
            if numbers:
                told.emit(numbers, place)
                return True
        return False


def dragged_cards(cards: Sequence[Assignment]) -> QMimeData:
    """Return the MIME data for dragging cards."""
    if not cards:
        return QMimeData()
    return dragged(CARD_MIME, [card.id for card in cards], named([card.script for card in cards]))


def facts_of(assignment: Assignment) -> str:
    """Return the facts of an assignment: condition, timeout, policy, and the number of overridden values."""
    effective = assignment.effective
    parts = [script_words.condition(assignment.hook, effective.run_on), script_words.at_most(effective.timeout)]
    if assignment.on_failure is not None:
        parts.append(script_words.if_it_fails(effective.on_failure))
    if assignment.shared is not None:
        parts.append(_("shared with other backups"))
    count = len(assignment.parameters) + len(assignment.secrets)
    if count:
        parts.append(script_words.values(count))
    return " · ".join(parts)
