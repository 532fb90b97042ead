"""Cards one below the other, and beside each other where there is room: none is wider than can be read at a glance."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from borgdesk.gui.look.direction import set_margins

_LEAST = 760
_MOST = 1160
"""Pixels, between which the cards of a wide window are."""

_SPACING = 10


class CardGrid(QWidget):
    """In reading order: row by row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: list[QWidget] = []
        self._columns = 1
        self._grid = QGridLayout(self)
        self._grid.setSpacing(_SPACING)
        self._fit()

    def show_cards(self, cards: Sequence[QWidget]) -> None:
        """Show these cards in their order; one that is gone is up to the caller to delete."""
        if self._cards != [*cards]:
            self._cards = [*cards]
            self._columns = 0
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
        # Otherwise the cards would have their new places only a moment later.
        self._grid.activate()

    def _fit(self) -> None:
        columns = max(1, min(len(self._cards), (self.width() + _SPACING) // (_LEAST + _SPACING)))
        unused = self.width() - columns * (_MOST + _SPACING) + _SPACING
        set_margins(self._grid, 0, 0, max(0, unused), 0)
        if columns == self._columns:
            return
        for column in range(max(columns, self._grid.columnCount())):
            self._grid.setColumnStretch(column, int(column < columns))
        for place, card in enumerate(self._cards):
            self._grid.removeWidget(card)
            self._grid.addWidget(card, place // columns, place % columns)
        self._columns = columns
