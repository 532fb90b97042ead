"""Changes of the lanes, stored one after the other, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from borgdesk.engine import arranging
from borgdesk.engine.arranging import Arrangement, Board
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.background import Background
from borgdesk.gui.widgets.assignment_board.history import Change, ChangeHistory

Operation = Callable[[Arrangement], Arrangement]


class Arranger(QObject):
    """Knows the board as it is stored. A change that comes while another is being stored is made on its result."""

    arranged = Signal(object)
    """The Board after a change."""
    failed = Signal(object)
    """The exception; nothing was changed, and what waited is forgotten."""

    def __init__(self, workspace: Workspace, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._history = ChangeHistory()
        self._waiting: list[tuple[str, Operation]] = []
        self._busy = False
        self.board: Board | None = None

    @property
    def assignments(self) -> Arrangement:
        """What stands in the lanes."""
        return self.board.assignments if self.board is not None else ()

    @property
    def is_busy(self) -> bool:
        """Whether a change is being stored."""
        return self._busy

    @property
    def to_undo(self) -> Change | None:
        """The change that would be taken back."""
        return self._history.to_undo

    @property
    def to_redo(self) -> Change | None:
        """The change that would be made again."""
        return self._history.to_redo

    def leave(self) -> None:
        """Another repository comes: what was removed here cannot be undone any more, so its secrets may go."""
        seen = {one.id: one for lanes in self._history.seen() for one in lanes if one.secrets}
        if seen:
            self._background.do(partial(arranging.forget_removed, self._workspace, tuple(seen.values())))
        self._history.clear()
        self._waiting.clear()

    def do(self, text: str, operation: Operation) -> None:
        """Make a change; *text* is what it is called in *Undo*."""
        self._waiting.append((text, operation))
        self._next()

    def note(self, change: Change) -> None:
        """A change was stored by somebody else."""
        self._history.add(change)

    def forget_changes(self) -> None:
        """Nothing can be undone any more: a secret value was changed, and nobody knows the old one."""
        self._history.clear()

    def undo(self) -> None:
        """Take the last change back."""
        change = self._history.to_undo
        if change is not None and not self._busy:
            self._store(change.before, lambda _: self._history.undone())

    def redo(self) -> None:
        """Make the change again that was taken back last."""
        change = self._history.to_redo
        if change is not None and not self._busy:
            self._store(change.after, lambda _: self._history.redone())

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        text, operation = self._waiting.pop(0)
        before = self.assignments
        after = operation(before)
        if after == before:
            self._next()
            return
        self._store(after, lambda board: self._history.add(Change(text, before, board.assignments)))

    def _store(self, arrangement: Arrangement, remember: Callable[[Board], None]) -> None:
        board = self.board
        assert board is not None
        self._busy = True
        self._background.ask(
            partial(arranging.arrange, self._workspace, board.repository.id, arrangement),
            partial(self._stored, remember),
            self._fail,
            self,
        )

    def _stored(self, remember: Callable[[Board], None], board: Board) -> None:
        self._busy = False
        remember(board)
        self.arranged.emit(board)
        self._next()

    def _fail(self, error: Exception) -> None:
        self._busy = False
        self._waiting.clear()
        self.failed.emit(error)
