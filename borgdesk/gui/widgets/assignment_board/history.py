"""Undo and redo of arrangements."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.engine.arranging import Arrangement

_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Change:
    """One step: what it is called, and the lanes before and after it."""

    text: str
    before: Arrangement
    after: Arrangement


class ChangeHistory:
    """The steps that were done, and those that were taken back."""

    def __init__(self) -> None:
        self._done: list[Change] = []
        self._undone: list[Change] = []

    def add(self, change: Change) -> None:
        """A step was done; what had been taken back is forgotten."""
        self._done = [*self._done[1 - _DEPTH :], change]
        self._undone = []

    def clear(self) -> None:
        """Forget everything."""
        self._done, self._undone = [], []

    @property
    def to_undo(self) -> Change | None:
        """The step that would be taken back."""
        return self._done[-1] if self._done else None

    @property
    def to_redo(self) -> Change | None:
        """The step that would be done again."""
        return self._undone[-1] if self._undone else None

    def undone(self) -> None:
        """The last step was taken back."""
        self._undone.append(self._done.pop())

    def redone(self) -> None:
        """The last step that was taken back was done again."""
        self._done.append(self._undone.pop())

    def seen(self) -> tuple[Arrangement, ...]:
        """Every arrangement that was stored on the way."""
        return tuple(lanes for change in (*self._done, *self._undone) for lanes in (change.before, change.after))
