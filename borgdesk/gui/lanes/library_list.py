"""List of the script library beside the lanes: scripts are dragged from it, and cards dropped on it are removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
)
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListView, QVBoxLayout, QWidget

from borgdesk.domain.ids import ScriptId
from borgdesk.domain.script import Script
from borgdesk.gui.lanes.drag import CARD_MIME, SCRIPT_MIME, dragged, dropped_ids, named, start_drag
from borgdesk.translation import _

_SCRIPT_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def shown_of(script: Script) -> tuple[object, ...]:
    """Return what the board shows and passes on of a script, which excludes its usage count."""
    return script.id, script.name, script.description, script.timeout, script.run_on


class _Scripts(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scripts: list[Script] = []

    def show(self, scripts: Sequence[Script]) -> None:
        if [*map(shown_of, scripts)] == [*map(shown_of, self._scripts)]:
            self._scripts = list(scripts)
            return
        self.beginResetModel()
        self._scripts = list(scripts)
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._scripts)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        script = self._scripts[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return script.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{script.name}\n{script.description}".strip()
        return script if role == _SCRIPT_ROLE else None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [SCRIPT_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        scripts = [self._scripts[row] for row in sorted(index.row() for index in indexes)]
        if not scripts:
            return QMimeData()
        return dragged(SCRIPT_MIME, [script.id for script in scripts], named([script.name for script in scripts]))


class _Filter(QSortFilterProxyModel):
    """Matches the words in name and description, in any order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted: list[str] = []

    def set_words(self, text: str) -> None:
        self._wanted = text.casefold().split()
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: _Index) -> bool:
        script: Script = self.sourceModel().index(row, 0, parent).data(_SCRIPT_ROLE)
        text = f"{script.name}\n{script.description}".casefold()
        return all(word in text for word in self._wanted)


class _List(QListView):
    chosen = Signal(int)
    cards_dropped = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        self.setDropIndicatorShown(False)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(_("Script library"))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._judge(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._judge(event)

    def _judge(self, event: QDragMoveEvent) -> None:
        if dropped_ids(event.mimeData(), CARD_MIME):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        ids = dropped_ids(event.mimeData(), CARD_MIME)
        if ids:
            event.acceptProposedAction()
            self.cards_dropped.emit(ids)

    def startDrag(self, actions: Qt.DropAction) -> None:
        data = self.model().mimeData(self.selectionModel().selectedIndexes())
        start_drag(self, data, Qt.DropAction.CopyAction)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in _ENTERS and index.isValid():
            self.chosen.emit(index.data(_SCRIPT_ROLE).id)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        by_keyboard = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if by_keyboard and self.model().rowCount() and not self.selectionModel().hasSelection():
            # Otherwise nothing shows that the keyboard is here, and the next key would leave out the first script.
            self.setCurrentIndex(self.model().index(0, 0))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        model = self.model()
        if model.rowCount():
            return
        empty = not model.sourceModel().rowCount()  # type: ignore[attr-defined]
        text = _("The library is empty. Add scripts on the Scripts page.") if empty else _("No matches.")
        painter = QPainter(self.viewport())
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        area = self.viewport().rect().adjusted(8, 8, -8, -8)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), text)
        painter.end()


class LibraryList(QWidget):
    """Search field and list of scripts."""

    script_chosen = Signal(int)
    """Id of a script that was activated by Enter or a double click, to be added to a lane."""
    cards_dropped = Signal(object)
    """Assignments, as a list of ids, were dragged out of their lane and dropped here."""
    selection_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scripts = _Scripts(self)
        self._filter = _Filter(self)
        self._filter.setSourceModel(self._scripts)
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search scripts"))
        self.search.setAccessibleName(_("Search scripts"))
        self.search.setClearButtonEnabled(True)
        self.list = _List()
        self.list.setModel(self._filter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        self.search.textChanged.connect(self._filter.set_words)
        self.search.returnPressed.connect(self._on_return_pressed)
        self.list.chosen.connect(self.script_chosen)
        self.list.doubleClicked.connect(lambda index: self.script_chosen.emit(index.data(_SCRIPT_ROLE).id))
        self.list.cards_dropped.connect(self.cards_dropped)
        self.list.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())

    def set_scripts(self, scripts: Sequence[Script]) -> None:
        """Show these scripts, keeping the selection."""
        selected = [script.id for script in self.selected_all()]
        self._scripts.show(scripts)
        chosen = self.list.selectionModel()
        for row in range(self._filter.rowCount()):
            index = self._filter.index(row, 0)
            if index.data(_SCRIPT_ROLE).id in selected and not chosen.isSelected(index):
                chosen.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.Select)

    def selected(self) -> Script | None:
        """Return the first selected script."""
        return next(iter(self.selected_all()), None)

    def selected_all(self) -> list[Script]:
        """Return the selected scripts, in the order in which they are shown."""
        indexes = self.list.selectionModel().selectedIndexes()
        return [index.data(_SCRIPT_ROLE) for index in sorted(indexes, key=lambda index: index.row())]

    def select(self, script_id: ScriptId) -> None:
        """Select a script, if it is shown."""
        for row in range(self._filter.rowCount()):
            index = self._filter.index(row, 0)
            if index.data(_SCRIPT_ROLE).id == script_id:
                self.list.setCurrentIndex(index)

    def _on_return_pressed(self) -> None:
        if self._filter.rowCount():
            self.list.setFocus()
            self.list.setCurrentIndex(self._filter.index(0, 0))
