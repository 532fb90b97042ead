"""Tells what came of a task in a banner of the page where it was requested."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.events import RunEnded
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunKind
from borgdesk.domain.sentences import run_sentence
from borgdesk.gui.look import theme
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.workers.background import Background

if TYPE_CHECKING:
    from borgdesk.store.runs import Runs


class TaskResult(QObject):
    """Backups and restores have views of their own that tell how they ended."""

    shown = Signal()
    """A requested task has ended."""

    def __init__(self, runs: Runs, background: Background, banner: Banner, parent: QObject) -> None:
        super().__init__(parent)
        self._runs, self._background, self._banner = runs, background, banner
        self._repository = ""

    def expect(self, repository: Repository) -> None:
        """Remember that a task was requested for a repository."""
        self._repository = repository.name

    def show_end(self, ended: RunEnded) -> None:
        """Handle the end of any run."""
        if ended.repository == self._repository:
            self._background.ask(partial(self._runs.get, ended.run_id, with_output=False), self._show, owner=self)

    def _show(self, run: Run) -> None:
        if run.kind in (RunKind.BACKUP, RunKind.RESTORE):
            return
        self._repository = ""
        said = " ".join([run_sentence(run), *(run.note or "").split()])
        self._banner.show_message(said, theme.tone_of(run.status))
        self.shown.emit()
