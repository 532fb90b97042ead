"""Menu of the library and the selected script."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from borgdesk.domain.script import Script
from borgdesk.gui.look import icons
from borgdesk.gui.look.file_manager import open_folder
from borgdesk.gui.scripts.library_actions import LibraryActions
from borgdesk.gui.scripts.library_table import LibraryTable
from borgdesk.translation import _


class LibraryMenu(QMenu):
    """The first part applies to the selected script."""

    usage_requested = Signal()

    def __init__(self, table: LibraryTable, actions: LibraryActions, folder: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._table, self._library_actions, self._folder = table, actions, folder
        on = self._on_selected
        self.on_selected = [
            self.addAction(icons.icon("edit-copy"), _("&Duplicate"), partial(on, actions.duplicate)),
            self.addAction(icons.icon("repositories"), _("&Where used"), self._ask_usage),
            self.addAction(icons.icon("document-export"), _("&Export…"), partial(on, actions.export)),
            self.addAction(icons.icon("edit-delete"), _("De&lete…"), partial(on, actions.delete)),
        ]
        self.addSeparator()
        self.addAction(icons.icon("document-import"), _("&Import files…"), actions.choose_import)
        self.addAction(icons.icon("document-export"), _("Export &all…"), self._export_all)
        self.addAction(icons.icon("document-export"), _("Export as &pack…"), self._export_pack)
        self.addAction(icons.icon("folder"), _("Open library &folder"), self._open_folder)
        self.aboutToShow.connect(self._on_about_to_show)

    def _on_about_to_show(self) -> None:
        for action in self.on_selected:
            action.setEnabled(self._table.current_row() is not None)

    def _on_selected(self, run: Callable[[Script], None]) -> None:
        script = self._table.current_row()
        if script is not None:
            run(script)

    def _ask_usage(self) -> None:
        self.usage_requested.emit()

    def _export_all(self) -> None:
        self._library_actions.export_all(self._table.rows.rows())

    def _export_pack(self) -> None:
        self._library_actions.export_pack(self._table.rows.rows(), self._table.current_row())

    def _open_folder(self) -> None:
        open_folder(self._folder)
