"""Stores changes of the lanes one after the other, and undoes and redoes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.enumeration import listed
from borgdesk.domain.errors import BorgDeskError, Changed
from borgdesk.domain.ids import RepositoryId
from borgdesk.engine.lanes import arrangement, copying
from borgdesk.engine.lanes.arrangement import Arrangement, RepositoryLanes
from borgdesk.engine.lanes.inline_scripts import InlineChange, change_inline
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.lanes.undo_history import Change, ChangeHistory
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

_SEVERAL = 2

Operation = Callable[[Arrangement], Arrangement]


class Arranger(QObject):
    """Knows the stored state of the board. Applies a change requested while another is being stored to its result."""

    expected = Signal(object)
    """The RepositoryLanes as they will be if a change can be stored, which has just begun."""
    arranged = Signal(object)
    """The RepositoryLanes after a change."""
    failed = Signal(object)
    """The exception; nothing was changed, and queued changes are dropped."""
    stored = Signal()
    """Something was stored; emitted after *arranged*, and also if another repository is shown by now."""
    incomplete = Signal(str)
    """Which other repositories were left as they are by an undo or redo, and why; emitted after *arranged*."""
    changed_elsewhere = Signal(str)
    """What an undo or redo did in other repositories, unless some were left; emitted after *arranged*."""

    def __init__(self, workspace: Workspace, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._histories: dict[RepositoryId, ChangeHistory] = {}
        self._waiting: list[tuple[str, Operation]] = []
        self._busy = False
        self.board: RepositoryLanes | None = None

    @property
    def assignments(self) -> Arrangement:
        """The assignments in the lanes."""
        return self.board.assignments if self.board is not None else ()

    @property
    def is_busy(self) -> bool:
        """Whether a change is being stored."""
        return self._busy

    @property
    def to_undo(self) -> Change | None:
        """The change that would be undone."""
        return self._history.to_undo

    @property
    def to_redo(self) -> Change | None:
        """The change that would be redone."""
        return self._history.to_redo

    @property
    def _history(self) -> ChangeHistory:
        """Of the repository that is shown: its changes can be undone whenever it is shown again."""
        if self.board is None:
            return ChangeHistory()
        return self._histories.setdefault(self.board.repository.id, ChangeHistory())

    def leave(self) -> None:
        """Prepare for another repository."""
        self._waiting.clear()
        self.board = None

    def do(self, text: str, operation: Operation) -> None:
        """Make a change; *text* names it in *Undo*."""
        self._waiting.append((text, operation))
        self._next()

    def record(self, change: Change) -> None:
        """Record a change that was stored elsewhere."""
        self._history.add(change)

    def forget_changes(self) -> None:
        """Clear the history: a secret value was changed and the old one is unknown, so nothing can be undone."""
        self._history.clear()

    def undo(self) -> None:
        """Undo the last change."""
        change = self._history.to_undo
        if change is not None and not self._busy:
            elsewhere = partial(copying.undo, self._workspace, change.elsewhere)
            history = self._history
            told = _said(_("Undone in {repositories}: {change}"), change)
            inline = None if change.inline is None else change.inline.undoing
            self._store(change.after, change.before, lambda _board: history.undone(), elsewhere, told, inline)

    def redo(self) -> None:
        """Redo the change that was undone last."""
        change = self._history.to_redo
        if change is not None and not self._busy:
            elsewhere = partial(copying.redo, self._workspace, change.elsewhere)
            history = self._history
            told = _said(_("Redone in {repositories}: {change}"), change)
            self._store(change.before, change.after, lambda _board: history.redone(), elsewhere, told, change.inline)

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        text, operation = self._waiting.pop(0)
        before, history = self.assignments, self._history
        after = operation(before)
        if after == before:
            self._next()
            return
        self._store(before, after, lambda board: history.add(Change(text, before, _with_ids(after, board))))

    def _store(
        self,
        seen: Arrangement,
        wanted: Arrangement,
        remember: Callable[[RepositoryLanes], None],
        elsewhere: Callable[[], list[str]] = list,
        told: str = "",
        inline: InlineChange | None = None,
    ) -> None:
        """Store an arrangement, then the changes in other repositories that belong to it, which *told* describes.

        They come last, so that nothing was changed anywhere if the arrangement is refused. The change of an inline
        script comes first, and is taken back then.
        """
        board = self.board
        assert board is not None
        workspace, repository_id = self._workspace, board.repository.id

        def store() -> tuple[RepositoryLanes, list[str]]:
            if inline is not None:
                change_inline(workspace, repository_id, inline)
            try:
                arranged = arrangement.arrange(workspace, repository_id, seen, wanted)
            except BorgDeskError:
                if inline is not None:
                    change_inline(workspace, repository_id, inline.undoing)
                raise
            return arranged, elsewhere()

        self._busy = True
        # The store takes longer than anybody should wait for a card to move. Several new cards have no ids to tell them
        # apart yet, and what others have changed is known only when it is stored.
        if seen == board.assignments and sum(one.id == 0 for one in wanted) < _SEVERAL:
            self.expected.emit(replace(board, assignments=wanted))
        failed = partial(self._on_failed, self._history)
        self._background.ask(store, partial(self._on_stored, remember, told), failed, self)

    def _on_stored(
        self, remember: Callable[[RepositoryLanes], None], told: str, stored: tuple[RepositoryLanes, list[str]]
    ) -> None:
        board, left = stored
        self._busy = False
        remember(board)
        if self.board is not None and self.board.repository.id == board.repository.id:
            self.arranged.emit(board)
        self.stored.emit()
        if left:
            self.incomplete.emit("\n".join(left))
        elif told:
            self.changed_elsewhere.emit(told)
        self._next()

    def _on_failed(self, history: ChangeHistory, error: BorgDeskError) -> None:
        self._busy = False
        self._waiting.clear()
        if isinstance(error, Changed):
            # The states that these changes would restore no longer exist.
            history.clear()
        self.failed.emit(error)


def _with_ids(wanted: Arrangement, board: RepositoryLanes) -> Arrangement:
    """Return the wanted arrangement without concurrent changes, and with the stored ids of new assignments."""
    made = iter(board.made)
    return tuple(next(made) if one.id == 0 else one for one in wanted)


def _said(text: str, change: Change) -> str:
    """Return *text* about a change in other repositories, which cannot be seen here; empty if there is none."""
    places = listed([one.repository for one in change.elsewhere])
    return text.format(repositories=places, change=change.text) if places else ""
