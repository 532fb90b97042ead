"""Read-only view of the differences between two texts, side by side or unified."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QRunnable, QThreadPool, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from borgdesk.gui.scripts.diff_model import DiffModel
from borgdesk.gui.scripts.diff_table import DiffTable
from borgdesk.gui.scripts.text_diff import Change, DiffRow, diff, unified
from borgdesk.gui.workers.thread_emitter import ThreadEmitter
from borgdesk.translation import _

BIG = 65_536
"""Total characters of both texts from which the comparison runs in a worker thread."""


class _Comparison(QRunnable):
    """One comparison in a worker thread."""

    def __init__(self, number: int, old: str, new: str, told: Callable[[int, list[DiffRow]], None]) -> None:
        super().__init__()
        self._number, self._old, self._new, self._told = number, old, new, told

    def run(self) -> None:
        self._told(self._number, diff(self._old, self._new))


class DiffView(QWidget):
    """Read-only view of the differences between two texts.

    Large texts are compared in a worker thread; meanwhile the view says so.
    """

    compared = Signal(int)
    """The comparison is shown; carries the number of rows that differ."""
    _found = Signal(int, list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asked = 0
        self._titles = ("", "")
        self._rows: list[DiffRow] = []
        self._found.connect(self._show_diff)
        self._tell_found = ThreadEmitter(self._found)
        self._model = DiffModel(self)
        self._model.set_palette(self.palette())
        self._table = DiffTable(self._model, self)
        self._summary = QLabel(self)
        self._previous = QPushButton(_("P&revious change"), self)
        self._next = QPushButton(_("&Next change"), self)
        self._side_by_side = QCheckBox(_("&Side by side"), self)
        self._side_by_side.setChecked(True)
        self._side_by_side.toggled.connect(self._show)
        self._previous.clicked.connect(partial(self.go_to_change, backward=True))
        self._next.clicked.connect(partial(self.go_to_change, backward=False))
        top = QHBoxLayout()
        top.addWidget(self._summary, 1)
        for widget in (self._side_by_side, self._previous, self._next):
            top.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self._table, 1)
        layout.addWidget(self._table.sideways)
        self._table.setAccessibleName(_("Differences"))

    def set_texts(self, old: str, new: str, old_title: str, new_title: str) -> None:
        """Compare two texts, with titles for their columns. A comparison in progress is discarded."""
        self._asked += 1
        self._titles = (old_title, new_title)
        if len(old) + len(new) < BIG:
            self._show_diff(self._asked, diff(old, new))
            return
        self._rows = []
        self._show()
        self._summary.setText(_("Comparing…"))
        QThreadPool.globalInstance().start(_Comparison(self._asked, old, new, self._tell_found))

    def go_to_change(self, *, backward: bool = False) -> None:
        """Select the next or the previous block of changed rows."""
        rows = self._model.rowCount()
        row = self._table.currentIndex().row()
        step = -1 if backward else 1
        while 0 <= row < rows and self._model.change_of(row) is not Change.SAME:
            row += step
        row = row if row >= 0 else (0 if not backward else -1)
        while 0 <= row < rows and self._model.change_of(row) is Change.SAME:
            row += step
        if 0 <= row < rows:
            self._table.go_to(row)

    def _show_diff(self, number: int, rows: list[DiffRow]) -> None:
        if number != self._asked:
            return
        self._rows = rows
        changes = sum(row.change is not Change.SAME for row in rows)
        self._summary.setText(self._words(changes))
        self._next.setEnabled(bool(changes))
        self._previous.setEnabled(bool(changes))
        self._show()
        if changes:
            self.go_to_change()
        self.compared.emit(changes)

    def _words(self, changes: int) -> str:
        if not changes:
            return _("No differences.")
        if changes == 1:
            return _("1 line differs.")
        return _("{count} lines differ.").format(count=self.locale().toString(changes))

    def _show(self) -> None:
        both = self._side_by_side.isChecked()
        self._model.show_rows(self._rows if both else unified(self._rows), self._titles, side_by_side=both)
        self._table.show_columns(self._model.widths())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # What was selected before the table had its size is not in sight.
        QTimer.singleShot(0, self, self._table.show_current)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._model.set_palette(self.palette())
            self._table.viewport().update()
