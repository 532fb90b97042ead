"""Table view of archives, which shows as many columns as fit and skips headings."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from borgdesk.domain.archive import Archive
from borgdesk.gui.archives.archive_model import COMMENT, MADE, NAME, NEW, SIZE, ArchivesModel
from borgdesk.gui.look.selection import leave_header_alone, select_places, selected_places
from borgdesk.gui.look.table_view import CellDelegate, look_alike, paint_empty
from borgdesk.translation import _

_ROOM = ((COMMENT, 84), (SIZE, 58), (NEW, 44))
"""Width in characters from which on each column is shown. The tool tip of a row has all of them."""

_AROUND = 14
"""Pixels to the left and right of a text in a cell."""

_ACTIVATING = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ArchiveTable(QTableView):
    """One archive is the current one; several can be selected."""

    current_changed = Signal()
    """The only selected archive changed, or there is none."""
    several_selected = Signal()
    """Another number of archives is selected, and more than one."""
    rename_pressed = Signal()
    delete_pressed = Signal()
    details_pressed = Signal()

    def __init__(self, model: ArchivesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = model
        self.empty_text = ""
        """Text shown if there are no archives."""
        self._times = ("", 0)
        """A time as long as those shown, and its width."""
        self.setModel(model)
        self.setAccessibleName(_("Archives"))
        look_alike(self)
        # Archives of a repository have names that differ at their ends.
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSortingEnabled(True)
        self.sortByColumn(MADE, Qt.SortOrder.DescendingOrder)
        for column in (NEW, SIZE):
            self.setItemDelegateForColumn(column, CellDelegate(self))
        header, letter = self.horizontalHeader(), self.fontMetrics().averageCharWidth()
        header.setMinimumSectionSize(5 * letter)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in ((NEW, 12), (SIZE, 12), (COMMENT, 22)):
            header.resizeSection(column, width * letter)
        self._make_room_for_times()
        leave_header_alone(self)
        self._kept: tuple[set[str], int] = (set(), 0)
        self._shown: str | None = None
        model.about_to_replace.connect(self._keep_selection)
        model.replaced.connect(self._on_replaced)
        self.selectionModel().selectionChanged.connect(lambda *_: self._tell_current())

    # selection

    def selected(self) -> list[Archive]:
        """Return the selected archives, from the top."""
        found = (self.rows.row(place) for place in selected_places(self))
        return [one for one in found if one is not None]

    def current_row(self) -> Archive | None:
        """Return the selected archive if it is the only one."""
        selected = self.selected()
        return selected[0] if len(selected) == 1 else None

    def select_first(self) -> None:
        """Select the topmost archive, if there is any."""
        place = self.rows.first()
        if place is not None:
            self._select(place)

    def select_archive(self, archive_id: str) -> bool:
        """Select one archive; return False if it is not shown."""
        places = self.rows.places_of({archive_id})
        if places:
            self._select(places[0])
        return bool(places)

    def _select(self, place: int) -> None:
        self.setCurrentIndex(self.rows.index(place, MADE))
        self.scrollTo(self.rows.index(max(0, place - 1), MADE))

    def _tell_current(self) -> None:
        current = self.current_row()
        shown = current.id if current is not None else None
        if shown != self._shown:
            self._shown = shown
            self.current_changed.emit()
        elif shown is None and self.selected():
            self.several_selected.emit()

    def _keep_selection(self) -> None:
        self._kept = ({one.id for one in self.selected()}, self.verticalScrollBar().value())

    def _on_replaced(self) -> None:
        self.clearSpans()
        self._make_room_for_times()
        ids, scrolled = self._kept
        places = self.rows.places_of(ids)
        if places:
            flags = self.selectionModel().SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(self.rows.index(places[0], MADE), flags)
        select_places(self, places)
        self.verticalScrollBar().setValue(scrolled)
        self._tell_current()

    # content

    def _make_room_for_times(self) -> None:
        """Give times the width they need: headings have a part of the date, or all of it, or none."""
        metrics = self.fontMetrics()
        title = metrics.horizontalAdvance(_("Made")) + 36
        wanted = (self.rows.long_time, metrics.horizontalAdvance(self.rows.long_time) + _AROUND)
        if wanted != self._times:  # otherwise the user may have chosen another width
            self._times = wanted
            self.horizontalHeader().resizeSection(MADE, max(title, wanted[1]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        letters = self.viewport().width() // max(1, self.fontMetrics().averageCharWidth())
        for column, least in _ROOM:
            self.setColumnHidden(column, letters < least)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.selected():
            self.delete_pressed.emit()
        elif event.key() == Qt.Key.Key_F2 and self.current_row() is not None:
            self.rename_pressed.emit()
        elif event.key() in _ACTIVATING and self.current_row() is not None:
            self.details_pressed.emit()
        else:
            super().keyPressEvent(event)

    def _widen_headings(self) -> None:
        """Give the headings in sight the whole width: of thousands, each would cost time at once."""
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        if first < 0:
            return
        for place in range(first, (last if last >= 0 else self.rows.rowCount() - 1) + 1):
            if self.rows.row(place) is None and self.columnSpan(place, 0) == 1:
                self.setSpan(place, 0, 1, self.rows.columnCount())

    def paintEvent(self, event: QPaintEvent) -> None:
        self._widen_headings()
        super().paintEvent(event)
        if self.rows.rowCount():
            return
        paint_empty(self, _("No matches.") if self.rows.archives else self.empty_text)
