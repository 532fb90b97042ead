"""Lane widget: a title and the list of its cards, which lights up and makes room while something is dragged over it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QRectF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.run import Hook
from borgdesk.gui.lanes.cards import LaneModel
from borgdesk.gui.lanes.lane_view import LaneView
from borgdesk.gui.look import script_words, theme
from borgdesk.gui.look.elided_label import ElidedLabel

_LIT = 30
"""Opacity of the highlight colour in a lane that something is dragged over, out of 255."""
_RADIUS = 8


class Lane(QWidget):
    """A lane with its title. A card dropped on the title becomes the first, one dropped below the cards the last."""

    def __init__(self, hook: Hook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hook = hook
        self._is_lit = False
        self.setAcceptDrops(True)
        self.cards = LaneModel(hook, self)
        self.view = LaneView(self.cards, self)
        self.view.hovered.connect(self._light)
        title = QLabel(lane_title(hook))
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        title.setBuddy(self.view)
        about = ElidedLabel()
        about.setText(script_words.lane_explained(hook))
        about.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        heading = QHBoxLayout()
        heading.setSpacing(10)
        heading.addWidget(title)
        heading.addWidget(about, 1)
        self._extra = QVBoxLayout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 4)
        layout.setSpacing(4)
        layout.addLayout(heading)
        layout.addWidget(self.view)
        layout.addLayout(self._extra)

    @property
    def is_lit(self) -> bool:
        """Whether something is dragged over the lane that can be dropped here."""
        return self._is_lit

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.view.lane_menu_requested.emit(event.globalPos())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.dragMoveEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self.cards.canDropMimeData(event.mimeData(), event.dropAction(), -1, -1, QModelIndex()):
            self._light(True)
            self.view.make_room(self._place(event), event.mimeData())
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._light(False)
        self.view.close_room()

    def dropEvent(self, event: QDropEvent) -> None:
        place = self._place(event)
        self._light(False)
        self.view.close_room()
        if self.cards.dropMimeData(event.mimeData(), event.dropAction(), place, 0, QModelIndex()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def _place(self, event: QDropEvent) -> int:
        return 0 if event.position().y() < self.view.y() else self.cards.rowCount()

    def _light(self, on: bool) -> None:
        self._is_lit = on
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        highlight = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setPen(QPen(highlight if self._is_lit else theme.frame(self.palette()), 1))
        highlight.setAlpha(_LIT)
        painter.setBrush(highlight if self._is_lit else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
        painter.end()

    def set_extras(self, widgets: Sequence[QWidget]) -> None:
        """Show widgets below the cards, replacing the previous ones."""
        while (item := self._extra.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for widget in widgets:
            self._extra.addWidget(widget)
