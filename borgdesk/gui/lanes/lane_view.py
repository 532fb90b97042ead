"""The cards of one lane: a list that reacts to keys, and opens a place for what is dragged over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QItemSelectionModel, QMimeData, QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QSizePolicy, QWidget

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.lane_titles import lane_title
from borgdesk.gui.lanes.card_delegate import GAP, PADDING, CardDelegate, card_height
from borgdesk.gui.lanes.cards import CARD_ROLE, Card, LaneModel, dragged_cards
from borgdesk.gui.lanes.drag import CARD_MIME, dragged_name, dropped_ids, start_drag
from borgdesk.translation import _

_TARGET = 36
"""Opacity of the highlight colour in a place that is open for a drop, out of 255."""
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class LaneView(QListView):
    """The cards of one lane. It is as high as its cards, because the board scrolls, not each lane."""

    removal_requested = Signal(object)
    """Assignments, as a list of ids, are to be removed."""
    step_requested = Signal(int, int)
    """An assignment, with others that are selected, is to move up (-1) or down (1) by one position."""
    switch_requested = Signal(object, bool)
    """Assignments, as a list of ids, are to be enabled or disabled."""
    opened = Signal(int)
    """Enter or a double click on an assignment."""
    menu_requested = Signal(int, QPoint)
    """A context menu was requested for an assignment, at a point in screen coordinates."""
    lane_menu_requested = Signal(QPoint)
    """A context menu was requested where no card is, at a point in screen coordinates."""
    new_requested = Signal()
    """Insert was pressed: a new script is to be written for this lane."""
    cards_selected = Signal(bool)
    """Other cards are selected, or none; True if that adds to what is selected in other lanes."""
    range_requested = Signal(int)
    """All cards up to this one are to be selected, from one in another lane."""
    extension_requested = Signal(int)
    """The next card above (-1) or below (1), which is in another lane, is to be selected, too."""
    hovered = Signal(bool)
    """Something that may be dropped here is dragged over the cards, or no longer."""

    def __init__(self, model: LaneModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lane = model
        self.chosen: Callable[[], Sequence[Assignment]] = self._selected_here
        """What is selected, in other lanes, too."""
        self._extends = False
        self._room: int | None = None
        self._room_for = ""
        self._has_inline, self._has_library = False, True
        self.setModel(model)
        self.setItemDelegate(CardDelegate(self._room_above, self))
        self.setAccessibleName(lane_title(model.hook))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.viewport().setAutoFillBackground(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu_requested)
        self.doubleClicked.connect(lambda index: self.opened.emit(self._id(index)))
        self.selectionModel().selectionChanged.connect(lambda *_: self.cards_selected.emit(self._extends))
        # A plain click on one of several selected cards leaves only that one, in whichever lanes the others are.
        self.clicked.connect(lambda _index: None if self._extends else self.cards_selected.emit(False))
        model.modelReset.connect(self.updateGeometry)
        model.dataChanged.connect(self._relayout)

    # Selection ------------------------------------------------------------------------------------------------------

    def selected_ids(self) -> list[AssignmentId]:
        """Return the selected assignments of this lane, in order."""
        return [one.id for one in self._selected_here()]

    def selected_id(self) -> AssignmentId | None:
        """Return the selected assignment of this lane; of several, the one that keys last moved to."""
        indexes = self.selectionModel().selectedIndexes()
        if not indexes:
            return None
        return self._id(self.currentIndex() if self.currentIndex() in indexes else indexes[0])

    def select(self, assignment_id: AssignmentId) -> bool:
        """Select an assignment; return False if it is not in this lane."""
        row = self.lane.row_of(assignment_id)
        if row is None:
            return False
        self._select_only(self.lane.index(row))
        return True

    def _select_only(self, index: QModelIndex) -> None:
        """Select one card, whatever keys are held: the list itself would deselect it again with Ctrl."""
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def select_too(self, assignment_id: AssignmentId) -> None:
        """Select an assignment besides those that are selected, if it is in this lane."""
        row = self.lane.row_of(assignment_id)
        if row is not None:
            self.selectionModel().select(self.lane.index(row), QItemSelectionModel.SelectionFlag.Select)

    def go_on(self, row: int) -> None:
        """Select the card in a row, too, and let the next key start from there."""
        self._extends = True
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.selectionModel().setCurrentIndex(self.lane.index(row), QItemSelectionModel.SelectionFlag.Select)

    def deselect(self) -> None:
        """Clear the selection of this lane."""
        self.clearSelection()
        self.selectionModel().setCurrentIndex(QModelIndex(), QItemSelectionModel.SelectionFlag.NoUpdate)

    # Size -----------------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        rows = self.lane.rowCount()
        if not rows:
            return QSize(200, self._room_height() + 4)
        heights = sum(self._heights()) + (self._room_height() if self._room is not None else 0)
        return QSize(200, heights + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def _heights(self) -> list[int]:
        """Return the heights of the cards without any room that is open."""
        metrics = self.fontMetrics()
        return [card_height(self.lane.card(row), metrics) for row in range(self.lane.rowCount())]

    def _room_height(self) -> int:
        return self.fontMetrics().height() + 2 * PADDING + GAP

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def _relayout(self) -> None:
        self.scheduleDelayedItemsLayout()
        self.updateGeometry()

    # Keys -----------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._extends = bool(event.modifiers() & (_SHIFT | Qt.KeyboardModifier.ControlModifier))
        index = self.indexAt(event.position().toPoint())
        if event.modifiers() & _SHIFT and index.isValid() and self.selected_id() is None:
            self.range_requested.emit(self._id(index))
            event.accept()
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        selected = self.selected_id()
        self._extends = bool(event.modifiers() & (_SHIFT | Qt.KeyboardModifier.ControlModifier))
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        steps = alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down)
        if event.key() == Qt.Key.Key_Insert:
            self.new_requested.emit()
        elif selected is None and steps:
            # Otherwise the list would select another card, which the next such key would move.
            event.accept()
        elif selected is None:
            super().keyPressEvent(event)
        elif event.modifiers() == _SHIFT and (step := self._step_out(event.key())):
            self.extension_requested.emit(step)
        elif steps:
            self.step_requested.emit(selected, -1 if event.key() == Qt.Key.Key_Up else 1)
        elif event.key() == Qt.Key.Key_Delete:
            self.removal_requested.emit(self.selected_ids())
        elif event.key() in _ENTERS:
            self.opened.emit(selected)
        elif event.key() == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            row = self.lane.row_of(selected)
            enabled = row is not None and self.lane.card(row).assignment.enabled
            self.switch_requested.emit(self.selected_ids(), not enabled)
        else:
            super().keyPressEvent(event)

    def _step_out(self, key: int) -> int:
        """Return by how much a key leaves the lane: -1, 1, or 0."""
        row = self.currentIndex().row()
        if key == Qt.Key.Key_Down and row == self.lane.rowCount() - 1:
            return 1
        return -1 if key == Qt.Key.Key_Up and row == 0 else 0

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        by_keyboard = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if by_keyboard and self.selected_id() is None and self.lane.rowCount():
            self._extends = False
            self._select_only(self.lane.index(0))
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    # Dragging -------------------------------------------------------------------------------------------------------

    def startDrag(self, actions: Qt.DropAction) -> None:
        start_drag(self, dragged_cards(self.chosen()), Qt.DropAction.MoveAction)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.dragMoveEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if not self.lane.canDropMimeData(event.mimeData(), event.dropAction(), -1, -1, QModelIndex()):
            event.ignore()
            return
        self.hovered.emit(True)
        self.make_room(self._place_at(round(event.position().y())), event.mimeData())
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.hovered.emit(False)
        self.close_room()

    def dropEvent(self, event: QDropEvent) -> None:
        place = self._place_at(round(event.position().y()))
        self.hovered.emit(False)
        self.close_room()
        if self.lane.dropMimeData(event.mimeData(), event.dropAction(), place, 0, QModelIndex()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def say_when_empty(self, *, has_inline: bool, has_library: bool) -> None:
        """Say without cards what can be done: a dropped script would run instead of the inline script of the lane."""
        self._has_inline, self._has_library = has_inline, has_library
        self.viewport().update()

    @property
    def empty_text(self) -> str:
        """What is said if there are no cards."""
        if not self._has_library:
            return "" if self._has_inline else _("No scripts. Press Insert to write one.")
        return _("A script dragged here runs instead.") if self._has_inline else _("No scripts. Drag one here.")

    def make_room(self, place: int, data: QMimeData) -> None:
        """Open the place (from 0) where *data* would be dropped, unless it is there already."""
        rows = [self.lane.row_of(AssignmentId(one)) for one in dropped_ids(data, CARD_MIME)]
        stays = all(row is not None for row in rows) and bool(rows)
        near = {row for one in rows if one is not None for row in (one, one + 1)}
        self._room_for = dragged_name(data)
        self._set_room(None if stays and place in near else place)

    def close_room(self) -> None:
        """Close the place that is open."""
        self._set_room(None)

    def _set_room(self, place: int | None) -> None:
        if place != self._room:
            self._room = place
            self._relayout()
            self.viewport().update()

    def _room_above(self, row: int) -> int:
        return self._room_height() if row == self._room else 0

    def _place_at(self, y: int) -> int:
        """Return the position (from 0) of a drop: before the first card whose middle is below it.

        The room that is open counts as its own place, otherwise it would open and close under a pointer that rests.
        """
        top = 0
        for row, height in enumerate(self._heights()):
            if row == self._room:
                top += self._room_height()
                if y < top:
                    return row
            if y < top + height / 2:
                return row
            top += height
        return self.lane.rowCount()

    # Painting -------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        empty = not self.lane.rowCount()
        if not empty and self._room is None:
            return
        painter = QPainter(self.viewport())
        if self._room is not None:
            self._paint_room(painter, self._room)
        else:
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            self._write(painter, self.viewport().rect(), self.empty_text)
            if self.hasFocus():
                self._paint_focus(painter)
        painter.end()

    def _paint_focus(self, painter: QPainter) -> None:
        """Show that the keyboard is here although there is no card to select."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
        painter.drawRoundedRect(self.viewport().rect().toRectF().adjusted(1, 1, -1, -1), 6, 6)

    def _paint_room(self, painter: QPainter, place: int) -> None:
        top = sum(self._heights()[:place])
        area = QRect(1, top + 1, self.viewport().width() - 2, self._room_height() - GAP - 1)
        frame = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(frame, 1, Qt.PenStyle.DashLine))
        frame.setAlpha(_TARGET)
        painter.setBrush(frame)
        painter.drawRoundedRect(area.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        self._write(painter, area, _("Drop “{script}” here").format(script=self._room_for))

    def _write(self, painter: QPainter, area: QRect, text: str) -> None:
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width() - 2 * PADDING)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, shown)

    # Implementation -------------------------------------------------------------------------------------------------

    def _id(self, index: QModelIndex) -> AssignmentId:
        card: Card = index.data(CARD_ROLE)
        return card.assignment.id

    def _selected_here(self) -> list[Assignment]:
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        return [self.lane.card(row).assignment for row in rows]

    def _on_menu_requested(self, point: QPoint) -> None:
        index = self.indexAt(point)
        if index.isValid():
            if index not in self.selectionModel().selectedIndexes():
                self._extends = False
                self._select_only(index)
            self.menu_requested.emit(self._id(index), self.viewport().mapToGlobal(point))
        else:
            self.lane_menu_requested.emit(self.viewport().mapToGlobal(point))
