"""Declarative columns of tables: how a column presents a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtGui import QIcon

from borgdesk.gui.look.theme import Tone

T = TypeVar("T")
SortKey = str | int | float


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column for rows of type T. Its functions must be quick and must not block."""

    title: str
    text: Callable[[T], str]
    sort_key: Callable[[T], SortKey] | None = None
    """Sort key if the text would sort wrongly. A datetime cannot be sorted: use its timestamp."""
    right: bool = False
    """Whether the text is aligned to the right, as numbers are."""
    tooltip: Callable[[T], str] | None = None
    spoken: Callable[[T], str] | None = None
    """What screen readers say instead of the text, where the icon says more than that."""
    icon: Callable[[T], QIcon | None] | None = None
    tone: Callable[[T], Tone | None] | None = None
    """Returns the colour of the text; None for the palette's own."""
    stretch: bool = False
    """Whether the column takes the remaining width."""
    width: int = 0
    """Initial width in characters; 0 to fit the title and the first content."""
    choices: Sequence[str] = ()
    """The usual texts, if they are few: the column is wide enough for each of them, in every language."""

    def key_of(self, row: T) -> SortKey:
        """Return the key by which a row is sorted in this column."""
        return self.sort_key(row) if self.sort_key else self.text(row).casefold()
