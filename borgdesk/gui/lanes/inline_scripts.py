"""New scripts that are written on the board, and the inline scripts of a repository: edited, removed, moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.ids import ScriptId
from borgdesk.domain.lane_titles import lane_title
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.domain.script import Script
from borgdesk.engine.lanes import arrangement
from borgdesk.engine.lanes.arrangement import RepositoryLanes
from borgdesk.engine.lanes.inline_scripts import LANES, InlineChange, change_inline, inline_text
from borgdesk.engine.scripts.library import move_inline_to_library
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.lanes.arranger import Arranger
from borgdesk.gui.lanes.undo_history import Change
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class ScriptRequest:
    """A script that the user wants to write, or to edit, for one lane of a repository."""

    repository: Repository
    hook: Hook
    text: str = ""
    """Of the inline script; empty for a new one."""
    is_inline: bool = True
    """Whether it belongs to the repository alone; otherwise it is to be added to the library, and assigned here."""
    note: str = ""
    """Why it is added to the library."""
    place: int = 0
    """The position (from 0) in the lane at which it is assigned."""


class InlineScripts(QObject):
    """Every change is stored at once, and recorded with the others of the board so that it can be undone."""

    requested = Signal(object)
    """A ScriptRequest. Answer with :meth:`record`, or with :meth:`add_new` for a script of the library."""
    changed = Signal()
    """Something was stored."""
    failed = Signal(object)
    """The exception; nothing was changed."""

    def __init__(self, workspace: Workspace, background: Background, arranger: Arranger, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._background, self._arranger = workspace, background, arranger

    def new(self, hook: Hook, place: int | None = None) -> None:
        """Request a new script for a lane, at its end unless a position (from 0) is given.

        An inline script runs only where no other is assigned, so elsewhere it is to be one of the library.
        """
        board = self._arranger.board
        if board is None:
            return
        here = arrangement.lane(board.assignments, hook)
        has_inline = bool(inline_text(board.repository, hook).strip())
        if hook in LANES and not here and not has_inline:
            self.requested.emit(ScriptRequest(board.repository, hook))
            return
        if here:
            note = _("Other scripts of the library are assigned here: this one is added to it as well.")
        elif has_inline:
            note = _(
                "Only one script can do without the library: the inline script moves there, and this one is added."
            )
        else:
            note = _("Here, all scripts are in the library: this one is added to it.")
        place = len(here) if place is None else place
        self.requested.emit(ScriptRequest(board.repository, hook, is_inline=False, note=note, place=place))

    def edit(self, hook: Hook) -> None:
        """Request the editor for the inline script of a lane."""
        board = self._arranger.board
        if board is not None:
            self.requested.emit(ScriptRequest(board.repository, hook, inline_text(board.repository, hook)))

    def record(self, request: ScriptRequest, change: InlineChange) -> None:
        """Record a change of an inline script that is stored."""
        text = _("Change the inline script in “{lane}”") if change.before else _("Write an inline script in “{lane}”")
        self._record(request.repository, text.format(lane=lane_title(change.hook)), change)

    def remove(self, hook: Hook) -> None:
        """Remove the inline script of a lane."""

        def removed(repository: Repository, change: InlineChange) -> None:
            text = _("Remove the inline script in “{lane}”").format(lane=lane_title(hook))
            self._record(repository, text, change)

        board = self._arranger.board
        if board is not None:
            change = InlineChange(hook, inline_text(board.repository, hook), "")
            work = partial(change_inline, self._workspace, board.repository.id, change)
            self._background.ask(work, partial(removed, board.repository), self.failed.emit, self)

    def move(self, hook: Hook, then: Callable[[], object] | None = None) -> None:
        """Move the inline script of a lane to the library, and assign it there; then call *then*."""
        board = self._arranger.board
        if board is None:
            return
        repository = board.repository

        def work() -> tuple[ScriptId, RepositoryLanes]:
            script = move_inline_to_library(self._workspace, repository.id, hook)
            return script.id, arrangement.read_lanes(self._workspace, repository.id)

        def moved(answer: tuple[ScriptId, RepositoryLanes]) -> None:
            script_id, lanes = answer
            made = [one for one in lanes.assignments if one.hook is hook and one.script_id == script_id]
            change = InlineChange(hook, inline_text(repository, hook), "")
            text = _("Move the inline script in “{lane}” to the library").format(lane=lane_title(hook))
            self._record(repository, text, change, made)
            if then is not None:
                then()

        self._background.ask(work, moved, self.failed.emit, self)

    def add_new(self, request: ScriptRequest, script: Script) -> None:
        """Assign a new script of the library."""
        board = self._arranger.board
        if board is None or board.repository.id != request.repository.id:
            return

        def add() -> None:
            self._arranger.do(
                _("Add {script}").format(script=script.name),
                lambda now: arrangement.added(now, script, request.repository, request.hook, request.place),
            )

        here = arrangement.lane(board.assignments, request.hook)
        if not here and inline_text(board.repository, request.hook).strip():
            # It would not run any more.
            self.move(request.hook, add)
        else:
            add()

    def _record(
        self, repository: Repository, text: str, change: InlineChange, made: list[Assignment] | None = None
    ) -> None:
        board = self._arranger.board
        if board is not None and board.repository.id == repository.id:
            before = after = board.assignments
            for one in made or ():
                after = arrangement.appended(after, one)
            self._arranger.record(Change(text, before, after, inline=change))
        self.changed.emit()
