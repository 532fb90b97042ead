"""Stores changes of the lanes one after the other, and undoes and redoes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.errors import BorgDeskError, Changed
from borgdesk.engine.lanes import arrangement, copying
from borgdesk.engine.lanes.arrangement import Arrangement, RepositoryLanes
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.lanes.undo_history import Change, ChangeHistory
from borgdesk.gui.workers.background import Background

Operation = Callable[[Arrangement], Arrangement]


class Arranger(QObject):
    """Knows the stored state of the board. Applies a change requested while another is being stored to its result."""

    arranged = Signal(object)
    """The RepositoryLanes after a change."""
    failed = Signal(object)
    """The exception; nothing was changed, and queued changes are dropped."""
    incomplete = Signal(str)
    """Which other repositories were left as they are by an undo or redo, and why; emitted after *arranged*."""

    def __init__(self, workspace: Workspace, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._history = ChangeHistory()
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

    def leave(self) -> None:
        """Prepare for another repository: removals can no longer be undone here, so their secrets may be deleted."""
        seen = {one.id: one for lanes in self._history.seen() for one in lanes if one.secrets}
        if seen:
            self._background.do(partial(arrangement.forget_removed, self._workspace, tuple(seen.values())))
        self._history.clear()
        self._waiting.clear()

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
            self._store(change.after, change.before, lambda _: self._history.undone(), elsewhere)

    def redo(self) -> None:
        """Redo the change that was undone last."""
        change = self._history.to_redo
        if change is not None and not self._busy:
            elsewhere = partial(copying.redo, self._workspace, change.elsewhere)
            self._store(change.before, change.after, lambda _: self._history.redone(), elsewhere)

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        text, operation = self._waiting.pop(0)
        before = self.assignments
        after = operation(before)
        if after == before:
            self._next()
            return
        self._store(before, after, lambda board: self._history.add(Change(text, before, _with_ids(after, board))))

    def _store(
        self,
        seen: Arrangement,
        wanted: Arrangement,
        remember: Callable[[RepositoryLanes], None],
        elsewhere: Callable[[], list[str]] = list,
    ) -> None:
        """Store an arrangement, then the changes in other repositories that belong to it.

        They come last, so that nothing was changed anywhere if the arrangement is refused.
        """
        board = self.board
        assert board is not None
        workspace, repository_id = self._workspace, board.repository.id

        def store() -> tuple[RepositoryLanes, list[str]]:
            return arrangement.arrange(workspace, repository_id, seen, wanted), elsewhere()

        self._busy = True
        self._background.ask(store, partial(self._stored, remember), self._on_failed, self)

    def _stored(self, remember: Callable[[RepositoryLanes], None], stored: tuple[RepositoryLanes, list[str]]) -> None:
        board, left = stored
        self._busy = False
        remember(board)
        self.arranged.emit(board)
        if left:
            self.incomplete.emit("\n".join(left))
        self._next()

    def _on_failed(self, error: BorgDeskError) -> None:
        self._busy = False
        self._waiting.clear()
        if isinstance(error, Changed):
            # The states that these changes would restore no longer exist.
            self._history.clear()
        self.failed.emit(error)


def _with_ids(wanted: Arrangement, board: RepositoryLanes) -> Arrangement:
    """Return the wanted arrangement without concurrent changes, and with the stored ids of new assignments."""
    made = iter(board.made)
    return tuple(next(made) if one.id == 0 else one for one in wanted)
