"""Flat table model of an archive's tree: the rows of an open folder follow its own row.

A tree view asks for each row of a folder when it is opened: 300,000 calls for 100,000 files. A table view asks only for
the visible rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from borgdesk.gui.look import icons, words
from borgdesk.gui.look.table import EDGE
from borgdesk.store.listings import Entry, Order, Row, entry_of
from borgdesk.translation import _

Index = QModelIndex | QPersistentModelIndex

NAME, SIZE, MODIFIED = range(3)
DEPTH_ROLE = Qt.ItemDataRole.UserRole + 1
"""Depth of a row below the top level."""
OPEN_ROLE = Qt.ItemDataRole.UserRole + 2
"""Whether a folder is open; None if the row is not a folder."""

TOP = 0
"""The number of the top-level folder."""
_ORDERS = (Order.NAME, Order.SIZE, Order.TIME)
_NOWHERE = QModelIndex()


@dataclass(slots=True)
class _Folder:
    path: str
    depth: int
    """Depth of the folder's content."""
    is_open: bool = False


class ContentsModel(QAbstractTableModel):
    """Files and folders of one archive: name, size, time; folders come first in every order."""

    rows_requested = Signal(int)
    """Number of a folder that was opened; answer with :meth:`show_rows`."""
    order_changed = Signal()
    """The order changed; answer with :meth:`replace` for all open folders."""
    about_to_replace = Signal()
    replaced = Signal()
    """The rows or their order changed; use :meth:`key` to identify rows across the change."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._folders = {TOP: _Folder("", 0)}
        self._inside: dict[int, Sequence[Row]] = {}
        """The rows of open folders."""
        self._base = TOP
        """The folder whose rows are not indented."""
        self._column, self._descending = NAME, False
        self._has_sizes = True
        self._icons = {
            is_folder: icons.icon("folder" if is_folder else "text-x-generic") for is_folder in (True, False)
        }

    # content

    @property
    def order(self) -> tuple[Order, bool]:
        """The sort order, and whether it is descending."""
        return _ORDERS[self._column], self._descending

    @property
    def open_folders(self) -> tuple[int, ...]:
        """The numbers of all open folders."""
        return tuple(number for number, folder in self._folders.items() if folder.is_open)

    @property
    def inside(self) -> Mapping[int, Sequence[Row]]:
        """The rows of all open folders, as far as they are known."""
        return dict(self._inside)

    @property
    def deepest(self) -> int:
        """The largest depth of a row."""
        base = self._folders[self._base].depth
        return max((self._folders[number].depth - base for number, rows in self._inside.items() if rows), default=0)

    @property
    def base_path(self) -> str:
        """The path that all rows have in common, which is not shown; "" if there is none."""
        return self._folders[self._base].path

    def clear(self) -> None:
        """Remove all rows and forget which folders were open."""
        self.beginResetModel()
        self._rows, self._folders, self._base = [], {TOP: _Folder("", 0)}, TOP
        self._inside = {}
        self.endResetModel()

    def begin(self, found: Mapping[int, list[Row]]) -> None:
        """Show another archive; the folders in *found* are open."""
        self.clear()
        self._folders[TOP].is_open = True
        for rows in found.values():
            for row in rows[:1]:
                inner = row[6]
                if inner is not None and inner in found:
                    self._know_folders(self._folders[row[0]], rows)
                    self._folders[inner].is_open = True
        self.replace(found)

    def show_rows(self, number: int, rows: list[Row]) -> None:
        """Insert the rows of a folder that was opened."""
        folder, place = self._folders.get(number), self._place_below(number)
        if folder is None or not folder.is_open or place is None or not rows:
            return
        if place < len(self._rows) and self._rows[place][0] == number:
            return  # opened twice before the first answer
        self._know_folders(folder, rows)
        self._inside[number] = rows
        self.beginInsertRows(QModelIndex(), place, place + len(rows) - 1)
        self._rows[place:place] = rows
        self.endInsertRows()

    def replace(self, found: Mapping[int, Sequence[Row]], *, has_sizes: bool = True) -> None:
        """Replace the rows of all open folders, in another order or with additional ones."""
        self._has_sizes = has_sizes
        known = ((number, self._folders.get(number), rows) for number, rows in found.items())
        self._inside = {number: rows for number, folder, rows in known if folder is not None and folder.is_open}
        rows: list[Row] = []
        self._gather(TOP, found, [])
        base = self._common(found)
        self._gather(base, found, rows)
        if rows == self._rows:
            return
        self.about_to_replace.emit()
        self.beginResetModel()
        self._rows, self._base = rows, base
        self.endResetModel()
        self.replaced.emit()

    def _common(self, found: Mapping[int, Sequence[Row]]) -> int:
        """Return the folder to start with: each folder above it contains only the next one."""
        base = TOP
        while True:
            rows = found.get(base, ())
            inner = rows[0][6] if len(rows) == 1 and self._may_be_left_out(rows[0]) else None
            if inner is None or not self._folders[inner].is_open:
                return base
            below = found.get(inner, ())
            if len(below) != 1 or below[0][6] is None:
                return base
            base = inner

    def _may_be_left_out(self, folder: Row) -> bool:
        """Return whether only the contents of a folder matter."""
        return True

    def _gather(self, number: int, found: Mapping[int, Sequence[Row]], rows: list[Row]) -> None:
        inside = found.get(number, ())
        self._know_folders(self._folders[number], inside)
        for place, row in enumerate(inside):
            if row[6] is None:
                rows.extend(inside[place:])  # folders come first, and the other items have no rows below them
                return
            rows.append(row)
            if self._folders[row[6]].is_open:
                self._gather(row[6], found, rows)

    def _know_folders(self, folder: _Folder, rows: Sequence[Row]) -> None:
        for row in rows:
            if row[6] is None:
                return
            path = f"{folder.path}/{row[1]}" if folder.path else row[1]
            self._folders.setdefault(row[6], _Folder(path, folder.depth + 1))

    def _place_below(self, number: int) -> int | None:
        """Return the position of a folder's first row; None if the folder itself is not shown."""
        if number == self._base:
            return 0
        return next((place + 1 for place, row in enumerate(self._rows) if row[6] == number), None)

    # single rows

    def entry(self, place: int) -> Entry:
        """Return the item of a row."""
        row = self._rows[place]
        return entry_of(row, self._folders[row[0]].path)

    def size_of(self, places: Sequence[int]) -> int:
        """Bytes of these rows together."""
        return sum(self._rows[place][3] for place in places)

    def key(self, place: int) -> tuple[int, str]:
        """Return the key that identifies a row independently of its position."""
        return self._rows[place][:2]

    def places_of(self, keys: set[tuple[int, str]]) -> list[int]:
        """Return the positions of the rows with these keys."""
        names = {name for _parent, name in keys}
        return [place for place, row in enumerate(self._rows) if row[1] in names and row[:2] in keys] if keys else []

    def above(self, place: int) -> int | None:
        """Return the row of the parent folder; None for the top level."""
        below = self._place_below(self._rows[place][0])
        return None if not below else below - 1

    def is_folder(self, place: int) -> bool:
        """Return whether a row can be opened."""
        return self._rows[place][6] is not None

    def is_open(self, place: int) -> bool:
        """Return whether the content of a folder is shown."""
        number = self._rows[place][6]
        return number is not None and self._folders[number].is_open

    def open(self, place: int) -> None:
        """Show the content of a folder as soon as it is known."""
        number = self._rows[place][6]
        if number is not None and not self._folders[number].is_open:
            self._folders[number].is_open = True
            self._tell_changed(place)
            self.rows_requested.emit(number)

    def close(self, place: int) -> None:
        """Hide the content of a folder and of its subfolders."""
        number = self._rows[place][6]
        if number is None or not self._folders[number].is_open:
            return
        end = place + 1 + self._close(number)
        if end > place + 1:
            self.beginRemoveRows(QModelIndex(), place + 1, end - 1)
            del self._rows[place + 1 : end]
            self.endRemoveRows()
        self._tell_changed(place)

    def _close(self, number: int) -> int:
        """Mark a folder and its subfolders as closed; return how many rows were shown below it."""
        self._folders[number].is_open = False
        rows = self._inside.pop(number, ())
        count = len(rows)
        for row in rows:
            if row[6] is None:
                break  # folders come first
            if self._folders[row[6]].is_open:
                count += self._close(row[6])
        return count

    def _tell_changed(self, place: int) -> None:
        self.dataChanged.emit(self.index(place, 0), self.index(place, MODIFIED))

    # QAbstractTableModel

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (_("Name"), _("Size") + EDGE, _("Modified"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        answer = self._answers.get(role)
        return answer(self, self._rows[index.row()], index.column()) if answer else None

    def _text(self, row: Row, column: int) -> str:
        _parent, name, mode, size, mtime, target, number = row
        if column == NAME:
            shown = words.file_name(name)
            is_link = Entry(name, mode, size, mtime).is_link
            return f"{shown} → {words.file_name(target or '')}" if is_link else shown
        if column == SIZE:
            return words.size(size) if number is None or self._has_sizes else ""
        return words.moment(datetime.fromtimestamp(mtime / 1_000_000, UTC)) if mode else ""

    def _icon(self, row: Row, column: int) -> Any:
        return self._icons[row[6] is not None] if column == NAME else None

    def _tip(self, row: Row, column: int) -> str | None:
        return (
            words.tooltip("/" + words.file_name(entry_of(row, self._folders[row[0]].path).path)) if not column else None
        )

    def _spoken(self, row: Row, column: int) -> str:
        """Return the accessible text, which includes the tree structure that a table does not have."""
        text = self._text(row, column)
        return text if column != NAME or row[6] is None else self._spoken_folder(row, text)

    def _spoken_folder(self, row: Row, name: str) -> str:
        number, level = row[6], self._depth(row, NAME) + 1
        state = _("open folder") if number is not None and self._folders[number].is_open else _("folder")
        return _("{name}, {state}, level {level}").format(name=name, state=state, level=level)

    def _open(self, row: Row, column: int) -> bool | None:
        return None if column != NAME or row[6] is None else self._folders[row[6]].is_open

    def _depth(self, row: Row, _column: int) -> int:
        return self._folders[row[0]].depth - self._folders[self._base].depth

    _answers: Mapping[int, Callable[[ContentsModel, Row, int], Any]] = {
        Qt.ItemDataRole.DisplayRole: _text,
        Qt.ItemDataRole.DecorationRole: _icon,
        Qt.ItemDataRole.ToolTipRole: _tip,
        Qt.ItemDataRole.AccessibleTextRole: _spoken,
        Qt.ItemDataRole.TextAlignmentRole: lambda _model, _row, column: _alignment(column),
        DEPTH_ROLE: _depth,
        OPEN_ROLE: _open,
    }

    def match(
        self,
        start: Index,
        role: int,
        value: object,
        hits: int = 1,
        flags: Qt.MatchFlag = Qt.MatchFlag.MatchStartsWith,
    ) -> list[QModelIndex]:
        """Find the next name with the typed prefix among all rows."""
        if role != Qt.ItemDataRole.DisplayRole or not start.isValid():
            return []
        wanted, first, many = str(value).casefold(), start.row(), len(self._rows)
        found: list[QModelIndex] = []
        for step in range(many):
            place = (first + step) % many
            if self._rows[place][1].casefold().startswith(wanted):
                found.append(self.index(place, start.column()))
                if len(found) == hits:
                    break
        return found

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        descending = order is Qt.SortOrder.DescendingOrder
        if (column, descending) != (self._column, self._descending):
            self._column, self._descending = column, descending
            self.order_changed.emit()


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column == SIZE else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
