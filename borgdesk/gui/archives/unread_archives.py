"""Reads the archives that were never opened, so that a search and the versions of a file include them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.archive_list import ArchiveList
from borgdesk.engine.archives.search import read_all
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.archives.borg_question import BorgQuestion
from borgdesk.translation import _


class UnreadArchives(QObject):
    """Borg is asked only when the user wants it: each archive may take minutes."""

    read = Signal()
    """All archives can be searched now, or those that were read until *Stop*."""

    def __init__(
        self,
        workspace: Workspace,
        question: BorgQuestion,
        shown: Callable[[], tuple[Repository, ArchiveList] | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._question, self._shown = workspace, question, shown

    def read_them(self) -> None:
        """Read all archives that were never opened."""
        shown = self._shown()
        if shown is None:
            return

        def read(cancel: Cancel) -> None:
            read_all(self._workspace, *shown, cancel, partial(self._question.tell_progress, cancel))

        what = _("Reading the contents of all archives…")
        self._question.ask(what, read, lambda _done: self.read.emit(), stopped=self.read.emit)
