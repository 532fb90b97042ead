"""Table view used everywhere: sortable, filterable, usable by keyboard, with a text for the empty state."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QAbstractProxyModel,
    QIdentityProxyModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from borgdesk.gui.look.column_widths import shared
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.direction import isolated
from borgdesk.gui.look.search_field import SearchField
from borgdesk.gui.look.table import EDGE, ROW_ROLE, TableModel
from borgdesk.translation import _

T = TypeVar("T")

_ACTIVATING = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOVING = (Qt.Key.Key_Down, Qt.Key.Key_Up)


_LEAST_STRETCHED = 16
"""Minimum width in characters of the column that takes the remaining width."""


_AROUND = 16
"""Pixels beside the text of a cell."""


class TableView(QTableView, Generic[T]):
    """View of a :class:`TableModel`."""

    row_selected = Signal(object)
    """The selected row, or None."""
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
        filterable: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        """*name* is the accessible name, *empty* the text shown if there are no rows.

        One that is not *filterable* may have hundreds of thousands of rows, each of which a filter would look at.
        """
        super().__init__(parent)
        self.rows = model
        self._empty = empty
        self._no_match = _("No matches.")
        self._filter = _Filter(model, self)
        self._proxy: QAbstractProxyModel = self._filter if filterable else QIdentityProxyModel(self)
        self._proxy.setSourceModel(model)
        self.setModel(self._proxy)
        self.setAccessibleName(name)
        self._widths: dict[int, int] = {}
        """Preferred widths of all columns; for those that take the remaining width, what they need."""
        self._left_out: set[int] = set()
        """Columns that are not to be shown, however much room there is."""
        self._chosen: set[int] = set()
        """Columns whose width the user chose."""
        self._fitting = False
        look_alike(self)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._size_columns()
        if sortable:
            self.setSortingEnabled(True)
            self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.doubleClicked.connect(lambda _: self._activate())

    # selection

    def current_row(self) -> T | None:
        """Return the selected row."""
        indexes = self.selectionModel().selectedRows()
        return indexes[0].data(ROW_ROLE) if indexes else None

    def select_key(self, key: Hashable) -> bool:
        """Select the row with that key; return False if it is missing or filtered out."""
        place = self.rows.place_of(key)
        index = QModelIndex() if place is None else self._proxy.mapFromSource(self.rows.index(place, 0))
        if not index.isValid():
            return False
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().setCurrentIndex(index, flags)
        self.scrollTo(index)
        return True

    def select_first(self) -> None:
        """Select the topmost row, if there is one."""
        if self._proxy.rowCount():
            self.selectRow(0)

    # content

    def set_filter(self, text: str) -> None:
        """Show only rows that contain *text* in any column, ignoring case."""
        self._filter.set_text(text.strip())

    def search_field(self, name: str, parent: QWidget | None = None) -> SearchField:
        """Return a field that filters this table while the user types; Down moves the focus to the table."""
        field = _SearchField(self, name, parent)
        field.textChanged.connect(self.set_filter)
        return field

    def set_empty(self, text: str) -> None:
        """Set the text shown if there are no rows."""
        self._empty = text
        self.viewport().update()

    def show_columns(self, shown: Mapping[int, bool]) -> None:
        """Show or hide these columns; the visible ones share the width."""
        self._left_out.update(place for place, is_shown in shown.items() if not is_shown)
        self._left_out.difference_update(place for place, is_shown in shown.items() if is_shown)
        self._fit_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Shrink texts in a narrow window, so that the last columns stay visible; where that is not enough, scroll."""
        header, room = self.horizontalHeader(), self.viewport().width()
        wanted = {place: width for place, width in self._widths.items() if place not in self._left_out}
        # The header would widen a narrower column later, as if somebody had.
        narrowest = header.minimumSectionSize()
        least = {
            place: max(narrowest, self.fontMetrics().horizontalAdvance(column.title) + _AROUND)
            for place, column in enumerate(self.rows.columns)
        }
        widths = shared(self.rows.columns, wanted, least, room, frozenset(self._chosen))
        scrolls = sum(widths.values()) > room
        self._fitting = True
        for place, column in enumerate(self.rows.columns):
            self.setColumnHidden(place, place not in widths)
            if column.stretch:
                # In too little room, the header would leave next to nothing of it.
                mode = QHeaderView.ResizeMode.Fixed if scrolls else QHeaderView.ResizeMode.Stretch
                header.setSectionResizeMode(place, mode)
            if place in widths and (scrolls or not column.stretch):
                self.setColumnWidth(place, widths[place])
        self._fitting = False

    def _on_section_resized(self, place: int, _before: int, width: int) -> None:
        """Remember the width that the user gave a column."""
        # A hidden column has no width, and the header itself changes those of stretched ones.
        if not self._fitting and width and not self.rows.columns[place].stretch:
            self._widths[place] = width
            self._chosen.add(place)

    def _size_columns(self) -> None:
        header = self.horizontalHeader()
        numbers = CellDelegate(self)
        for place, column in enumerate(self.rows.columns):
            if column.right:
                self.setItemDelegateForColumn(place, numbers)
            self._widths[place] = self._width_of(column)
            if column.stretch:
                header.setSectionResizeMode(place, QHeaderView.ResizeMode.Stretch)
            else:
                self.setColumnWidth(place, self._widths[place])
        header.sectionResized.connect(self._on_section_resized)

    def _width_of(self, column: Column[T]) -> int:
        """Return the width that a column has where there is room."""
        metrics = self.fontMetrics()
        letters = _LEAST_STRETCHED if column.stretch and not column.whole else column.width
        usual = letters * metrics.averageCharWidth() + 24
        icon = _icon_width(self) if column.icon else 0
        whole = max((metrics.horizontalAdvance(text) + icon + _AROUND for text in column.whole), default=0)
        return max(metrics.horizontalAdvance(column.title) + 36, usual, whole)

    def _on_selection_changed(self, now: QItemSelection, before: QItemSelection) -> None:
        # Qt also reports selections that only moved because of other rows.
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
            self.select_first()  # Qt made the row current without selecting it, and would move on from there
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._proxy.rowCount():
            paint_empty(self, self._no_match if self.rows.rowCount() else self._empty)


def _icon_width(view: QTableView) -> int:
    """Return the width of an icon beside a text."""
    width = view.iconSize().width()
    return (width if width > 0 else view.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize)) + 6


def look_alike(view: QTableView) -> None:
    """Apply the common appearance of tables to a view."""
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setTextElideMode(Qt.TextElideMode.ElideRight)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.setAlternatingRowColors(True)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(view.fontMetrics().height() + 12)
    view.horizontalHeader().setHighlightSections(False)


def paint_empty(view: QTableView, text: str) -> None:
    """Say in the middle of a table why it has no rows."""
    painter = QPainter(view.viewport())
    painter.setPen(view.palette().color(QPalette.ColorRole.PlaceholderText))
    area: QRect = view.viewport().rect().adjusted(24, 24, -24, -24)
    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), text)
    painter.end()


class _Filter(QSortFilterProxyModel):
    """Filters only; the model sorts.

    Asks the model once for all rows. Qt's own filter asks it for each cell, in half a dozen calls.
    """

    def __init__(self, model: TableModel[Any], parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._text = model, ""
        self._found: list[bool] | None = None
        """Which rows contain the text; None if that must be found out."""
        for signal in (model.rowsInserted, model.rowsRemoved, model.dataChanged, model.layoutChanged, model.modelReset):
            signal.connect(self._forget)

    def set_text(self, text: str) -> None:
        """Keep the rows that contain *text*."""
        self.beginFilterChange()
        self._text, self._found = text, None
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex | QPersistentModelIndex) -> bool:
        if not self._text:
            return True
        if self._found is None:
            self._found = self._model.found(self._text)
        return self._found[source_row]

    def _forget(self) -> None:
        self._found = None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.sourceModel().sort(column, order)


class CellDelegate(QStyledItemDelegate):
    """Draws right-aligned text with some space to its right."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        if option.displayAlignment & Qt.AlignmentFlag.AlignRight:
            option.text = isolated(option.text) + EDGE


class _SearchField(SearchField):
    """A search field from which the arrow down leads into the table."""

    def __init__(self, table: TableView[Any], name: str, parent: QWidget | None) -> None:
        super().__init__(name, parent)
        self._table = table

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self._table.setFocus(Qt.FocusReason.TabFocusReason)
            if self._table.current_row() is None:
                self._table.select_first()
        else:
            super().keyPressEvent(event)
