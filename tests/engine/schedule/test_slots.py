"""The rules of a schedule, each with a given clock and time zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.reasons import Code, Reason, text
from borgdesk.domain.run import RunStatus, Step, Trigger
from borgdesk.domain.schedule import UNTIL_RESUMED, Schedule, Slot, SlotState
from borgdesk.engine.schedule.slots import MOST_MISSED, Assessment, assess, shift_of

BERLIN = ZoneInfo("Europe/Berlin")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
NIGHTLY = Schedule(RepositoryId(1), "0 2 * * *", changed_at=LONG_AGO)
HOURLY = replace(NIGHTLY, cron="0 * * * *")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def at(text: str) -> datetime:
    """Return a moment in Berlin, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def run(
    began: str | datetime,
    status: RunStatus = RunStatus.SUCCESS,
    trigger: Trigger = Trigger.SCHEDULE,
    took: timedelta = MINUTE,
    error: str | None = None,
    notes: tuple[Reason, ...] = (),
) -> Run:
    start = at(began) if isinstance(began, str) else began
    number = RunId(int(start.timestamp()) % 1_000_000)
    finished = start + took if status.is_final else None
    return Run(number, RepositoryId(1), "Papers", "/backup", trigger, status, Step.DONE, start, started_at=start,
               finished_at=finished, errors=(text(error),) if error else (), notes=notes)  # fmt: skip


def look(schedule: Schedule, now: str | datetime, *runs: Run, shift: timedelta = timedelta()) -> Assessment:
    moment = at(now) if isinstance(now, str) else now
    return assess(schedule, sorted(runs, key=lambda one: one.queued_at, reverse=True), moment, BERLIN, shift=shift)


def due(schedule: Schedule, now: str | datetime, *runs: Run) -> Slot:
    slot = look(schedule, now, *runs).slot
    assert slot is not None
    return slot


YESTERDAY = run("2026-06-09 02:00")


# Rule 1: a slot is a cron instant in local time.


def test_a_slot_is_a_local_time() -> None:
    found = look(NIGHTLY, "2026-06-10 02:01", YESTERDAY)
    assert found.slot is not None
    assert (found.slot.due_at, found.start) == (at("2026-06-10 02:00"), True)
    assert found.slot.due_at.utcoffset() == timedelta()
    assert found.next_at == at("2026-06-11 02:00")


def test_in_the_gap_of_spring_it_is_the_first_moment_after_it() -> None:
    schedule = replace(NIGHTLY, cron="30 2 * * *")
    before, after = datetime(2026, 3, 29, 0, 59, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    yesterday = run("2026-03-28 02:30")
    assert look(schedule, before, yesterday).slot is None
    assert due(schedule, after, yesterday).due_at == after
    assert look(schedule, after, yesterday, run(after)).slot is None
    assert look(schedule, after, run(after)).next_at == at("2026-03-30 02:30")


def test_a_fixed_time_in_the_hour_that_autumn_repeats_is_due_once() -> None:
    schedule = replace(NIGHTLY, cron="30 2 * * *")
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert due(schedule, first, run("2026-10-24 02:30")).due_at == first
    found = look(schedule, second + MINUTE, run(first))
    assert (found.slot, found.next_at) == (None, at("2026-10-26 02:30"))


def test_every_hour_is_every_real_hour_in_autumn() -> None:
    moments = [datetime(2026, 10, 25, hour, 0, tzinfo=UTC) for hour in range(4)]
    runs = [run(moments[0] - HOUR)]
    for moment in moments:
        assert due(HOURLY, moment, *runs).due_at == moment
        runs.append(run(moment))


# Rules 2 and 3: of the slots that were missed, the newest is made up for.


def test_one_run_for_all_that_were_missed() -> None:
    found = look(NIGHTLY, "2026-06-14 09:00", YESTERDAY)
    assert found.slot is not None
    assert (found.slot.due_at, found.start) == (at("2026-06-14 02:00"), True)
    assert [slot.due_at for slot in found.closed] == [at(f"2026-06-{day} 02:00") for day in (13, 12, 11, 10)]
    assert {slot.state for slot in found.closed} == {SlotState.MISSED}
    assert {slot.reason for slot in found.closed} == {"missed, covered by the backup of 2026-06-14 02:00"}


def test_a_year_without_the_computer_is_not_a_year_of_records() -> None:
    assert len(look(replace(NIGHTLY, cron="* * * * *"), "2026-12-30 12:00:30").closed) == MOST_MISSED


@pytest.mark.parametrize(
    ("schedule", "now", "start"),
    [
        (HOURLY, "2026-06-10 09:44", True),  # a quarter of the period before the next
        (HOURLY, "2026-06-10 09:46", False),
        (NIGHTLY, "2026-06-11 01:29", True),  # half an hour before the next
        (NIGHTLY, "2026-06-11 01:31", False),
        (replace(NIGHTLY, cron="*/10 * * * *"), "2026-06-10 09:09", True),  # not late
    ],
)
def test_a_catch_up_is_left_to_the_next_slot_if_that_is_near(schedule: Schedule, now: str, start: bool) -> None:
    found = look(schedule, now, YESTERDAY)
    assert found.slot is not None
    assert found.start is start
    assert found.slot.state is (SlotState.WAITING if start else SlotState.MISSED)
    assert start or found.slot.reasons[0].code is Code.COVERED_BY


def test_what_is_on_time_is_no_catch_up() -> None:
    every_five = replace(NIGHTLY, cron="*/5 * * * *")
    assert look(every_five, "2026-06-10 09:04:50", run("2026-06-10 08:55")).start


# Rule 4: a catch-up does not move the next slot, and a new schedule begins after its change.


def test_a_catch_up_does_not_move_the_next_slot() -> None:
    caught_up = run("2026-06-10 17:00")
    found = look(NIGHTLY, "2026-06-10 17:30", YESTERDAY, caught_up)
    assert (found.slot, found.next_at) == (None, at("2026-06-11 02:00"))


def test_a_new_schedule_begins_with_the_first_slot_after_it() -> None:
    new = replace(NIGHTLY, changed_at=at("2026-06-10 12:00"))
    assert look(new, "2026-06-11 01:59").slot is None
    assert due(new, "2026-06-11 02:00").due_at == at("2026-06-11 02:00")


# Rule 5: what settles a slot.


@pytest.mark.parametrize("trigger", list(Trigger))
@pytest.mark.parametrize("status", [RunStatus.SUCCESS, RunStatus.WARNING, RunStatus.CANCELLED])
def test_settled_by_any_good_run_and_by_the_person_who_cancelled_one(status: RunStatus, trigger: Trigger) -> None:
    assert look(NIGHTLY, "2026-06-10 09:00", YESTERDAY, run("2026-06-10 08:00", status, trigger)).slot is None


@pytest.mark.parametrize("status", [RunStatus.FAILURE, RunStatus.INTERRUPTED])
def test_not_settled_by_a_failure(status: RunStatus) -> None:
    by_hand = run("2026-06-10 08:00", status, Trigger.USER)
    assert look(NIGHTLY, "2026-06-10 09:00", YESTERDAY, by_hand).start


def test_not_settled_by_a_run_that_began_before_it() -> None:
    early = run("2026-06-10 01:59", took=HOUR)
    assert look(NIGHTLY, "2026-06-10 03:00", early).start


def test_not_settled_by_what_the_system_stopped() -> None:
    stopped = run("2026-06-10 02:00", RunStatus.CANCELLED, notes=(Reason(Code.STOPPED_BY_SYSTEM),))
    slot = due(NIGHTLY, "2026-06-10 02:10", YESTERDAY, stopped)
    assert (slot.state, slot.next_try) == (SlotState.WAITING, at("2026-06-10 02:16"))


# Rule 6: retries.


def test_three_retries_then_failed() -> None:
    runs, moment = [YESTERDAY], at("2026-06-10 02:00")
    for wait in (15 * MINUTE, HOUR, 4 * HOUR):
        runs.append(run(moment, RunStatus.FAILURE, error="The disk is full."))
        ended = moment + MINUTE
        waiting = look(NIGHTLY, ended + wait - MINUTE, *runs)
        assert waiting.slot is not None
        assert (waiting.start, waiting.slot.state) == (False, SlotState.WAITING)
        assert waiting.slot.next_try == ended + wait
        assert waiting.slot.reason == "the last attempt failed: The disk is full."
        moment = ended + wait
        assert look(NIGHTLY, moment, *runs).start
    runs.append(run(moment, RunStatus.INTERRUPTED, error="It was killed."))
    slot = due(NIGHTLY, moment + DAY / 4, *runs)
    assert (slot.state, slot.tries) == (SlotState.FAILED, 4)
    assert slot.reason == "all attempts failed: It was killed."
    assert look(NIGHTLY, "2026-06-11 02:00", *runs).start


def test_no_retry_goes_past_the_next_slot() -> None:
    failed = run("2026-06-10 09:00", RunStatus.FAILURE, took=46 * MINUTE)
    found = look(HOURLY, "2026-06-10 09:50", YESTERDAY, failed)
    assert found.slot is not None
    assert (found.slot.state, found.start) == (SlotState.FAILED, False)


# Rule 7: not now.


def test_what_could_not_be_tried_again_before_the_next_slot_has_failed() -> None:
    """The computer was off at the time of the next attempt."""
    failed = [run("2026-06-10 02:00", RunStatus.FAILURE, error="No space."), run("2026-06-10 02:15", RunStatus.FAILURE)]
    said_not_now = run("2026-06-11 02:00", RunStatus.SKIPPED)
    found = look(NIGHTLY, "2026-06-13 09:00", YESTERDAY, *failed, said_not_now)
    assert [slot.state for slot in found.closed] == [SlotState.MISSED, SlotState.MISSED, SlotState.FAILED]
    assert (found.closed[-1].tries, found.closed[-1].run_id) == (2, failed[1].id)
    assert found.start


def test_a_run_that_is_still_under_way_at_the_next_slot_does_not_close_its_own() -> None:
    found = look(HOURLY, "2026-06-10 03:01", YESTERDAY, run("2026-06-10 02:00", RunStatus.RUNNING))
    assert [slot.state for slot in found.closed[:2]] == [SlotState.RUNNING, SlotState.MISSED]
    late = run("2026-06-10 02:00", RunStatus.FAILURE, took=61 * MINUTE)
    found = look(HOURLY, "2026-06-10 03:02", YESTERDAY, late)
    assert (found.closed[0].state, found.closed[0].run_id, found.start) == (SlotState.FAILED, late.id, True)


def test_not_now_is_asked_again_every_quarter_of_an_hour_until_the_next_slot() -> None:
    runs = [YESTERDAY]
    moment = at("2026-06-10 02:00")
    for _again in range(6):
        runs.append(run(moment, RunStatus.SKIPPED, error="The disk is not connected."))
        slot = due(NIGHTLY, moment + 2 * MINUTE, *runs)
        assert (slot.state, slot.next_try) == (SlotState.WAITING, moment + 16 * MINUTE)
        assert slot.reason == "a script said not now: The disk is not connected."
        moment += 16 * MINUTE
        assert look(NIGHTLY, moment, *runs).start
    assert due(NIGHTLY, "2026-06-11 02:00", *runs).due_at == at("2026-06-11 02:00")


# Rule 10: nothing starts beside a run under way.


@pytest.mark.parametrize("trigger", [Trigger.USER, Trigger.SCHEDULE])
@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.RUNNING])
def test_a_run_under_way_is_waited_for(status: RunStatus, trigger: Trigger) -> None:
    found = look(NIGHTLY, "2026-06-10 02:05", YESTERDAY, run("2026-06-10 01:50", status, trigger))
    assert found.slot is not None
    assert (found.slot.state, found.start) == (SlotState.RUNNING, False)


# Rule 11: clocks that are wrong.


def test_a_run_in_the_future_settles_nothing() -> None:
    wrong = run("2031-01-01 02:00")
    assert look(NIGHTLY, "2026-06-10 12:00", YESTERDAY, wrong).start
    done = look(NIGHTLY, "2026-06-10 12:10", YESTERDAY, run("2026-06-10 12:00"), wrong)
    assert (done.slot, done.good_at) == (None, at("2026-06-10 12:01"))
    assert look(NIGHTLY, "2026-06-11 02:00", run("2026-06-10 12:00"), wrong).start


def test_a_schedule_that_was_set_in_the_future_is_followed() -> None:
    wrong = replace(NIGHTLY, changed_at=at("2031-01-01 02:00"))
    assert look(wrong, "2026-06-10 12:00").start
    assert look(wrong, "2026-06-10 12:10", run("2026-06-10 12:00")).slot is None
    assert look(wrong, "2026-06-20 02:00", run("2026-06-10 12:00")).overdue
    ahead = replace(NIGHTLY, changed_at=at("2026-06-10 18:00"))
    assert look(ahead, "2026-06-10 12:00").slot is None


def test_a_clock_that_was_set_back_makes_nothing_due_twice() -> None:
    done = run("2026-06-10 02:00")
    assert look(NIGHTLY, "2026-06-09 23:00", YESTERDAY, done).slot is None
    assert look(NIGHTLY, "2026-06-10 02:00", YESTERDAY, done).slot is None


# Rule 14: pause.


def test_nothing_starts_in_a_pause_and_one_catch_up_follows() -> None:
    paused = replace(NIGHTLY, paused_until=at("2026-06-13 12:00"))
    found = look(paused, "2026-06-12 09:00", YESTERDAY)
    assert found.slot is not None
    assert (found.slot.state, found.start) == (SlotState.PAUSED, False)
    after = look(paused, "2026-06-13 12:00", YESTERDAY)
    assert (after.start, len(after.closed)) == (True, 3)
    assert {slot.state for slot in (*found.closed, *after.closed)} == {SlotState.PAUSED}
    later = look(paused, "2026-06-15 09:00", YESTERDAY).closed
    assert [slot.state for slot in later] == [SlotState.MISSED, *[SlotState.PAUSED] * 4]
    assert look(paused, "2026-06-13 12:10", YESTERDAY, run("2026-06-13 12:01")).slot is None


def test_a_slot_that_has_failed_stays_so_in_a_pause() -> None:
    """Or the user would be told again after the pause."""
    failed = [run(f"2026-06-10 0{hour}:00", RunStatus.FAILURE) for hour in (2, 3, 4, 8)]
    assert due(NIGHTLY, "2026-06-10 09:00", YESTERDAY, *failed).state is SlotState.FAILED
    paused = replace(NIGHTLY, paused_until=at("2026-06-10 12:00"))
    assert due(paused, "2026-06-10 09:00", YESTERDAY, *failed).state is SlotState.FAILED
    assert due(paused, "2026-06-10 09:00", YESTERDAY, failed[0]).state is SlotState.PAUSED


def test_a_pause_without_an_end() -> None:
    paused = replace(NIGHTLY, paused_until=UNTIL_RESUMED)
    assert not look(paused, "2040-01-01 12:00", YESTERDAY).start


# Rule 15: jitter.


def test_jitter_is_the_same_for_the_same_machine_and_differs_between_machines() -> None:
    schedule = replace(NIGHTLY, jitter=600)
    shifts = {shift_of(schedule, f"machine {number}", "repository", remote=False) for number in range(200)}
    assert len(shifts) > 100
    assert all(timedelta() <= shift <= 10 * MINUTE for shift in shifts)
    assert shift_of(schedule, "a", "b", remote=False) == shift_of(schedule, "a", "b", remote=True)


def test_only_servers_have_jitter_by_default() -> None:
    assert shift_of(NIGHTLY, "machine", "repository", remote=False) == timedelta()
    assert max(shift_of(NIGHTLY, str(n), "repository", remote=True) for n in range(100)) > 5 * MINUTE


def test_the_next_run_includes_jitter() -> None:
    shift = 7 * MINUTE
    assert look(NIGHTLY, "2026-06-10 01:00", YESTERDAY, shift=shift).next_at == at("2026-06-10 02:07")
    assert look(NIGHTLY, "2026-06-10 02:06", YESTERDAY, shift=shift).slot is None
    found = look(NIGHTLY, "2026-06-10 02:07", YESTERDAY, shift=shift)
    assert found.slot is not None
    assert (found.start, found.slot.due_at) == (True, at("2026-06-10 02:00"))
    assert look(NIGHTLY, "2026-06-10 02:08", YESTERDAY, run("2026-06-10 02:07"), shift=shift).slot is None


# Rule 16: overdue.


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        (HOURLY, 3),
        (NIGHTLY, 3),
        (replace(NIGHTLY, cron="0 2 * * 1"), 14),
        (replace(NIGHTLY, overdue_after=1), 1),
    ],
)
def test_overdue_after_two_periods_and_at_least_three_days(schedule: Schedule, days: int) -> None:
    good = run("2026-06-01 02:00")
    assert good.finished_at is not None
    end = good.finished_at + timedelta(days=days)
    failed = run("2026-06-02 02:00", RunStatus.FAILURE)
    assert not look(schedule, end, good, failed).overdue
    assert look(schedule, end + MINUTE, good, failed).overdue


def test_what_was_never_backed_up_is_overdue_from_its_schedule_on() -> None:
    new = replace(NIGHTLY, changed_at=at("2026-06-10 12:00"))
    assert not look(new, "2026-06-13 11:00").overdue
    assert look(new, "2026-06-13 13:00").overdue
    assert not look(replace(new, paused_until=UNTIL_RESUMED), "2026-06-13 13:00").overdue
