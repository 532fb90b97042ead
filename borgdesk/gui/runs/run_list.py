"""Model of a history of any length: it knows the keys of all runs and tests, and keeps those looked at last.

A key takes eight bytes, a run some thousands.
"""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QTimer, Signal

from borgdesk.domain.history_list import Key, Listed, key_of
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.table import NOWHERE, Index, TableModel

_KEPT = 1000
"""Rows that are kept."""
_AROUND = 40
"""Rows that are loaded above and below those that are looked at."""
_MOST_AT_ONCE = 300


class RunList(TableModel[Listed]):
    """Runs, and tests of scripts, newest first. A row that is not kept is empty until it is given to :meth:`keep`."""

    wanted = Signal(list)
    """Keys of rows that are looked at; answer with :meth:`keep`."""

    def __init__(self, columns: Sequence[Column[Listed]], parent: QObject | None = None) -> None:
        super().__init__(columns, key=key_of, parent=parent)
        self._keys = array("q")
        self._kept: dict[int, Listed] = {}
        """In the order in which they were loaded."""
        self._looked_at: tuple[int, int] | None = None
        """First and last place that was looked at in vain."""
        self._asked: frozenset[int] = frozenset()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._ask)

    # rows

    def all_keys(self) -> tuple[Key, ...]:
        """Return the keys of all rows, newest first."""
        return tuple(map(Key, self._keys))

    def rows(self) -> tuple[Listed, ...]:
        """Return the rows that are kept, newest first."""
        return tuple(self._kept[key] for key in self._keys if key in self._kept)

    def row(self, place: int) -> Listed:
        """Return the row at a place, which must be kept."""
        return self._kept[self._keys[place]]

    def place_of(self, key: Hashable) -> int | None:
        """Return the position of the row with that key."""
        if not isinstance(key, int):
            return None
        place = self._place_for(key)
        return place if place < len(self._keys) and self._keys[place] == key else None

    @property
    def newest(self) -> Key:
        """The key of the first row; 0 if there is none."""
        return Key(self._keys[0] if self._keys else 0)

    @property
    def oldest(self) -> Key:
        """The key of the last row; 0 if there is none."""
        return Key(self._keys[-1] if self._keys else 0)

    def set_rows(self, rows: Iterable[Listed], *, has_more: bool = False) -> None:
        """Replace the list; the selection is kept where the list remains the same."""
        new = list(rows)
        self._remember(new)
        self.set_keys(array("q", map(key_of, new)))
        self._has_more, self._waiting = has_more, False

    def set_keys(self, keys: array[int]) -> None:
        """Replace the list by the rows with these keys, newest first."""
        before = _common(self._keys, keys)
        after = _common_end(self._keys, keys, min(len(self._keys), len(keys)) - before)
        if len(self._keys) - after > before:
            self._remove(before, len(self._keys) - after - 1)
        if len(keys) - after > before:
            self._insert_keys(before, keys[before : len(keys) - after])
        self._has_more = self._waiting = False

    def append(self, rows: Iterable[Listed], *, has_more: bool = False) -> None:
        """Add the next page, which is older than the rows already present."""
        self._has_more, self._waiting = has_more, False
        new = [row for row in rows if not self._keys or key_of(row) < self._keys[-1]]
        self._remember(new)
        if new:
            self._insert_keys(len(self._keys), array("q", map(key_of, new)))

    def put(self, row: Listed, place: int | None = None) -> None:
        """Update a row, or insert it at its place."""
        key = key_of(row)
        known = self.place_of(key)
        changed = self._kept.get(key) != row
        self._remember([row])
        if known is None:
            self._insert_keys(self._place_for(key), array("q", [key]))
        elif changed:
            self._emit_changed(known, known)

    def keep(self, asked: Iterable[int], rows: Iterable[Listed]) -> None:
        """Take the answer to :attr:`wanted`. Those that were asked for and are not there any more leave the list."""
        found = {key_of(row): row for row in rows}
        self._remember(found.values())
        for key in set(asked) - found.keys():
            self.remove(key)
        places = [place for key in found if (place := self.place_of(key)) is not None]
        if places:
            self._emit_changed(min(places), max(places))
        self._asked = frozenset()
        if self._looked_at is not None:
            self._soon.start()

    def keep_nothing(self) -> None:
        """Take that the question of :attr:`wanted` could not be answered."""
        self._asked = frozenset()

    # QAbstractTableModel

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._keys)

    def _row_at(self, place: int) -> Listed | None:
        if place >= len(self._keys):
            return None
        row = self._kept.get(self._keys[place])
        if row is None:
            first, last = self._looked_at or (place, place)
            near = abs(place - first) < _MOST_AT_ONCE and abs(place - last) < _MOST_AT_ONCE
            self._looked_at = (min(first, place), max(last, place)) if near else (place, place)
            if not self._asked:
                self._soon.start()
        return row

    # loading rows

    def _ask(self) -> None:
        if self._looked_at is None or self._asked:
            return
        first, last = self._looked_at
        self._looked_at = None
        near = self._keys[max(0, first - _AROUND) : last + _AROUND + 1]
        missing = [key for key in near if key not in self._kept]
        if missing:
            self._asked = frozenset(missing)
            self.wanted.emit(missing)

    def _remember(self, rows: Iterable[Listed]) -> None:
        for row in rows:
            key = key_of(row)
            self._kept.pop(key, None)
            self._kept[key] = row
        for old in list(self._kept)[: max(0, len(self._kept) - _KEPT)]:
            del self._kept[old]

    # updating rows

    def _place_for(self, key: int) -> int:
        return bisect.bisect_left(self._keys, -key, key=_descending)

    def _insert_keys(self, place: int, keys: array[int]) -> None:
        self.beginInsertRows(QModelIndex(), place, place + len(keys) - 1)
        self._keys[place:place] = keys
        self.endInsertRows()

    def _remove(self, first: int, last: int) -> None:
        self.beginRemoveRows(QModelIndex(), first, last)
        del self._keys[first : last + 1]
        self.endRemoveRows()

    def remove(self, key: Hashable) -> None:
        """Remove a row, if it is present."""
        place = self.place_of(key)
        if place is not None:
            self._remove(place, place)

    def refresh(self) -> None:
        """Update all texts, because time passed or the palette changed."""
        if self._keys:
            self._emit_changed(0, len(self._keys) - 1)


_descending: Callable[[Any], Any] = int.__neg__


def _common(one: array[int], other: array[int]) -> int:
    """Return how many items at the beginning are the same."""
    return bisect.bisect_left(
        range(1, min(len(one), len(other)) + 1), 1, key=lambda count: int(one[:count] != other[:count])
    )


def _common_end(one: array[int], other: array[int], most: int) -> int:
    """Return how many items at the end are the same, at most as many as said."""
    return bisect.bisect_left(range(1, most + 1), 1, key=lambda count: int(one[-count:] != other[-count:]))
