"""Where a person was in a text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EditorState:
    """Caret, selection, scrolling, folds and zoom of an editor, valid for a changed text as far as it goes."""

    line: int = 1
    column: int = 1
    anchor_line: int = 1
    anchor_column: int = 1
    first_visible_line: int = 1
    """The uppermost line in view."""
    folded_lines: tuple[int, ...] = ()
    """Lines (from 1) whose blocks are folded away."""
    zoom: int = 0
    """Points added to the font's size."""
