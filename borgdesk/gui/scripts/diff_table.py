"""Table of a diff: both texts have half of the room each, and are scrolled together in both directions."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QScrollBar,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from borgdesk.gui.scripts.diff_model import DiffModel
from borgdesk.translation import _

_LETTERS = 8
"""Letters by which an arrow key moves the texts."""


class DiffTable(QTableView):
    """Selects whole rows and copies them as a unified diff."""

    def __init__(self, model: DiffModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._widths: list[int] = []
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # code is written like that everywhere
        self.sideways = QScrollBar(Qt.Orientation.Horizontal, parent)
        """Moves the lines of both texts; hidden while all of them fit. It belongs below the table."""
        self.sideways.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.sideways.setAccessibleName(_("Move both texts sideways"))
        self.sideways.valueChanged.connect(lambda _: self.viewport().update())
        self.sideways.hide()
        self.setModel(model)
        self.setItemDelegate(_Shifting(model, self.sideways, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setDefaultSectionSize(model.row_height())
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setStretchLastSection(True)

    def show_columns(self, widths: list[int]) -> None:
        """Show columns that need these widths in pixels: the texts get equal shares of what the others leave."""
        self._widths = [
            width if self._model.is_text(column) else max(width, self.horizontalHeader().sectionSizeHint(column))
            for column, width in enumerate(widths)
        ]
        self.sideways.setValue(0)
        self._share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        widths = self._widths[: self._model.columnCount()]  # others are yet to come while the model is reset
        texts = [column for column in range(len(widths)) if self._model.is_text(column)]
        if not texts:
            return
        others = [column for column in range(len(widths)) if column not in texts]
        for column in others:
            self.setColumnWidth(column, widths[column])
        # Not the widths that they were given: with a large font, the header insists on more.
        rest = self.viewport().width() - sum(map(self.columnWidth, others))
        share = max(rest // len(texts), 1)
        for column in texts:
            self.setColumnWidth(column, share)
        hidden = max(widths[column] for column in texts) - share
        self.sideways.setRange(0, max(hidden, 0))
        self.sideways.setPageStep(share)
        self.sideways.setSingleStep(_LETTERS * self._model.letter())
        self.sideways.setVisible(hidden > 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if event.matches(QKeySequence.StandardKey.Copy):
            rows = sorted(index.row() for index in self.selectionModel().selectedRows())
            QGuiApplication.clipboard().setText(self._model.as_text(rows))
        elif step is not None:
            self.sideways.setValue(self.sideways.value() + step * self.sideways.singleStep())
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        if abs(delta.x()) > abs(delta.y()):
            QGuiApplication.sendEvent(self.sideways, event)
        else:
            super().wheelEvent(event)

    def go_to(self, row: int) -> None:
        """Select one row and show it."""
        index = self._model.index(row, 0)
        # selectRow() would extend the selection while Shift or Ctrl is held.
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().setCurrentIndex(index, flags)
        self.show_current()

    def show_current(self) -> None:
        """Show the selected row, if there is one."""
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex(), QTableView.ScrollHint.PositionAtCenter)


class _Shifting(QStyledItemDelegate):
    """Draws the lines of texts as far to the left as they are scrolled."""

    def __init__(self, model: DiffModel, sideways: QScrollBar, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._sideways = model, sideways

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        offset = self._sideways.value() if self._model.is_text(index.column()) else 0
        if not offset:
            super().paint(painter, option, index)
            return
        place: QRect = option.rect
        shifted = QStyleOptionViewItem(option)
        shifted.rect = place.adjusted(-offset, 0, 0, 0)
        painter.save()
        painter.setClipRect(place)
        super().paint(painter, shifted, index)
        painter.restore()
