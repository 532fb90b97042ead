"""Stores what a look at the schedules has found, without SQLAlchemy: a window looks at its start, and ticks do."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from borgdesk.domain.schedule import Slot, SlotState
from borgdesk.store.database import Database, SqlExecutor
from borgdesk.store.key_values import put
from borgdesk.store.records import Record, records
from borgdesk.store.tick_hint import KEY
from borgdesk.store.values import reasons_as_text, time_as_text

_ENDED = (SlotState.DONE, SlotState.FAILED, SlotState.MISSED, SlotState.PAUSED)
"""States in which a slot stays once a newer one covers it."""


class SlotRecorder:
    """Records slots, and when to look again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, slots: Iterable[Slot], closed: Iterable[Slot] = ()) -> list[Slot]:
        """Store the state of slots; return those whose state is new, so that one process tells about it.

        *closed* are older ones, each covered by one of *slots*: how one of them has ended does not change any more.
        """
        told = []
        with self._database.change() as connection:
            for slot, is_over in chain(((one, True) for one in closed), ((one, False) for one in slots)):
                row = _row(connection, slot)
                if row is not None and _stays(row, slot, is_over=is_over):
                    continue
                if row is None or row.state != slot.state:
                    told.append(slot)
                _put(connection, slot, row)
        return told

    def set_hint(self, written: float, until: float, zone: str) -> None:
        """Store that nothing can be due before *until*, see :mod:`borgdesk.store.tick_hint`."""
        with self._database.change() as connection:
            put(connection, KEY, {"written": written, "until": until, "zone": zone})


def _stays(row: Record, slot: Slot, *, is_over: bool) -> bool:
    if is_over:
        is_settled = row.state in _ENDED
    else:
        # Another process has started a run since this was found out.
        is_settled = (row.run_id or 0) > (slot.run_id or 0) and slot.state is not SlotState.MISSED
    return is_settled or (row.state, row.reasons, row.next_try) == (slot.state, slot.reasons, slot.next_try)


def _row(connection: SqlExecutor, slot: Slot) -> Record | None:
    query = "SELECT * FROM slots WHERE repository_id = ? AND due_at = ?"
    found = records(connection, "slots", query, [slot.repository_id, time_as_text(slot.due_at)])
    return found[0] if found else None


def _put(connection: SqlExecutor, slot: Slot, row: Record | None) -> None:
    connection.execute(
        "INSERT INTO slots (repository_id, due_at, state, reason, tries, next_try, run_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (repository_id, due_at) DO UPDATE SET state = excluded.state, reason = excluded.reason, "
        "tries = excluded.tries, next_try = excluded.next_try, run_id = excluded.run_id",
        (
            slot.repository_id,
            time_as_text(slot.due_at),
            slot.state.value,
            reasons_as_text(slot.reasons),
            max(0 if row is None else row.tries, slot.tries),
            None if slot.next_try is None else time_as_text(slot.next_try),
            slot.run_id or (None if row is None else row.run_id),
        ),
    )
