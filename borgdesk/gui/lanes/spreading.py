"""Assigns cards and scripts of the board in other repositories, too, which can be undone, and compares two boards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.enumeration import listed
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.domain.script import Script
from borgdesk.engine.lanes.arrangement import Arrangement, RepositoryLanes
from borgdesk.engine.lanes.copying import Elsewhere, Wanted, assign_in, copies
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.lanes.comparison_dialog import ComparisonDialog
from borgdesk.gui.lanes.drag import named
from borgdesk.gui.lanes.repositories_dialog import RepositoriesDialog
from borgdesk.gui.lanes.undo_history import Change
from borgdesk.gui.look import words
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _, ngettext

Question = Callable[[], Sequence[Wanted]]


class Spreading(QObject):
    """Asks for repositories, and assigns scripts there."""

    spread = Signal(str, object)
    """The name of the change, and an Elsewhere for each repository."""
    failed = Signal(object)
    """The exception; nothing was changed."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget) -> None:
        super().__init__(parent)
        self._board = parent
        self._workspace = workspace
        self._background = background

    def ask_to_copy(self, assignments: Sequence[Assignment]) -> None:
        """Ask where cards are to be copied, with their options."""
        if assignments:
            name = named([one.script for one in assignments])
            self._ask(
                _("Copy to other repositories"),
                _("Copy “{script}”, with all options, to the end of the same lanes of:").format(script=name),
                _("Copy {script}").format(script=name),
                partial(copies, self._workspace, assignments),
                assignments[0].repository_id,
            )

    def ask_to_assign(self, scripts: Sequence[Script], hook: Hook, lane: str) -> None:
        """Ask in which repositories scripts are to be assigned to a lane."""
        if scripts:
            name = named([script.name for script in scripts])
            self._ask(
                _("Add in several repositories"),
                _("Add {script} to the end of the lane “{lane}” of:").format(script=name, lane=lane),
                _("Add {script}").format(script=name),
                lambda: [Wanted(script.id, hook) for script in scripts],
            )

    def show_comparison(self, board: RepositoryLanes | None) -> None:
        """Show how the lanes of a repository differ from those of another."""
        if board is None:
            return
        here = board.repository

        def show(repositories: list[Repository]) -> None:
            others = [one for one in repositories if one.id != here.id]
            dialog = ComparisonDialog(self._workspace, self._background, here, others, self._board)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        self._background.ask(self._workspace.store.repositories.list, show, owner=self)

    def _ask(self, title: str, question: str, text: str, wanted: Question, but: RepositoryId | None = None) -> None:
        def show(repositories: list[Repository]) -> None:
            offered = [one for one in repositories if one.id != but]
            dialog = RepositoriesDialog(title, question, offered, self._board)
            dialog.chosen.connect(partial(self._assign, text, wanted))
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        self._background.ask(self._workspace.store.repositories.list, show, owner=self)

    def _assign(self, text: str, wanted: Question, targets: Sequence[RepositoryId]) -> None:
        self._background.ask(
            lambda: assign_in(self._workspace, wanted(), targets),
            partial(self.spread.emit, text),
            self.failed.emit,
            self,
        )


def change_of(text: str, done: Sequence[Elsewhere], board: RepositoryLanes | None, lanes: Arrangement) -> Change | None:
    """Return the change of a board and of other repositories as one; None if there is none."""
    here = next((one for one in done if board is not None and one.repository_id == board.repository.id), None)
    others = tuple(one for one in done if one is not here and one.added)
    before, after = (lanes, lanes) if here is None else (here.before, here.after)
    return Change(text, before, after, others) if others or before != after else None


def what_came_of_it(done: Sequence[Elsewhere]) -> str:
    """Return what was added where."""
    added = sum(one.added for one in done)
    if not added:
        return _("All of that is there already.")
    places = listed([one.repository for one in done if one.added])
    text = ngettext("Added {count} script to {repositories}.", "Added {count} scripts to {repositories}.", added)
    return text.format(count=words.number(added), repositories=places)
