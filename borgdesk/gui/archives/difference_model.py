"""Tree of the differences between two archives, based on :mod:`borgdesk.gui.contents.contents_model`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt

from borgdesk.domain.change import ChangeKind, kinds_of
from borgdesk.gui.contents.contents_model import DEPTH_ROLE, NAME, OPEN_ROLE, ContentsModel
from borgdesk.gui.look import theme, words
from borgdesk.gui.look.table import EDGE
from borgdesk.store.differences import Row
from borgdesk.translation import _

Index = QModelIndex | QPersistentModelIndex

CHANGE, ADDED, REMOVED = range(1, 4)
_SORTINGS = ("name", "kind", "added", "removed")
_NOWHERE = QModelIndex()
_TONES = {
    ChangeKind.ADDED: theme.Tone.GOOD,
    ChangeKind.REMOVED: theme.Tone.BAD,
    ChangeKind.TYPE: theme.Tone.WARNING,
    ChangeKind.MODIFIED: theme.Tone.WORKING,
}


def kind_name(kind: ChangeKind) -> str:
    """Return the kind of a change as a word."""
    return {
        ChangeKind.ADDED: _("added"),
        ChangeKind.REMOVED: _("removed"),
        ChangeKind.TYPE: _("other type"),
        ChangeKind.MODIFIED: _("modified"),
        ChangeKind.OWNER: _("owner"),
        ChangeKind.MODE: _("permissions"),
    }[kind]


class DifferenceModel(ContentsModel):
    """Changed paths: name, kind of change, bytes added and removed; folders first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._names = {bits: ", ".join(map(kind_name, kinds_of(bits))) for bits in range(1 << len(ChangeKind))}

    @property
    def sorting(self) -> tuple[str, bool]:
        """The store's name of the sort order, and whether it is descending."""
        return _SORTINGS[self._column], self._descending

    def _may_be_left_out(self, folder: Row) -> bool:
        return not folder[2]  # the folder itself did not change

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(_SORTINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (_("Name"), _("Change"), _("Added") + EDGE, _("Removed") + EDGE)[section]
        return _alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        answer = self._shown.get(role)
        return answer(self, self._rows[index.row()], index.column()) if answer else None

    def _cell(self, row: Row, column: int) -> str:
        if column == NAME:
            return words.file_name(row[1])
        if column == CHANGE:
            return self._names[row[2]]
        size = row[3] if column == ADDED else row[4]
        return words.size(size) if size else ""

    def _hint(self, row: Row, column: int) -> str | None:
        if column == CHANGE:
            return words.tooltip(row[5]) if row[5] else None
        return words.tooltip(words.file_name(row[1])) if column == NAME else None

    def _ink(self, row: Row, column: int) -> Any:
        kinds = kinds_of(row[2])
        tone = _TONES.get(kinds[0]) if kinds and column == CHANGE else None
        return theme.color(tone) if tone else None

    def _voice(self, row: Row, column: int) -> str:
        """Return the accessible text, which includes the tree structure that a table does not have."""
        text = self._cell(row, column)
        return self._spoken_folder(row, text) if column == NAME and row[6] is not None else text

    _shown: Mapping[int, Callable[[DifferenceModel, Row, int], Any]] = {
        Qt.ItemDataRole.DisplayRole: _cell,
        Qt.ItemDataRole.DecorationRole: ContentsModel._icon,
        Qt.ItemDataRole.ToolTipRole: _hint,
        Qt.ItemDataRole.ForegroundRole: _ink,
        Qt.ItemDataRole.AccessibleTextRole: _voice,
        Qt.ItemDataRole.TextAlignmentRole: lambda _model, _row, column: _alignment(column),
        DEPTH_ROLE: ContentsModel._depth,
        OPEN_ROLE: ContentsModel._open,
    }


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in (ADDED, REMOVED) else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
