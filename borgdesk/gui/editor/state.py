"""State of an editor's view."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EditorState:
    """Caret, selection, scroll position, folds and zoom of an editor; for a changed text, valid as far as possible."""

    line: int = 1
    column: int = 1
    anchor_line: int = 1
    anchor_column: int = 1
    first_visible_line: int = 1
    """The topmost visible line."""
    folded_lines: tuple[int, ...] = ()
    """Lines (from 1) whose blocks are folded."""
    zoom: int = 0
    """Points added to the font size."""
