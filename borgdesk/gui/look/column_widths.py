"""Shares the width of a table among its columns: dates, states and numbers are shown whole while a text can be cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from borgdesk.gui.look.columns import Column

_TEXT_SHARE = 0.4
"""Share of their width that texts keep."""
_STRETCHED_SHARE = 0.5
"""The same for the column that takes the remaining width, which is given only as much as it needs."""


def shared(
    columns: Sequence[Column[Any]],
    wanted: Mapping[int, int],
    least: Mapping[int, int],
    room: int,
    chosen: frozenset[int],
) -> dict[int, int]:
    """Return the widths of the columns that there is room for, those of stretched ones without what remains.

    *wanted* has the widths where there is room enough, without columns that are hidden; none becomes narrower than in
    *least*, unless it is wanted so. *chosen* ones do not grow, as the user gave them their width. The sum exceeds
    *room* if that is too little.
    """
    kept = dict(wanted)
    while sum(_least(columns[place], width, least[place]) for place, width in kept.items()) > room:
        optional = [place for place in kept if columns[place].optional]
        if not optional:
            return {place: _least(columns[place], width, least[place]) for place, width in kept.items()}
        del kept[optional[-1]]
    widths = _with_shorter_texts(columns, kept, least, room)
    spare = room - sum(kept.values())
    for place in kept.keys() - chosen:
        if columns[place].grows:
            widths[place] += max(0, spare) // 2
    # The header gives what remains to these, but no less than nothing.
    too_much = max(0, sum(widths.values()) - room)
    for place in kept:
        if columns[place].stretch:
            widths[place] -= min(too_much, widths[place] - _least(columns[place], wanted[place], least[place]))
    return widths


def _with_shorter_texts(
    columns: Sequence[Column[Any]], wanted: Mapping[int, int], least: Mapping[int, int], room: int
) -> dict[int, int]:
    """Shorten all texts by the same share, as far as each of them can be."""
    widths = dict(wanted)
    texts = [place for place in wanted if _is_text(columns[place])]
    while texts and (too_much := sum(widths.values()) - room) > 0:
        share = 1 - too_much / sum(widths[place] for place in texts)
        shortest = {place: _least(columns[place], wanted[place], least[place]) for place in texts}
        reached = [place for place in texts if widths[place] * share < shortest[place] + 1]
        if not reached:
            return widths | {place: int(widths[place] * share) for place in texts}
        widths |= {place: shortest[place] for place in reached}
        texts = [place for place in texts if place not in reached]
    return widths


def _is_text(column: Column[Any]) -> bool:
    return not (column.is_firm or column.optional or column.stretch)


def _least(column: Column[Any], width: int, least: int) -> int:
    if column.is_firm or column.optional:
        return width
    return min(width, max(least, int(width * (_STRETCHED_SHARE if column.stretch else _TEXT_SHARE))))
