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
    """Initial width in characters; 0 to fit the title."""
    whole: Sequence[str] = ()
    """The longest texts of the column if these are known, as with dates and states: it is as wide as they are."""
    grows: bool = False
    """Whether the column takes half of the width that is left once all columns have their own."""
    optional: bool = False
    """Whether the column is left out, instead of being cut, where there is too little room for the others."""

    @property
    def is_firm(self) -> bool:
        """Whether a text that is cut would tell something else: "14…B" is no size, and "28/11/20…" no date."""
        return self.right or bool(self.whole)

    def key_of(self, row: T) -> SortKey:
        """Return the key by which a row is sorted in this column."""
        return self.sort_key(row) if self.sort_key else self.text(row).casefold()
