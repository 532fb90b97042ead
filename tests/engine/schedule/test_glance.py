"""What people are shown of schedules, and which failures are told with their slot."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import update

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.run import RunStatus, Trigger
from borgdesk.domain.schedule import UNTIL_RESUMED, Schedule, Slot, SlotState, daily
from borgdesk.engine.processes import procfs
from borgdesk.engine.schedule.glance import glance, glance_at_all, is_told_with_slot, upcoming
from borgdesk.store.clock import now
from borgdesk.store.tables import ScheduleRow
from tests.engine.desk import Desk

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    desk.workspace = replace(desk.workspace, environment={**desk.environment, "TZ": "UTC"})
    return desk


def scheduled(desk: Desk, cron: str, since: datetime) -> Schedule:
    store = desk.workspace.store
    schedule = store.schedules.put(Schedule(desk.repository.id, cron))
    with store.database.writing() as session:
        session.execute(update(ScheduleRow).values(changed_at=since))
    return replace(schedule, changed_at=since)


def test_the_reasons_of_the_last_look_are_shown(desk: Desk) -> None:
    scheduled(desk, "30 2 * * *", NOW - DAY)
    schedules, due_at = desk.workspace.store.schedules, NOW.replace(hour=2, minute=30)
    assert [due.slot and due.slot.reasons for due in glance_at_all(desk.workspace, NOW)] == [()]
    reasons = (Reason(Code.ON_BATTERY),)
    schedules.record([Slot(desk.repository.id, due_at - DAY, SlotState.WAITING, reasons)])
    assert [due.slot and due.slot.reasons for due in glance_at_all(desk.workspace, NOW)] == [()]
    of_a_wrong_clock = Slot(desk.repository.id, NOW + 400 * DAY, SlotState.DONE)
    schedules.record([Slot(desk.repository.id, due_at, SlotState.WAITING, reasons), of_a_wrong_clock])
    (due,) = glance_at_all(desk.workspace, NOW)
    assert due.slot == Slot(desk.repository.id, due_at, SlotState.WAITING, reasons)
    assert due == glance(desk.workspace, desk.repository, NOW)
    schedules.remove(desk.repository.id)
    assert glance(desk.workspace, desk.repository, NOW) is None
    assert glance_at_all(desk.workspace, NOW) == []


def test_the_next_starts_include_the_delay(desk: Desk) -> None:
    wanted = Schedule(desk.repository.id, "30 2 * * *", jitter=0)
    first = NOW.replace(day=11, hour=2, minute=30)
    moments = upcoming(desk.workspace, desk.repository, wanted, NOW)
    assert moments == [first, first + DAY, first + 2 * DAY]
    shifted = upcoming(desk.workspace, desk.repository, replace(wanted, jitter=3600), NOW)
    delay = shifted[0] - first
    assert timedelta() <= delay <= timedelta(hours=1)
    assert shifted == [moment + delay for moment in moments]
    with pytest.raises(InvalidInput):
        upcoming(desk.workspace, desk.repository, replace(wanted, cron="0 0 31 2 *"), NOW)


def test_nothing_starts_during_a_pause(desk: Desk) -> None:
    nightly, first = Schedule(desk.repository.id, "30 2 * * *", jitter=0), NOW.replace(day=11, hour=2, minute=30)
    for until, after in ((first - DAY, first), (first, first), (first + timedelta(seconds=1), first + DAY)):
        moments = upcoming(desk.workspace, desk.repository, replace(nightly, paused_until=until), NOW)
        assert moments == [after, after + DAY, after + 2 * DAY]
    assert upcoming(desk.workspace, desk.repository, replace(nightly, paused_until=UNTIL_RESUMED), NOW) == []


def test_a_failure_is_told_with_its_slot_only_while_that_is_the_newest(desk: Desk) -> None:
    store = desk.workspace.store
    due_at = now() - timedelta(minutes=1)
    scheduled(desk, daily(time(due_at.hour, due_at.minute)), due_at - DAY)

    def failed(trigger: Trigger) -> bool:
        run = store.runs.queue(desk.repository, trigger, procfs.identity(), now())
        store.runs.finish(run.id, RunStatus.FAILURE, now())
        return is_told_with_slot(desk.workspace, store.runs.get(run.id))

    assert not failed(Trigger.USER)
    assert failed(Trigger.SCHEDULE)
    run = store.runs.list()[0]
    assert not is_told_with_slot(desk.workspace, replace(run, repository_id=RepositoryId(99)))
    assert not is_told_with_slot(desk.workspace, replace(run, repository_id=None))
    store.schedules.remove(desk.repository.id)
    assert not is_told_with_slot(desk.workspace, run)
