"""Completion of variables and nearby words, in a list below the caret.

The list does not get in the way: Tab inserts the first entry, Enter only one chosen with the arrow keys, so that a line
ending in ``do`` or ``fi`` can be ended as usual.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QModelIndex, QObject, QRect, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QCompleter, QHeaderView, QTreeView, QWidget

from borgdesk.gui.editor.surface import KeyUse, Surface
from borgdesk.translation import _

MIN_PREFIX = 2
_MAX_ENTRIES = 40
_MAX_ROWS = 10
_NEAR = 32_768
"""Bytes on each side of the caret that are searched for words, which bounds the work per key press."""

_LONGEST_WORD = 200
_BEFORE = re.compile(rb"(\$\{?)?([A-Za-z_][A-Za-z0-9_]*)?\Z")
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]{2,}")
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Completion(QObject):
    """The completion list of one editor."""

    def __init__(self, surface: Surface, widget: QWidget) -> None:
        super().__init__(widget)
        self._surface = surface
        self._widget = widget
        self._variables: dict[str, str] = {}
        self._model = QStandardItemModel(0, 2, self)
        self._view = QTreeView()
        self._completer = QCompleter(self._model, self)
        self._set_up_list()

    def _set_up_list(self) -> None:
        self._completer.setWidget(self._widget)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setPopup(self._view)
        self._completer.setMaxVisibleItems(_MAX_ROWS)
        activated = self._completer.activated[QModelIndex]  # type: ignore[index] # an overloaded signal, chosen by type
        activated.connect(self._accept)
        self._view.setRootIsDecorated(False)
        self._view.setHeaderHidden(True)
        self._view.setUniformRowHeights(True)
        self._view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._view.setAccessibleName(_("Completions"))
        self._view.header().setStretchLastSection(True)
        self._view.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)

    def set_variables(self, variables: Iterable[tuple[str, str]]) -> None:
        """Set the variables that are offered first: name and description."""
        self._variables = dict(variables)

    def description(self, name: str) -> str:
        """Return the description of a variable, or "" if it is unknown."""
        return self._variables.get(name, "")

    def is_open(self) -> bool:
        return self._view.isVisible()

    def close_list(self) -> None:
        self._view.hide()

    def use_key(self, key: Qt.Key) -> KeyUse:
        """Return what a key does to the open list; call it only while the list is open."""
        if key == Qt.Key.Key_Escape:
            return KeyUse.LEAVE
        if key == Qt.Key.Key_Tab and not self._view.currentIndex().isValid():
            self.close_list()
            self._accept(self._model.index(0, 0))
            return KeyUse.TAKEN
        if key == Qt.Key.Key_Tab:
            return KeyUse.LEAVE
        if key in _ENTERS:
            if self._view.currentIndex().isValid():
                return KeyUse.LEAVE
            self.close_list()
        return KeyUse.PASS

    def after_key(self, typed: str) -> None:
        """Open, update or close the list after a key was handled."""
        if self.is_open() or typed in {"$", "{"} or (typed.isprintable() and (typed.isalnum() or typed == "_")):
            self.offer(MIN_PREFIX)

    def offer(self, min_prefix: int = 1) -> None:
        """Show what can be inserted at the caret; close the list if there is nothing."""
        entries = self._entries(min_prefix)
        if not entries:
            self.close_list()
            return
        self._fill(entries)
        self._completer.complete(self._place())
        self._view.setCurrentIndex(QModelIndex())

    def _entries(self, min_prefix: int) -> list[tuple[str, str]]:
        surface = self._surface
        if surface.isReadOnly() or surface.SendScintilla(surface.SCI_GETSELECTIONS) > 1:
            return []
        dollar, prefix = self._before()
        if not dollar and len(prefix) < min_prefix:
            return []
        folded = prefix.lower()
        names = [item for item in self._variables.items() if item[0].lower().startswith(folded)]
        known = {name for name, _ in names}
        words = [(word, "") for word in self._words_near(prefix) if word not in known] if prefix else []
        entries = [entry for entry in names + words if entry[0] != prefix]
        return entries[:_MAX_ENTRIES]

    def _before(self) -> tuple[str, str]:
        caret = self._surface.caret()
        line_start = self._surface.line_start(self._surface.place_of(caret)[0])
        found = _BEFORE.search(self._surface.part(max(line_start, caret - _LONGEST_WORD), caret))
        assert found is not None
        return (found[1] or b"").decode(), (found[2] or b"").decode()

    def _words_near(self, prefix: str) -> list[str]:
        caret = self._surface.caret()
        start = max(0, caret - _NEAR - len(prefix))
        near = self._surface.part(start, caret - len(prefix)) + b" "
        near += self._surface.part(caret, min(self._surface.length(), caret + _NEAR))
        beginning = prefix.encode()
        return sorted({word.decode() for word in _WORD.findall(near) if word.startswith(beginning)})

    def _fill(self, entries: Sequence[tuple[str, str]]) -> None:
        self._model.setRowCount(0)
        for name, description in entries:
            self._model.appendRow([QStandardItem(name), QStandardItem(description)])

    def _place(self) -> QRect:
        prefix = self._before()[1]
        x, y, height = self._surface.point_of(self._surface.caret() - len(prefix))
        described = any(self._model.item(row, 1).text() for row in range(self._model.rowCount()))
        width = self._view.sizeHintForColumn(0) + (self._view.sizeHintForColumn(1) if described else 0)
        scroll_bar = self._view.verticalScrollBar().sizeHint().width()
        return QRect(x, y, min(width + scroll_bar + 12, max(self._widget.width(), 200)), height)

    def _accept(self, index: QModelIndex) -> None:
        name = str(self._model.index(index.row(), 0).data())
        dollar, prefix = self._before()
        caret = self._surface.caret()
        closing = dollar == "${" and self._surface.part(caret, caret + 1) not in (b"}", b":", b"%", b"#", b"/")
        text = name.encode() + (b"}" if closing else b"")
        self._surface.put(caret - len(prefix), caret, text)
        end = caret - len(prefix) + len(text)
        self._surface.select(end, end)
