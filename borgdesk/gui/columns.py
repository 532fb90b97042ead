"""What one column of a table shows of a row: columns are data, tables are all alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtGui import QIcon

from borgdesk.gui.theme import Tone

T = TypeVar("T")
SortKey = str | int | float


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column over rows of type T. Its functions must be quick and must not ask anybody."""

    title: str
    text: Callable[[T], str]
    sort_key: Callable[[T], SortKey] | None = None
    """What to sort by where the text would sort wrongly. A datetime would not sort at all: give its timestamp."""
    right: bool = False
    """Whether the text stands at the right, as numbers do."""
    tooltip: Callable[[T], str] | None = None
    icon: Callable[[T], QIcon | None] | None = None
    tone: Callable[[T], Tone | None] | None = None
    """The colour of the text; None for the palette's own."""
    stretch: bool = False
    """Whether it takes the room that is left."""
    width: int = 0
    """Characters it is wide at first; 0 for as wide as its title and what is there at first."""

    def key_of(self, row: T) -> SortKey:
        """What a row is sorted by in this column."""
        return self.sort_key(row) if self.sort_key else self.text(row).casefold()
