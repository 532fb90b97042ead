"""Delegate for trees whose rows are as high as their wrapped texts."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtWidgets import QStyleOptionViewItem, QTreeWidget

from borgdesk.gui.look.direction import Isolating

_MARGINS, _SPACING = 12, 4
"""Pixels beside the text, and between rows."""


class WrappingDelegate(Isolating):
    """Makes rows as high as their wrapped text: a tree measures it as if there were no end of the line."""

    def __init__(self, tree: QTreeWidget) -> None:
        super().__init__(tree)
        self._tree = tree

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        hint = super().sizeHint(option, index)
        width = self._tree.header().sectionSize(index.column()) - _MARGINS
        if index.column() == 0:
            width -= self._tree.indentation() * _depth(index)
        if index.data(Qt.ItemDataRole.CheckStateRole) is not None:
            width -= hint.height()
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
        text = str(index.data() or "")
        wrapped = option.fontMetrics.boundingRect(QRect(0, 0, max(width, _MARGINS), 0), int(flags), text)
        return QSize(hint.width(), max(hint.height(), wrapped.height() + _SPACING))


def _depth(index: QModelIndex | QPersistentModelIndex) -> int:
    depth = 1
    while (index := index.parent()).isValid():
        depth += 1
    return depth
