"""What people are shown of schedules.

Nothing is asked of the machine: what a backup waits for was recorded by the last look.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from borgdesk.domain.errors import NotFound
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Trigger
from borgdesk.domain.schedule import UNTIL_RESUMED, Schedule, SlotState
from borgdesk.engine.schedule import instants
from borgdesk.engine.schedule.due import Due, look, look_at_all, shift
from borgdesk.engine.schedule.time_zone import local_zone
from borgdesk.engine.workspace import Workspace


def glance(workspace: Workspace, repository: Repository, now: datetime | None = None) -> Due | None:
    """Return the state of a repository's schedule; None if it has none.

    Raises:
        InvalidInput: the time zone is not known.
        StoreUnusable: the database cannot be read.
    """
    due = look(workspace, repository, now, ask=False)
    return None if due is None else _as_recorded(workspace, due)


def glance_at_all(workspace: Workspace, now: datetime | None = None) -> list[Due]:
    """As :func:`glance`, for all repositories with a schedule, by name."""
    return [_as_recorded(workspace, due) for due in look_at_all(workspace, now, ask=False)]


def upcoming(
    workspace: Workspace, repository: Repository, schedule: Schedule, now: datetime, count: int = 3
) -> list[datetime]:
    """Return the next moments after *now* at which a schedule, stored or not, starts a backup: none during a pause.

    Raises:
        InvalidInput: its expression is not valid or never fires, or the time zone is not known.
    """
    instants.check_cron(schedule.cron)
    if schedule.paused_until == UNTIL_RESUMED:
        return []
    if schedule.paused_until is not None:
        now = max(now, schedule.paused_until - timedelta.resolution)
    delay = shift(repository, schedule)
    following = instants.after(schedule.cron, local_zone(workspace.environment), now - delay)
    return [moment + delay for moment in islice(following, count)]


def is_told_with_slot(workspace: Workspace, run: Run) -> bool:
    """Return whether the user is told of a failed run once its slot has failed, after the last retry, or not at all."""
    if run.trigger is not Trigger.SCHEDULE or run.repository_id is None:
        return False
    try:
        due = look(workspace, workspace.store.repositories.get(run.repository_id), ask=False)
    except NotFound:
        return False
    slots = () if due is None or due.slot is None else (due.slot, *due.assessment.closed)
    return any(slot.run_id == run.id and slot.state in (SlotState.WAITING, SlotState.FAILED) for slot in slots)


def _as_recorded(workspace: Workspace, due: Due) -> Due:
    slot = due.slot
    if slot is None or slot.state is not SlotState.WAITING or slot.reasons:
        return due
    newest = next(iter(workspace.store.schedule_reader.slots(due.repository_id, 1, up_to=slot.due_at)), None)
    if newest is None or newest.due_at != slot.due_at or newest.state is not SlotState.WAITING:
        return due
    return replace(due, slot=replace(slot, reasons=newest.reasons))
