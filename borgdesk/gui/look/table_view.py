"""Table view used everywhere: sortable, filterable, usable by keyboard, with a text for the empty state."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
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
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from borgdesk.gui.look.direction import isolated
from borgdesk.gui.look.search_field import SearchField
from borgdesk.gui.look.table import EDGE, ROW_ROLE, TableModel
from borgdesk.translation import _

T = TypeVar("T")

_ACTIVATING = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOVING = (Qt.Key.Key_Down, Qt.Key.Key_Up)


_LEAST_OF_TEXTS = 0.2
"""Share of what texts have beyond their titles that they keep while all titles are whole."""
_AROUND_TITLE = 12
"""Pixels beside a title that is not cut."""
_LEAST_STRETCHED = 16
"""Minimum width in characters of the column that takes the remaining width."""


_LEAST_SHARE = 0.4
"""Share of their width that columns of text keep while those of numbers keep all of it."""


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
        """Preferred widths of the columns that do not take the remaining width."""
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
        for place, is_shown in shown.items():
            self.setColumnHidden(place, not is_shown)
        self._fit_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Shrink all columns in a narrow window, so that the last ones stay visible."""
        stretched = sum(column.stretch for column in self.rows.columns) * self._least_stretched
        shown = {place: width for place, width in self._widths.items() if not self.isColumnHidden(place)}
        room = self.viewport().width() - stretched
        wanted = sum(shown.values())
        for least, least_share in self._least_widths(shown):
            needed = sum(least.values())
            share = (room - needed) / max(1, wanted - needed)
            if share >= least_share:
                break
        share = min(1.0, share)
        # The header would widen a narrower column later, as if somebody had.
        narrowest = self.horizontalHeader().minimumSectionSize()
        self._fitting = True
        for place, width in shown.items():
            kept = least.get(place, 0)
            self.setColumnWidth(place, max(narrowest, round(kept + (width - kept) * share - 0.5)))
        self._fitting = False

    def _least_widths(self, wanted: Mapping[int, int]) -> Iterator[tuple[dict[int, int], float]]:
        """Yield what columns keep when they shrink, and which share of the rest they need for that.

        Numbers and words shrink last: of a text, its ends tell what it is, but "14…B" is no size.
        """
        measure, columns = self.horizontalHeader().fontMetrics().horizontalAdvance, self.rows.columns
        titles = {place: min(measure(columns[place].title) + _AROUND_TITLE, width) for place, width in wanted.items()}
        firm = {place: width for place, width in wanted.items() if columns[place].right or columns[place].choices}
        yield from ((titles | firm, _LEAST_OF_TEXTS), (firm, _LEAST_SHARE), ({}, 0.0))

    def _on_section_resized(self, place: int, _before: int, width: int) -> None:
        """Remember the width that the user gave a column."""
        if not self._fitting and width and place in self._widths:  # a hidden column has no width
            self._widths[place] = width

    def _size_columns(self) -> None:
        header = self.horizontalHeader()
        unit = self.fontMetrics().averageCharWidth()
        numbers = CellDelegate(self)
        self._least_stretched = _LEAST_STRETCHED * unit
        for place, column in enumerate(self.rows.columns):
            if column.right:
                self.setItemDelegateForColumn(place, numbers)
            title = self.fontMetrics().horizontalAdvance(column.title) + 36
            if column.stretch:
                self._least_stretched = max(self._least_stretched, title)
                header.setSectionResizeMode(place, QHeaderView.ResizeMode.Stretch)
            else:
                longest = max((self.fontMetrics().horizontalAdvance(text) for text in column.choices), default=0)
                beside = 14 + (self.iconSize().width() + 6 if column.icon else 0)
                self._widths[place] = max(title, longest + beside if longest else column.width * unit + 24)
                self.setColumnWidth(place, self._widths[place])
        header.sectionResized.connect(self._on_section_resized)

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
