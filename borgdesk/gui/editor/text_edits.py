"""Edits of the text, each one undo step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

from borgdesk.domain.findings import Edit
from borgdesk.gui.editor.surface import Surface


@contextmanager
def one_undo_step(surface: Surface) -> Iterator[None]:
    """Combine all edits inside into one change and one undo step."""
    with surface.bulk():
        surface.beginUndoAction()
        try:
            yield
        finally:
            surface.endUndoAction()


def apply_edits(surface: Surface, edits: Sequence[Edit]) -> None:
    """Apply all edits, whose coordinates refer to the present text.

    Insertions at the same place are made in the given order. Raises ValueError, and changes nothing, if two edits
    overlap.
    """
    spans = [(*surface.span_of(edit), number, edit.replacement) for number, edit in enumerate(edits)]
    spans.sort()
    for (_, end, _, _), (start, _, _, _) in pairwise(spans):
        if start < end:
            raise ValueError("edits overlap")
    with one_undo_step(surface):
        for start, end, _, replacement in reversed(spans):
            surface.put(start, max(start, end), as_data(replacement))


def replace_all(surface: Surface, data: bytes) -> None:
    """Replace the text by changing only the part that differs, so that caret and marks elsewhere stay."""
    old = surface.data()
    if old == data:
        return
    start = _common_start(old, data)
    end = _common_start(old[start:][::-1], data[start:][::-1])
    # Do not split a character: go back to its first byte.
    while start and start < len(old) and old[start] & 0xC0 == 0x80:
        start -= 1
    while end and old[len(old) - end] & 0xC0 == 0x80:
        end -= 1
    with one_undo_step(surface):
        surface.put(start, len(old) - end, data[start : len(data) - end])


def toggle_comment(surface: Surface, prefix: str) -> None:
    """Comment out the selected lines, or uncomment them if all are comments; blank lines stay as they are."""
    mark = prefix.encode()
    lines = [(line, surface.line_bytes(line)) for line in surface.selected_lines()]
    filled = [(line, text) for line, text in lines if text.strip()] or lines
    commented = all(text.lstrip().startswith(mark) for _, text in filled)
    column = min((_indent(text) for _, text in filled), default=0)
    with one_undo_step(surface):
        for line, text in filled:
            start = surface.line_start(line)
            if commented:
                at = start + _indent(text)
                spaced = text[_indent(text) :].startswith(mark + b" ")
                surface.put(at, at + len(mark) + spaced, b"")
            else:
                surface.put(start + column, start + column, mark + b" ")


def as_data(text: str) -> bytes:
    """Return text as the editor holds it: UTF-8, LF line ends, without NUL and lone surrogates, which are replaced."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", unix).encode()


def _indent(text: bytes) -> int:
    return len(text) - len(text.lstrip(b" \t"))


def _common_start(one: bytes, other: bytes) -> int:
    """Return the length of the common prefix by bisection: comparing slices is far faster than comparing bytes."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
