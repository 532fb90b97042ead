"""Undo and redo history of arrangements."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.engine.lanes.arrangement import Arrangement
from borgdesk.engine.lanes.copying import Elsewhere
from borgdesk.engine.lanes.inline_scripts import InlineChange

_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Change:
    """One step: its name, and the lanes before and after it."""

    text: str
    before: Arrangement
    after: Arrangement
    elsewhere: tuple[Elsewhere, ...] = ()
    """What it changed in other repositories."""
    inline: InlineChange | None = None
    """What it changed in an inline script."""


class ChangeHistory:
    """The steps that can be undone and redone."""

    def __init__(self) -> None:
        self._done: list[Change] = []
        self._undone: list[Change] = []

    def add(self, change: Change) -> None:
        """Add a new step; the undone steps are dropped."""
        self._done = [*self._done[1 - _DEPTH :], change]
        self._undone = []

    def clear(self) -> None:
        self._done, self._undone = [], []

    @property
    def to_undo(self) -> Change | None:
        """Return the step that would be undone."""
        return self._done[-1] if self._done else None

    @property
    def to_redo(self) -> Change | None:
        """Return the step that would be redone."""
        return self._undone[-1] if self._undone else None

    def undone(self) -> None:
        """Record that the last step was undone."""
        self._undone.append(self._done.pop())

    def redone(self) -> None:
        """Record that the step undone last was redone."""
        self._done.append(self._undone.pop())
