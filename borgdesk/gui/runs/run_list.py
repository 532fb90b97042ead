"""Model of a list of runs of any length: it knows all their numbers, and keeps the runs that were looked at last.

A number takes eight bytes, a run some thousands.
"""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QTimer, Signal

from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.gui.look.columns import Column
from borgdesk.gui.look.table import NOWHERE, Index, TableModel

_KEPT = 1000
"""Runs that are kept."""
_AROUND = 40
"""Runs that are loaded above and below those that are looked at."""
_MOST_AT_ONCE = 300


class RunList(TableModel[Run]):
    """Newest first. A run that is not kept is empty until it was asked for and given to :meth:`keep`."""

    wanted = Signal(list)
    """Numbers of runs that are looked at; answer with :meth:`keep`."""

    def __init__(self, columns: Sequence[Column[Run]], parent: QObject | None = None) -> None:
        super().__init__(columns, key=lambda run: run.id, parent=parent)
        self._ids = array("q")
        self._kept: dict[int, Run] = {}
        """In the order in which they were loaded."""
        self._looked_at: tuple[int, int] | None = None
        """First and last place that was looked at in vain."""
        self._asked: frozenset[int] = frozenset()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._ask)

    # rows

    def ids(self) -> tuple[RunId, ...]:
        """Return the numbers of all runs, newest first."""
        return tuple(map(RunId, self._ids))

    def rows(self) -> tuple[Run, ...]:
        """Return the runs that are kept, newest first."""
        return tuple(self._kept[run_id] for run_id in self._ids if run_id in self._kept)

    def row(self, place: int) -> Run:
        """Return the run at a place, which must be kept."""
        return self._kept[self._ids[place]]

    def place_of(self, key: Hashable) -> int | None:
        """Return the position of the run with that number."""
        if not isinstance(key, int):
            return None
        place = self._place_for(key)
        return place if place < len(self._ids) and self._ids[place] == key else None

    @property
    def newest_id(self) -> RunId:
        """The number of the first run; 0 if there is none."""
        return RunId(self._ids[0] if self._ids else 0)

    @property
    def oldest_id(self) -> RunId:
        """The number of the last run; 0 if there is none."""
        return RunId(self._ids[-1] if self._ids else 0)

    def set_rows(self, rows: Iterable[Run], *, has_more: bool = False) -> None:
        """Replace the list; the selection is kept where the list remains the same."""
        new = list(rows)
        self._remember(new)
        self.set_ids(array("q", (run.id for run in new)))
        self._has_more, self._waiting = has_more, False

    def set_ids(self, ids: array[int]) -> None:
        """Replace the list by these runs, newest first."""
        before = _common(self._ids, ids)
        after = _common_end(self._ids, ids, min(len(self._ids), len(ids)) - before)
        if len(self._ids) - after > before:
            self._remove(before, len(self._ids) - after - 1)
        if len(ids) - after > before:
            self._insert_ids(before, ids[before : len(ids) - after])
        self._has_more = self._waiting = False

    def append(self, rows: Iterable[Run], *, has_more: bool = False) -> None:
        """Add the next page, which is older than the runs already present."""
        self._has_more, self._waiting = has_more, False
        new = [run for run in rows if not self._ids or run.id < self._ids[-1]]
        self._remember(new)
        if new:
            self._insert_ids(len(self._ids), array("q", (run.id for run in new)))

    def put(self, row: Run, place: int | None = None) -> None:
        """Update a run, or insert it at its place."""
        known = self.place_of(row.id)
        changed = self._kept.get(row.id) != row
        self._remember([row])
        if known is None:
            self._insert_ids(self._place_for(row.id), array("q", [row.id]))
        elif changed:
            self._emit_changed(known, known)

    def keep(self, asked: Iterable[int], runs: Iterable[Run]) -> None:
        """Take the answer to :attr:`wanted`. Those that were asked for and are not there any more leave the list."""
        found = list(runs)
        self._remember(found)
        for run_id in set(asked) - {run.id for run in found}:
            self.remove(run_id)
        places = [place for run in found if (place := self.place_of(run.id)) is not None]
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
        return 0 if parent.isValid() else len(self._ids)

    def _row_at(self, place: int) -> Run | None:
        if place >= len(self._ids):
            return None
        run = self._kept.get(self._ids[place])
        if run is None:
            first, last = self._looked_at or (place, place)
            near = abs(place - first) < _MOST_AT_ONCE and abs(place - last) < _MOST_AT_ONCE
            self._looked_at = (min(first, place), max(last, place)) if near else (place, place)
            if not self._asked:
                self._soon.start()
        return run

    # loading runs

    def _ask(self) -> None:
        if self._looked_at is None or self._asked:
            return
        first, last = self._looked_at
        self._looked_at = None
        near = self._ids[max(0, first - _AROUND) : last + _AROUND + 1]
        missing = [run_id for run_id in near if run_id not in self._kept]
        if missing:
            self._asked = frozenset(missing)
            self.wanted.emit(missing)

    def _remember(self, runs: Iterable[Run]) -> None:
        for run in runs:
            self._kept.pop(run.id, None)
            self._kept[run.id] = run
        for run_id in list(self._kept)[: max(0, len(self._kept) - _KEPT)]:
            del self._kept[run_id]

    # updating rows

    def _place_for(self, run_id: int) -> int:
        return bisect.bisect_left(self._ids, -run_id, key=_descending)

    def _insert_ids(self, place: int, ids: array[int]) -> None:
        self.beginInsertRows(QModelIndex(), place, place + len(ids) - 1)
        self._ids[place:place] = ids
        self.endInsertRows()

    def _remove(self, first: int, last: int) -> None:
        self.beginRemoveRows(QModelIndex(), first, last)
        del self._ids[first : last + 1]
        self.endRemoveRows()

    def remove(self, key: Hashable) -> None:
        """Remove a run, if it is present."""
        place = self.place_of(key)
        if place is not None:
            self._remove(place, place)

    def refresh(self) -> None:
        """Update all texts, because time passed or the palette changed."""
        if self._ids:
            self._emit_changed(0, len(self._ids) - 1)


_descending: Callable[[Any], Any] = int.__neg__


def _common(one: array[int], other: array[int]) -> int:
    """Return how many items at the beginning are the same."""
    return bisect.bisect_left(
        range(1, min(len(one), len(other)) + 1), 1, key=lambda count: int(one[:count] != other[:count])
    )


def _common_end(one: array[int], other: array[int], most: int) -> int:
    """Return how many items at the end are the same, at most as many as said."""
    return bisect.bisect_left(range(1, most + 1), 1, key=lambda count: int(one[-count:] != other[-count:]))
