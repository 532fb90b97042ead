"""Lane widget: a title and a list of cards that accepts drops and keys."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLabel, QListView, QSizePolicy, QVBoxLayout, QWidget

from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.run import Hook
from borgdesk.gui.lanes.cards import CARD_ROLE, Card, CardDelegate, LaneModel
from borgdesk.gui.look import script_words
from borgdesk.gui.look.form_parts import explanation
from borgdesk.translation import _

_EMPTY_LINES = 2.6
_TARGET = 48
"""Opacity of the highlight colour, out of 255, in an empty lane during a drag."""
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class LaneView(QListView):
    """The cards of one lane. It is as high as its cards, because the board scrolls, not each lane."""

    removal_requested = Signal(int)
    step_requested = Signal(int, int)
    """An assignment is to move up (-1) or down (1) by one position."""
    opened = Signal(int)
    """Enter or a double click on an assignment."""
    menu_requested = Signal(int, QPoint)
    """A context menu was requested for an assignment, at a point in screen coordinates."""
    card_selected = Signal(int)

    def __init__(self, model: LaneModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lane = model
        self.setModel(model)
        self.setItemDelegate(CardDelegate(self))
        self.setAccessibleName(lane_title(model.hook))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDragDropOverwriteMode(False)
        self.setDropIndicatorShown(True)
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
        self.selectionModel().currentChanged.connect(lambda index, _: self._tell_selected(index))
        model.modelReset.connect(self.updateGeometry)
        model.dataChanged.connect(self._relayout)

    def selected_id(self) -> AssignmentId | None:
        """Return the selected assignment of this lane."""
        indexes = self.selectionModel().selectedIndexes()
        return self._id(indexes[0]) if indexes else None

    def select(self, assignment_id: AssignmentId) -> bool:
        """Select an assignment; return False if it is not in this lane."""
        row = self.lane.row_of(assignment_id)
        if row is None:
            return False
        self.setCurrentIndex(self.lane.index(row))
        return True

    def deselect(self) -> None:
        """Clear the selection of this lane."""
        self.clearSelection()
        self.setCurrentIndex(QModelIndex())

    def sizeHint(self) -> QSize:
        rows = self.lane.rowCount()
        if not rows:
            return QSize(200, round(self.fontMetrics().height() * _EMPTY_LINES))
        heights = sum(self.sizeHintForRow(row) for row in range(rows))
        return QSize(200, heights + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        selected = self.selected_id()
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        steps = alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down)
        if selected is None and steps:
            # Otherwise the list would select another card, which the next such key would move.
            event.accept()
        elif selected is None:
            super().keyPressEvent(event)
        elif steps:
            self.step_requested.emit(selected, -1 if event.key() == Qt.Key.Key_Up else 1)
        elif event.key() == Qt.Key.Key_Delete:
            self.removal_requested.emit(selected)
        elif event.key() in _ENTERS:
            self.opened.emit(selected)
        elif event.key() == Qt.Key.Key_Space:
            enabled = self.lane.card(self.currentIndex().row()).assignment.enabled
            state = Qt.CheckState.Unchecked if enabled else Qt.CheckState.Checked
            self.lane.setData(self.currentIndex(), state, Qt.ItemDataRole.CheckStateRole)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        by_keyboard = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if by_keyboard and self.selected_id() is None and self.lane.rowCount():
            self.setCurrentIndex(self.lane.index(0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.lane.rowCount():
            return
        painter = QPainter(self.viewport())
        if self.state() == QAbstractItemView.State.DraggingState:
            self._paint_target(painter)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(
            self.viewport().rect(),
            int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap),
            _("No scripts. Drag one here."),
        )
        painter.end()

    def _paint_target(self, painter: QPainter) -> None:
        """Highlight an empty lane as drop target: there are no cards between which a line could be drawn."""
        frame = QColor(self.palette().color(QPalette.ColorRole.Highlight))
        ground = QColor(frame)
        ground.setAlpha(_TARGET)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(frame)
        painter.setBrush(ground)
        painter.drawRoundedRect(self.viewport().rect().adjusted(1, 1, -2, -2), 5, 5)

    def _relayout(self) -> None:
        self.scheduleDelayedItemsLayout()
        self.updateGeometry()

    def _id(self, index: QModelIndex) -> AssignmentId:
        card: Card = index.data(CARD_ROLE)
        return card.assignment.id

    def _tell_selected(self, index: QModelIndex) -> None:
        if index.isValid():
            self.card_selected.emit(self._id(index))

    def _on_menu_requested(self, point: QPoint) -> None:
        index = self.indexAt(point)
        if index.isValid():
            self.setCurrentIndex(index)
            self.menu_requested.emit(self._id(index), self.viewport().mapToGlobal(point))


class Lane(QFrame):
    """A lane with its title. A card dropped on the title becomes the first, one dropped below the cards the last."""

    def __init__(self, hook: Hook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hook = hook
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAcceptDrops(True)
        self.cards = LaneModel(hook, self)
        self.view = LaneView(self.cards, self)
        title = QLabel(lane_title(hook))
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        title.setBuddy(self.view)
        about = explanation(script_words.lane_explained(hook))
        self._extra = QVBoxLayout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(4)
        layout.addWidget(title)
        layout.addWidget(about)
        layout.addWidget(self.view)
        layout.addLayout(self._extra)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.dragMoveEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self.cards.canDropMimeData(event.mimeData(), event.dropAction(), -1, -1, QModelIndex()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        place = 0 if event.position().y() < self.view.y() else self.cards.rowCount()
        if self.cards.dropMimeData(event.mimeData(), event.dropAction(), place, 0, QModelIndex()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def set_extra(self, widget: QWidget | None) -> None:
        """Show a widget below the cards, replacing the previous one."""
        while (item := self._extra.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        if widget is not None:
            self._extra.addWidget(widget)
