"""Editable list of paths, which can be chosen, typed, dropped from a file manager, and removed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from borgdesk.gui.look import icons
from borgdesk.gui.look.direction import Isolating, isolated
from borgdesk.translation import _

_SIZE = Qt.ItemDataRole.UserRole
"""What is said of the size of a path, at the end of its line."""

_GAP = 8
"""Pixels around a size."""


class _Line(Isolating):
    """As wide as the list: a longer path is elided in its middle, so that there is no horizontal scrolling."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(0, super().sizeHint(option, index).height())

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        size = index.data(_SIZE)
        if not size:
            super().paint(painter, option, index)
            return
        line = QStyleOptionViewItem(option)
        self.initStyleOption(line, index)
        style = line.widget.style()
        # The whole line is drawn as selected or hovered, and the path in what the size leaves.
        path, line.text = line.text, ""
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, line, painter, line.widget)
        inside = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, line, line.widget).adjusted(2, 0, -2, 0)
        width = line.fontMetrics.horizontalAdvance(size)
        is_selected = bool(line.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if is_selected else QPalette.ColorRole.Text
        painter.save()
        painter.setFont(line.font)
        painter.setPen(line.palette.color(role))
        place = QStyle.visualRect(line.direction, inside, inside.adjusted(0, 0, -width - _GAP, 0))
        text = line.fontMetrics.elidedText(path, line.textElideMode, place.width())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), isolated(text))
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), isolated(size))
        painter.restore()


class _List(QListWidget):
    dropped = Signal(list)
    delete_pressed = Signal()

    def __init__(self, empty: str) -> None:
        super().__init__()
        self._empty = empty
        self.setAcceptDrops(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setItemDelegate(_Line(self))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._judge(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._judge(event)

    def _judge(self, event: QDragMoveEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.dropped.emit([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.count() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(self.viewport().rect().adjusted(8, 4, -8, -4), flags, self._empty)
            painter.end()


class PathList(QWidget):
    """Folders and files. A double click or F2 edits a path as text."""

    edited = Signal()
    replaced = Signal()
    """Other paths are shown, which nobody edited."""

    def __init__(self, name: str, empty: str, parent: QWidget | None = None) -> None:
        """*name* is the accessible name, *empty* the text shown if there are no paths."""
        super().__init__(parent)
        self.list = _List(empty)
        self.list.setAccessibleName(name)
        self.list.setMinimumHeight(self.fontMetrics().height() * 6)
        self.add_folder = self._button(_("Add &folder…"), "folder", self._choose_folder)
        self.add_file = self._button(_("Add f&ile…"), "text-x-generic", self._choose_file)
        self.remove = self._button(_("Remo&ve"), "list-remove", self.remove_selected)
        buttons = QVBoxLayout()
        for button in (self.add_folder, self.add_file, self.remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        self.list.dropped.connect(self.add)
        self.list.delete_pressed.connect(self.remove_selected)
        self.list.itemChanged.connect(lambda _: self.edited.emit())
        self.list.itemSelectionChanged.connect(self._adapt)
        self._adapt()

    def paths(self) -> tuple[str, ...]:
        """Return the paths in order."""
        return tuple(self.list.item(row).text() for row in range(self.list.count()))

    def set_paths(self, paths: tuple[str, ...]) -> None:
        """Show these paths without emitting :attr:`edited`."""
        before = self.list.blockSignals(True)
        self.list.clear()
        for path in paths:
            self._append(path)
        self.list.blockSignals(before)
        self._adapt()
        self.replaced.emit()

    def show_sizes(self, sizes: Mapping[str, tuple[str, str]]) -> None:
        """Show at each path its size, and in its tool tip what else is known of that."""
        before = self.list.blockSignals(True)
        for row in range(self.list.count()):
            item = self.list.item(row)
            size, about = sizes.get(item.text(), ("", ""))
            tip = "\n".join(filter(None, (item.text(), about)))
            if (item.data(_SIZE), item.toolTip()) != (size, tip):
                item.setData(_SIZE, size)
                item.setToolTip(tip)
                item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, about or size)
        self.list.blockSignals(before)

    def add(self, paths: list[str]) -> None:
        """Add the paths that are missing."""
        known = set(self.paths())
        for path in dict.fromkeys(paths):
            if path not in known:
                self._append(path)
        self.edited.emit()

    def remove_selected(self) -> None:
        """Remove the selected paths."""
        for item in self.list.selectedItems():
            self.list.takeItem(self.list.row(item))
        self.edited.emit()

    def _append(self, path: str) -> None:
        item = QListWidgetItem(path)
        item.setToolTip(path)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        self.list.addItem(item)

    def _button(self, text: str, icon: str, run: object) -> QPushButton:
        button = QPushButton(icons.icon(icon), text)
        button.setAutoDefault(False)
        button.clicked.connect(run)
        return button

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, _("Add folder"), str(Path.home()))
        if chosen:
            self.add([chosen])

    def _choose_file(self) -> None:
        chosen, _filter = QFileDialog.getOpenFileNames(self, _("Add files"), str(Path.home()))
        if chosen:
            self.add(chosen)

    def _adapt(self) -> None:
        self.remove.setEnabled(bool(self.list.selectedItems()))
