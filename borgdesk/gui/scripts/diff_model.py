"""Table model for the rows of a diff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFontDatabase, QFontMetrics, QPalette

from borgdesk.domain.lines import visible
from borgdesk.gui.scripts.text_diff import Change, DiffRow, unified
from borgdesk.translation import _

_MAX_COLUMN = 4_000
"""Maximum width of a column in characters."""

_TAB = " " * 4
_SIGNS = {Change.SAME: " ", Change.REMOVED: "−", Change.ADDED: "+", Change.CHANGED: "±"}
_TINTS = {Change.REMOVED: 0, Change.ADDED: 130, Change.CHANGED: 42}
"""Background hue in degrees of each kind of change."""

_NOWHERE = QModelIndex()

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    is_number: bool
    is_old: bool
    is_sign: bool = False


class DiffModel(QAbstractTableModel):
    """Table model for the rows of a diff."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns: list[_Column] = []
        self._rows: Sequence[DiffRow] = []
        self._side_by_side = True
        self._ink = QColor()
        self._tints: dict[Change, QColor] = {}
        self._font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)

    def show_rows(self, rows: Sequence[DiffRow], titles: tuple[str, str], *, side_by_side: bool) -> None:
        """Show these rows: number and text of each side around a sign, or both numbers, a sign and one text."""
        old, new = titles
        number = _("Line")
        self.beginResetModel()
        self._rows = rows
        if side_by_side:
            self._columns = [
                _Column(number, is_number=True, is_old=True),
                _Column(old, is_number=False, is_old=True),
                _Column("", is_number=False, is_old=True, is_sign=True),
                _Column(number, is_number=True, is_old=False),
                _Column(new, is_number=False, is_old=False),
            ]
        else:
            self._columns = [
                _Column(_("Old"), is_number=True, is_old=True),
                _Column(_("New"), is_number=True, is_old=False),
                _Column("", is_number=False, is_old=True, is_sign=True),
                _Column(_("{old} → {new}").format(old=old, new=new), is_number=False, is_old=False),
            ]
        self._side_by_side = side_by_side
        self.endResetModel()

    def set_palette(self, palette: QPalette) -> None:
        """Derive the backgrounds of changed lines, and black or white text on them, from the palette."""
        base = palette.color(QPalette.ColorRole.Base)
        dark = base.lightness() < 128
        self._ink = QColor("white" if dark else "black")
        self._tints = {
            change: QColor.fromHslF(hue / 360, 0.45 if dark else 0.75, 0.20 if dark else 0.90)
            for change, hue in _TINTS.items()
        }

    def widths(self) -> list[int]:
        """Return the width in pixels that each column needs, without asking every cell."""
        letter = self.letter()
        digits = len(str(max((max(r.old_number, r.new_number) for r in self._rows), default=1)))
        result = []
        for column in self._columns:
            longest = digits if column.is_number else 1
            if not column.is_number and not column.is_sign:
                longest = max((len(self._text(row, column)) for row in self._rows), default=0)
            result.append((min(longest, _MAX_COLUMN) + 3) * letter)
        return result

    def is_text(self, column: int) -> bool:
        """Return whether a column shows lines of a text, and not numbers or signs."""
        return not (self._columns[column].is_number or self._columns[column].is_sign)

    def as_text(self, rows: Sequence[int]) -> str:
        """Return some rows as lines of a unified diff."""
        lines = []
        for row in unified([self._rows[number] for number in rows]):
            removed = row.change is Change.REMOVED
            sign = "-" if removed else "+" if row.change is Change.ADDED else " "
            lines.append(sign + (row.old if removed else row.new))
        return "\n".join(lines)

    def letter(self) -> int:
        """Return the width of a letter in pixels."""
        return QFontMetrics(self._font).horizontalAdvance("M")

    def row_height(self) -> int:
        """Return the height of a row in pixels."""
        return QFontMetrics(self._font).lineSpacing() + 3

    def change_of(self, row: int) -> Change:
        return self._rows[row].change

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: _Index, role: int = 0) -> Any:
        row, column = self._rows[index.row()], self._columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.BackgroundRole:
            return self._tints.get(row.change) if self._is_there(row, column) else None
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._ink if row.change in self._tints and self._is_there(row, column) else None
        if role == Qt.ItemDataRole.FontRole:
            return self._font
        if role == Qt.ItemDataRole.TextAlignmentRole and column.is_number:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.change}: {self._text(row, column)}"
        return None

    def _is_there(self, row: DiffRow, column: _Column) -> bool:
        if column.is_sign or not self._side_by_side:
            return True
        return bool(row.old_number if column.is_old else row.new_number)

    def _text(self, row: DiffRow, column: _Column) -> str:
        if column.is_sign:
            return _SIGNS[row.change]
        if column.is_number:
            number = row.old_number if column.is_old else row.new_number
            return str(number) if number else ""
        text = row.old if column.is_old or (not self._side_by_side and not row.new_number) else row.new
        return visible(text).replace("\t", _TAB)
