"""Converts rows of schedules and their slots to values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from borgdesk.domain.run import RunStatus
from borgdesk.domain.schedule import Conditions, Schedule, Slot, SlotState

if TYPE_CHECKING:
    from borgdesk.store.records import Record
    from borgdesk.store.tables import ScheduleRow, SlotRow


def schedule_from(row: ScheduleRow | Record) -> Schedule:
    """Convert a row to a value."""
    return Schedule(
        row.repository_id,
        row.cron,
        Conditions.from_json(row.conditions),
        row.jitter,
        row.overdue_after,
        row.paused_until,
        row.changed_at,
        row.connected_at,
        row.check_every,
        row.check_since,
    )


def slot_from(row: SlotRow | Record, status: RunStatus | None) -> Slot:
    """Return a slot. A run that settled it is not recorded a second time."""
    has_settled = status is not None and (status.is_good or status is RunStatus.CANCELLED)
    settled = row.state is SlotState.RUNNING and has_settled
    state = SlotState.DONE if settled else row.state
    return Slot(row.repository_id, row.due_at, state, row.reasons, row.tries, row.next_try, row.run_id)
