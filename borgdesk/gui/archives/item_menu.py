"""Menu of the right mouse button for files of an archive, and for search results."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QMenu

from borgdesk.gui.archives.contents_panel import ContentsPanel
from borgdesk.gui.look import icons
from borgdesk.translation import _


class ItemMenu(QMenu):
    """Acts on what is selected in the tree or the results."""

    restore_requested = Signal()

    def __init__(self, panel: ContentsPanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self.restore = self.addAction(icons.icon("edit-undo"), _("&Restore…"))
        self.restore.triggered.connect(self.restore_requested)
        self.copy_path = self.addAction(icons.icon("edit-copy"), _("&Copy path"))
        self.copy_path.triggered.connect(self._copy_path)
        for view in (panel.tree, panel.hits):
            view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            view.customContextMenuRequested.connect(partial(self._open, view))

    def _open(self, view: QAbstractItemView, place: QPoint) -> None:
        chosen = self._panel.chosen()
        if chosen is not None:
            self.restore.setEnabled(self._panel.is_whole)
            self.copy_path.setEnabled(chosen.count == 1)
            self.popup(view.viewport().mapToGlobal(place))

    def _copy_path(self) -> None:
        chosen = self._panel.chosen()
        if chosen is not None:
            QGuiApplication.clipboard().setText(f"/{chosen.entries[0].path}")
