"""Tree of what a backup would contain or leave out, while Borg is still listing it and afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from borgdesk.gui.contents.contents_model import SIZE, ContentsModel, Index
from borgdesk.gui.contents.contents_view import ContentsView
from borgdesk.gui.contents.listing_reader import ListingReader
from borgdesk.gui.contents.live_listing import LiveListing
from borgdesk.gui.workers.background import Background
from borgdesk.store.listings import Entry
from borgdesk.translation import _


class PreviewModel(ContentsModel):
    """Folders that were not looked into have no size."""

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and index.isValid() and index.column() == SIZE:
            entry = self.entry(index.row())
            if entry.is_folder and not entry.size:
                return ""
        return super().data(index, role)


class PreviewTree(QObject):
    """Shows one list, the biggest items first."""

    base_changed = Signal(str)
    """The path that all items have in common."""

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self.model = PreviewModel(self)
        self.view = ContentsView(self.model)
        self.view.setAccessibleName(_("Files and folders"))
        self.view.sortByColumn(SIZE, Qt.SortOrder.DescendingOrder)
        self._listing = ListingReader(self.model, background, self)
        self._listing.rows_changed.connect(lambda: self.base_changed.emit(self.model.base_path))
        self._listing.lost.connect(self.clear)

    def selected(self) -> list[Entry]:
        """Return the selected items."""
        return self.view.selected()

    def clear(self, text: str) -> None:
        """Show nothing but *text*."""
        self._listing.clear()
        self.view.show_no_rows(text)
        self.base_changed.emit("")

    def begin(self, text: str) -> LiveListing:
        """Show what will come; *text* is shown until then. Call ``look`` of the result from another thread."""
        self.clear(text)
        return self._listing.follow()

    def show_list(self, path: Path, empty: str) -> None:
        """Show a complete list."""
        self.view.show_no_rows(empty)
        self._listing.show(path)
