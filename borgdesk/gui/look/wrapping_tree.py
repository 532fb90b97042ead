"""Tree whose texts are wrapped instead of cut off."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from borgdesk.gui.look.wrapping_delegate import WrappingDelegate


class WrappingTree(QTreeWidget):
    """Without a header, and never wider than its view."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """*name* is the accessible name."""
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setWordWrap(True)
        self.setItemDelegate(WrappingDelegate(self))
        self.setVerticalScrollMode(QTreeWidget.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(name)

    def add_heading(self, title: str, icon: QIcon) -> QTreeWidgetItem:
        """Add a bold row on the top level."""
        heading = QTreeWidgetItem(self, [title])
        heading.setIcon(0, icon)
        font = heading.font(0)
        font.setBold(True)
        heading.setFont(0, font)
        return heading

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Lines are wrapped differently now, which the view does not notice.
        self.scheduleDelayedItemsLayout()
