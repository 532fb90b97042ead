"""The view of every table: sortable, filterable, usable by keyboard, and never empty without a word."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from borgdesk.gui import icons
from borgdesk.gui.table import EDGE, ROW_ROLE, TableModel

T = TypeVar("T")

_ACTIVATING = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOVING = (Qt.Key.Key_Down, Qt.Key.Key_Up)


class TableView(QTableView, Generic[T]):
    """A :class:`TableModel` as people see it."""

    row_selected = Signal(object)
    """The row that is selected now, or None."""
    row_activated = Signal(object)
    """A row was double-clicked, or Enter was pressed on it."""
    delete_pressed = Signal(object)
    """Delete was pressed on a row."""

    def __init__(
        self,
        model: TableModel[T],
        name: str,
        empty: str = "",
        *,
        sortable: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        """*name* is what a screen reader calls the table, *empty* what stands there when there are no rows."""
        super().__init__(parent)
        self.rows = model
        self._empty = empty
        self._no_match = self.tr("Nothing matches.")
        self._proxy = _Filter(self)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._proxy.setFilterKeyColumn(-1)
        self._proxy.setSourceModel(model)
        self.setModel(self._proxy)
        self.setAccessibleName(name)
        self._look()
        self._size_columns()
        if sortable:
            self.setSortingEnabled(True)
            self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.selectionModel().selectionChanged.connect(self._tell_selection)
        self.doubleClicked.connect(lambda _: self._activate())

    # what is selected

    def current_row(self) -> T | None:
        """The selected row."""
        indexes = self.selectionModel().selectedRows()
        return indexes[0].data(ROW_ROLE) if indexes else None

    def select_key(self, key: Hashable) -> bool:
        """Select the row with that key; False when it is not there or filtered out."""
        place = self.rows.place_of(key)
        index = QModelIndex() if place is None else self._proxy.mapFromSource(self.rows.index(place, 0))
        if not index.isValid():
            return False
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().setCurrentIndex(index, flags)
        self.scrollTo(index)
        return True

    def select_first(self) -> None:
        """Select the topmost row, if there is any."""
        if self._proxy.rowCount():
            self.selectRow(0)

    # what is shown

    def set_filter(self, text: str) -> None:
        """Show only rows of which a column contains *text*, whatever its case."""
        self._proxy.setFilterFixedString(text.strip())

    def search_field(self, name: str, parent: QWidget | None = None) -> QLineEdit:
        """A field that filters this table while one types; Down goes from it into the table."""
        field = _SearchField(self, parent)
        field.setPlaceholderText(name)
        field.setAccessibleName(name)
        field.textChanged.connect(self.set_filter)
        return field

    def set_empty(self, text: str) -> None:
        """Change what stands there when there are no rows."""
        self._empty = text
        self.viewport().update()

    def visible_rows(self) -> int:
        """How many rows the filter lets through."""
        return self._proxy.rowCount()

    def _look(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setAlternatingRowColors(True)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 12)
        self.horizontalHeader().setHighlightSections(False)

    def _size_columns(self) -> None:
        header = self.horizontalHeader()
        unit = self.fontMetrics().averageCharWidth()
        numbers = CellDelegate(self)
        for place, column in enumerate(self.rows.columns):
            if column.right:
                self.setItemDelegateForColumn(place, numbers)
            title = self.fontMetrics().horizontalAdvance(column.title) + 36
            self.setColumnWidth(place, max(title, column.width * unit + 24))
            if column.stretch:
                header.setSectionResizeMode(place, QHeaderView.ResizeMode.Stretch)

    def _tell_selection(self, now: QItemSelection, before: QItemSelection) -> None:
        # Qt also tells of a selection that other rows have only moved.
        if not (now.isEmpty() and before.isEmpty()):
            self.row_selected.emit(self.current_row())

    def _activate(self) -> None:
        row = self.current_row()
        if row is not None:
            self.row_activated.emit(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.current_row()
        if row is not None and event.key() in _ACTIVATING:
            self._activate()
        elif row is not None and event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit(row)
        elif row is None and event.key() in _MOVING:
            self.select_first()  # Qt has made it current without selecting it, and would go on from there
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._proxy.rowCount():
            return
        painter = QPainter(self.viewport())
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        area: QRect = self.viewport().rect().adjusted(24, 24, -24, -24)
        text = self._no_match if self.rows.rowCount() else self._empty
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), text)
        painter.end()


class _Filter(QSortFilterProxyModel):
    """Filters only; the model sorts."""

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.sourceModel().sort(column, order)


class CellDelegate(QStyledItemDelegate):
    """Draws numbers as the style does, with some room at their right."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        if option.displayAlignment & Qt.AlignmentFlag.AlignRight:
            option.text += EDGE


class _SearchField(QLineEdit):
    def __init__(self, table: TableView[Any], parent: QWidget | None) -> None:
        super().__init__(parent)
        self._table = table
        self.setClearButtonEnabled(True)
        self.addAction(icons.icon("edit-find"), QLineEdit.ActionPosition.LeadingPosition)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self._table.setFocus(Qt.FocusReason.TabFocusReason)
            if self._table.current_row() is None:
                self._table.select_first()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)
