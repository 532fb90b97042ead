"""Table view that looks and behaves like a tree, for the contents of an archive."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyleOption,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from borgdesk.gui.contents.contents_model import DEPTH_ROLE, MODIFIED, NAME, OPEN_ROLE, SIZE, ContentsModel
from borgdesk.gui.look import words
from borgdesk.gui.look.direction import Isolating
from borgdesk.gui.look.selection import leave_header_alone, select_places, selected_places
from borgdesk.gui.look.table_view import CellDelegate, look_alike, paint_empty
from borgdesk.store.listings import Entry
from borgdesk.translation import _

_INDENT = 16
"""Indentation in pixels per level, as long as there is room; also the width of a folder's arrow."""
_ROOM_FOR_TIMES = 62
"""Width in characters from which on times are shown; the details of a selected item also have them."""


class ContentsView(QTableView):
    """Left and Right close and open folders, as in a tree view, and so does a click on the arrow.

    Where one reads from right to left, it is the other way round.
    """

    selection_changed = Signal()

    def __init__(self, model: ContentsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.contents = model
        self.empty_text = ""
        """Text shown if there are no rows."""
        self.setModel(model)
        self.setAccessibleName(_("Contents of the archive"))
        look_alike(self)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSortingEnabled(True)
        self.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)
        self.setItemDelegateForColumn(NAME, _TreeDelegate(self))
        self.setItemDelegateForColumn(SIZE, CellDelegate(self))
        header, letter = self.horizontalHeader(), self.fontMetrics().averageCharWidth()
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(6 * letter)
        header.resizeSection(SIZE, 12 * letter)
        longest = words.moment(datetime(2028, 12, 28, 22, 58, tzinfo=UTC))
        header.resizeSection(MODIFIED, self.fontMetrics().horizontalAdvance(longest) + 3 * letter)
        leave_header_alone(self)
        self._kept: tuple[set[tuple[int, str]], tuple[int, str] | None, int] = (set(), None, 0)
        model.about_to_replace.connect(self._keep_selection)
        model.replaced.connect(self._take_selection_back)
        model.modelReset.connect(self.selection_changed)
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())
        self.doubleClicked.connect(self._on_double_clicked)

    def selected(self) -> list[Entry]:
        """Return the selected items."""
        return [self.contents.entry(place) for place in selected_places(self)]

    def toggle(self, place: int) -> None:
        """Open or close a folder."""
        if self.contents.is_open(place):
            self.contents.close(place)
        else:
            self.contents.open(place)

    def _keep_selection(self) -> None:
        current = self.currentIndex()
        keys = {self.contents.key(place) for place in selected_places(self)}
        self._kept = (
            keys,
            self.contents.key(current.row()) if current.isValid() else None,
            self.verticalScrollBar().value(),
        )

    def _take_selection_back(self) -> None:
        keys, current, scrolled = self._kept
        select_places(self, self.contents.places_of(keys))
        if current is not None:
            (place, *_more) = self.contents.places_of({current}) or [-1]
            flags = self.selectionModel().SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(self.contents.index(place, NAME), flags)
        self.verticalScrollBar().setValue(scrolled)

    def _on_double_clicked(self, index: QModelIndex) -> None:
        if self.contents.is_folder(index.row()):
            self.toggle(index.row())

    def show_no_rows(self, text: str) -> None:
        """Say why there are no rows."""
        self.empty_text = text
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        letters = self.viewport().width() // max(1, self.fontMetrics().averageCharWidth())
        self.setColumnHidden(MODIFIED, letters < _ROOM_FOR_TIMES)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.contents.rowCount():
            paint_empty(self, self.empty_text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if (
            event.button() is Qt.MouseButton.LeftButton
            and index.column() == NAME
            and self.contents.is_folder(index.row())
            and arrow_of(self.visualRect(index), index).contains(event.position().toPoint())
        ):
            self.toggle(index.row())
            return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and arrow_of(self.visualRect(index), index).contains(event.position().toPoint()):
            self.mousePressEvent(event)  # a double click on the arrow opens and closes
            return
        super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index, key = self.currentIndex(), event.key()
        inwards, outwards = Qt.Key.Key_Right, Qt.Key.Key_Left
        if self.isRightToLeft():
            inwards, outwards = outwards, inwards
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not index.isValid():
            super().keyPressEvent(event)
        elif key in (inwards, Qt.Key.Key_Plus):
            self._step_in(index.row())
        elif key in (outwards, Qt.Key.Key_Minus):
            self._step_out(index.row())
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.contents.is_folder(index.row()):
            self.toggle(index.row())
        else:
            super().keyPressEvent(event)

    def _step_in(self, place: int) -> None:
        if not self.contents.is_open(place):
            self.contents.open(place)
        elif place + 1 < self.contents.rowCount() and self.contents.above(place + 1) == place:
            self.setCurrentIndex(self.contents.index(place + 1, NAME))

    def _step_out(self, place: int) -> None:
        if self.contents.is_open(place):
            self.contents.close(place)
            return
        above = self.contents.above(place)
        if above is not None:
            self.setCurrentIndex(self.contents.index(above, NAME))


def arrow_of(cell: QRect, index: QModelIndex | QPersistentModelIndex) -> QRect:
    """Return the rectangle of a folder's arrow in the cell of its name, half of which is left to names at least."""
    model = index.model()
    assert isinstance(model, ContentsModel)
    depth = int(index.data(DEPTH_ROLE) or 0)
    indent = min(_INDENT * depth, cell.width() * depth // (2 * max(1, model.deepest)))
    arrow = QRect(cell.left() + indent, cell.top(), _INDENT, cell.height())
    return QStyle.visualRect(QGuiApplication.layoutDirection(), cell, arrow)


class _TreeDelegate(Isolating):
    """Draws a name indented by its depth, after the folder's arrow in the style's appearance."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        view = option.widget
        style = view.style()
        arrow, is_open = arrow_of(option.rect, index), index.data(OPEN_ROLE)
        # The selection is drawn from the left edge on.
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, view)
        if is_open is not None:
            branch = QStyleOption()
            branch.initFrom(view)
            branch.rect = arrow
            branch.direction = option.direction
            branch.state |= QStyle.StateFlag.State_Children
            if is_open:
                branch.state |= QStyle.StateFlag.State_Open
            if option.state & QStyle.StateFlag.State_Selected:
                branch.state |= QStyle.StateFlag.State_Selected
            style.drawPrimitive(QStyle.PrimitiveElement.PE_IndicatorBranch, branch, painter, view)
        beside = QStyleOptionViewItem(option)
        indent = QStyle.visualRect(option.direction, option.rect, arrow).right() + 1 - option.rect.left()
        beside.rect = QStyle.visualRect(option.direction, option.rect, option.rect.adjusted(indent, 0, 0, 0))
        super().paint(painter, beside, index)
