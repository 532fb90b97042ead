"""Generic table model for rows of any type."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QCollator, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from borgdesk.gui.look import theme
from borgdesk.gui.look.columns import Column

T = TypeVar("T")
Index = QModelIndex | QPersistentModelIndex

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
EDGE = "\u2002"
"""Space that separates right-aligned text from left-aligned text in the next column."""
NOWHERE = QModelIndex()
_ROLES = frozenset(
    (
        ROW_ROLE,
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.AccessibleTextRole,
        Qt.ItemDataRole.DecorationRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.TextAlignmentRole,
    )
)
"""A view asks for three more whenever it paints a cell: some 600 calls for a page."""
_ALIGNED = {
    False: Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
    True: Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
}


class TableModel(QAbstractTableModel, Generic[T]):
    """Model of rows of type T, shown through declared columns.

    Rows are identified by their *key*, so that updated values keep the selection and the scroll position.
    """

    more_requested = Signal()
    """The view reached the end of the loaded rows; answer with :meth:`append`."""

    def __init__(
        self, columns: Sequence[Column[T]], key: Callable[[T], Hashable], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._key = key
        self._rows: list[T] = []
        self._places: dict[Hashable, int] = {}
        self._texts: list[str] | None = None
        """What each row shows in all columns, folded; None until somebody searches, and after any change."""
        self._has_more = False
        self._waiting = False
        self._order: tuple[Column[T], bool] | None = None
        """The sort column, and whether the order is descending."""

    # rows

    def rows(self) -> tuple[T, ...]:
        """Return all rows in display order."""
        return tuple(self._rows)

    def row(self, place: int) -> T:
        """Return the row at a position in display order."""
        return self._rows[place]

    def place_of(self, key: Hashable) -> int | None:
        """Return the position of the row with that key."""
        return self._places.get(key)

    def found(self, text: str) -> list[bool]:
        """Return for each row, in display order, whether it shows *text* in any column, ignoring case."""
        if self._texts is None:
            self._texts = ["\0".join([column.text(row) for column in self.columns]).casefold() for row in self._rows]
        wanted = text.casefold()
        return [wanted in shown for shown in self._texts]

    def set_rows(self, rows: Iterable[T], *, has_more: bool = False) -> None:
        """Replace the rows; the selection is kept for keys that remain."""
        new = self._sorted(rows)
        self._has_more, self._waiting = has_more, False
        keys = [self._key(row) for row in new]
        wanted = set(keys)
        if not self._rows or not (wanted & self._places.keys()):
            self._reset(new)
            return
        self._remove_others(wanted)
        kept = [key for key in keys if key in self._places]
        if kept != [self._key(row) for row in self._rows]:
            self._reorder(kept)
        self._insert_missing(new, keys)
        self._update_changed(new)

    def append(self, rows: Iterable[T], *, has_more: bool = False) -> None:
        """Add the next page, without rows whose key is already present."""
        self._has_more, self._waiting = has_more, False
        new = [row for row in rows if self._key(row) not in self._places]
        if new:
            self._insert(len(self._rows), new)
            self._keep_order()

    def put(self, row: T, place: int | None = None) -> None:
        """Update the row with the same key, or insert it at *place* (by default at the end)."""
        known = self._places.get(self._key(row))
        if known is None:
            self._insert(len(self._rows) if place is None else place, [row])
        elif self._rows[known] != row:
            self._rows[known] = row
            self._emit_changed(known, known)
        self._keep_order()

    def remove(self, key: Hashable) -> None:
        """Remove a row, if it is present."""
        place = self._places.get(key)
        if place is not None:
            self._remove(place, place)

    def refresh(self) -> None:
        """Update all texts, because time passed or the palette changed."""
        if self._rows:
            self._emit_changed(0, len(self._rows) - 1)

    # QAbstractTableModel

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._row_at(index.row()) if role in _ROLES and index.isValid() else None
        if row is None:
            return None
        column = self.columns[index.column()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        return self._looks(column, row, role)

    def _row_at(self, place: int) -> T | None:
        return self._rows[place] if place < len(self._rows) else None

    def _looks(self, column: Column[T], row: T, role: int) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _ALIGNED[column.right]
        if role == Qt.ItemDataRole.DecorationRole and column.icon:
            return column.icon(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return (column.spoken or column.text)(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return (column.tooltip or column.text)(row)
        if role == Qt.ItemDataRole.ForegroundRole and column.tone:
            tone = column.tone(row)
            return None if tone is None else theme.color(tone)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            column = self.columns[section]
            return column.title + EDGE if column.right else column.title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _ALIGNED[self.columns[section].right]
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the rows, including those added later.

        A QSortFilterProxyModel is not used for this: for 500 rows it called Python 16,000 times, which blocked for 45
        ms.
        """
        self._order = (self.columns[column], order is Qt.SortOrder.DescendingOrder)
        self._keep_order()

    def _keep_order(self) -> None:
        if self._order is not None and self._rows:
            keys = [self._key(row) for row in self._sorted(self._rows)]
            if keys != [self._key(row) for row in self._rows]:
                self._reorder(keys)

    def _sorted(self, rows: Iterable[T]) -> list[T]:
        """Return the rows in order: texts by the rules of the user's language, equal ones as they came."""
        if self._order is None:
            return list(rows)
        column, descending = self._order
        collate = QCollator().sortKey

        def rank(row: T) -> Any:
            key = column.key_of(row)
            return collate(key) if isinstance(key, str) else key

        return sorted(rows, key=rank, reverse=descending)

    def canFetchMore(self, parent: Index = NOWHERE) -> bool:
        return self._has_more and not self._waiting and not parent.isValid()

    def fetchMore(self, parent: Index = NOWHERE) -> None:
        if self.canFetchMore(parent):
            self._waiting = True
            self.more_requested.emit()

    # updating rows

    def _reset(self, rows: list[T]) -> None:
        self.beginResetModel()
        self._rows = rows
        self._index()
        self.endResetModel()

    def _index(self) -> None:
        self._texts = None
        self._places = {self._key(row): place for place, row in enumerate(self._rows)}

    def _emit_changed(self, first: int, last: int) -> None:
        self._texts = None
        self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def _insert(self, place: int, rows: Sequence[T]) -> None:
        self.beginInsertRows(QModelIndex(), place, place + len(rows) - 1)
        self._rows[place:place] = rows
        self._index()
        self.endInsertRows()

    def _remove(self, first: int, last: int) -> None:
        self.beginRemoveRows(QModelIndex(), first, last)
        del self._rows[first : last + 1]
        self._index()
        self.endRemoveRows()

    def _remove_others(self, wanted: set[Hashable]) -> None:
        last = len(self._rows) - 1
        while last >= 0:
            first = last
            if self._key(self._rows[last]) not in wanted:
                while first > 0 and self._key(self._rows[first - 1]) not in wanted:
                    first -= 1
                self._remove(first, last)
            last = first - 1

    def _reorder(self, keys: Sequence[Hashable]) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        known = [self._key(self._rows[index.row()]) for index in before]
        self._rows = [self._rows[self._places[key]] for key in keys]
        self._index()
        after = [self.index(self._places[key], old.column()) for key, old in zip(known, before, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _insert_missing(self, rows: Sequence[T], keys: Sequence[Hashable]) -> None:
        place = 0
        while place < len(rows):
            end = place
            while end < len(rows) and keys[end] not in self._places:
                end += 1
            if end > place:
                self._insert(place, rows[place:end])
            place = max(end, place + 1)

    def _update_changed(self, rows: Sequence[T]) -> None:
        for place, row in enumerate(rows):
            if self._rows[place] != row:
                self._rows[place] = row
                self._emit_changed(place, place)
