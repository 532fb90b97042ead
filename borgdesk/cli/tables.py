"""Formats tables for the terminal: aligned columns, the long ones truncated to the available width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from borgdesk.cli.terminal import Screen, Style, display_width, printable, shortened
from borgdesk.translation import _

_GAP = 2
_NARROWEST = 8
"""Minimum width of a truncated column."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    """Marked where it is a constant; translated when the table is written."""
    right: bool = False
    flexible: bool = False
    """Whether it may be truncated on a narrow terminal."""
    optional: bool = False
    """Whether it is left out if truncating is not enough; the last of these goes first."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Text with a style."""

    text: str
    style: Style = Style.PLAIN


Row = Sequence[Cell | str]


@dataclass(frozen=True, slots=True)
class Section:
    """A line of any length between rows, as a title for those below it."""

    title: str


def table(screen: Screen, columns: Sequence[Column], rows: Sequence[Row | Section], indent: int = 0) -> None:
    """Write a table. Empty columns are left out."""
    columns = [replace(column, title=_(column.title)) for column in columns]
    lines = [row if isinstance(row, Section) else _cells(row) for row in rows]
    cells = [line for line in lines if not isinstance(line, Section)]
    used = [place for place in range(len(columns)) if any(row[place].text for row in cells)]
    room = None if screen.width is None else screen.width - indent
    used = _that_fit(columns, used, cells, room)
    columns = [columns[place] for place in used]
    widths = _widths(columns, [[row[place] for place in used] for row in cells], room)
    if any(column.title for column in columns):
        titles = [Cell(column.title, Style.DIM) for column in columns]
        screen.line(" " * indent + _line(screen, columns, titles, widths))
    for line in lines:
        if isinstance(line, Section):
            screen.line(" " * indent + screen.paint(line.title, Style.BOLD))
        else:
            screen.line(" " * indent + _line(screen, columns, [line[place] for place in used], widths))


def _cells(row: Row) -> list[Cell]:
    cells = [cell if isinstance(cell, Cell) else Cell(cell) for cell in row]
    return [Cell(_one_line(cell.text), cell.style) for cell in cells]


def facts(screen: Screen, pairs: Sequence[tuple[str, str | Cell]], indent: int = 0) -> None:
    """Write names and aligned values; those without a value are left out."""
    cells = [(name, value if isinstance(value, Cell) else Cell(value)) for name, value in pairs]
    known = [(name, cell) for name, cell in cells if cell.text]
    width = max((display_width(name) for name, _cell in known), default=0)
    for name, cell in known:
        first, *more = printable(cell.text).split("\n")
        screen.line(
            " " * indent + screen.paint(_padded(name, width), Style.DIM) + "  " + screen.paint(first, cell.style)
        )
        for line in more:
            screen.line(" " * (indent + width + 2) + screen.paint(line, cell.style))


def _one_line(text: str) -> str:
    """Return text on one line. Blanks in names are kept, so that they can be copied."""
    lines = printable(text).replace("\t", " ").split("\n")
    return lines[0] if len(lines) == 1 else " ".join(filter(None, map(str.strip, lines)))


def _that_fit(
    columns: Sequence[Column], used: list[int], rows: Sequence[Sequence[Cell]], room: int | None
) -> list[int]:
    """Return the indexes of the columns that fit when flexible ones are truncated as far as possible."""
    if room is None:
        return used
    while True:
        least = [_NARROWEST if columns[place].flexible else _natural(columns[place], place, rows) for place in used]
        spare = [place for place in used if columns[place].optional]
        if sum(least) + _GAP * (len(least) - 1) <= room or not spare:
            return used
        used = [place for place in used if place != spare[-1]]


def _natural(column: Column, place: int, rows: Sequence[Sequence[Cell]]) -> int:
    return max(display_width(text) for text in (column.title, *(row[place].text for row in rows)))


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int | None) -> list[int]:
    widths = [_natural(column, place, rows) for place, column in enumerate(columns)]
    if room is None:
        return widths
    excess = sum(widths) + _GAP * (len(widths) - 1) - room
    flexible = [place for place, column in enumerate(columns) if column.flexible]
    while excess > 0 and flexible:
        widest = max(flexible, key=lambda place: widths[place])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
        excess -= 1
    return widths


def _line(screen: Screen, columns: Sequence[Column], cells: Sequence[Cell], widths: Sequence[int]) -> str:
    parts = []
    for column, cell, width in zip(columns, cells, widths, strict=True):
        text = shortened(cell.text, width)
        blanks = " " * (width - display_width(text))
        painted = screen.paint(text, cell.style)
        parts.append(blanks + painted if column.right else painted + blanks)
    return (" " * _GAP).join(parts).rstrip()


def _padded(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))
