"""Tables that fit the terminal: aligned columns, the long ones cut where the width asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from borgdesk.cli.terminal import Screen, Style, display_width, printable, shortened

_GAP = 2
_NARROWEST = 8
"""Columns below which a column is not cut."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    right: bool = False
    flexible: bool = False
    """Whether it may be cut when the terminal is narrow."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Text with a style."""

    text: str
    style: Style = Style.PLAIN


Row = Sequence[Cell | str]


def table(screen: Screen, columns: Sequence[Column], rows: Sequence[Row], indent: int = 0) -> None:
    """Write a table. Columns without any text are left out."""
    cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
    cells = [[Cell(_one_line(cell.text), cell.style) for cell in row] for row in cells]
    used = [place for place, _ in enumerate(columns) if any(row[place].text for row in cells)]
    columns, cells = [columns[place] for place in used], [[row[place] for place in used] for row in cells]
    widths = _widths(columns, cells, None if screen.width is None else screen.width - indent)
    if any(column.title for column in columns):
        titles = [Cell(column.title, Style.DIM) for column in columns]
        screen.line(" " * indent + _line(screen, columns, titles, widths))
    for row in cells:
        screen.line(" " * indent + _line(screen, columns, row, widths))


def facts(screen: Screen, pairs: Sequence[tuple[str, str | Cell]], indent: int = 0) -> None:
    """Write names and values, the values below each other; those without a value are left out."""
    cells = [(name, value if isinstance(value, Cell) else Cell(value)) for name, value in pairs]
    known = [(name, cell) for name, cell in cells if cell.text]
    width = max((display_width(name) for name, _ in known), default=0)
    for name, cell in known:
        first, *more = printable(cell.text).split("\n")
        screen.line(
            " " * indent + screen.paint(_padded(name, width), Style.DIM) + "  " + screen.paint(first, cell.style)
        )
        for line in more:
            screen.line(" " * (indent + width + 2) + screen.paint(line, cell.style))


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int | None) -> list[int]:
    widths = [
        max(display_width(text) for text in (column.title, *(row[place].text for row in rows)))
        for place, column in enumerate(columns)
    ]
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
