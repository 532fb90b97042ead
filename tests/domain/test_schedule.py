"""Schedules as values: their forms, hours and conditions."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.schedule import (
    JITTER_OVER_SSH,
    UNTIL_RESUMED,
    Conditions,
    CronForm,
    Hours,
    Schedule,
    ScheduleKind,
    Slot,
    SlotState,
    daily,
    hourly,
    monthly,
    parse_time,
    weekly,
)

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "kind", "words"),
    [
        (hourly(5), ScheduleKind.HOURLY, "every hour at minute 05"),
        (daily(time(2, 30)), ScheduleKind.DAILY, "daily at 02:30"),
        (weekly([4, 1, 4], time(18)), ScheduleKind.WEEKLY, "every Monday and Thursday at 18:00"),
        (monthly("01", time(3)), ScheduleKind.MONTHLY, "on day 1 of each month at 03:00"),
        (monthly("L", time(3)), ScheduleKind.MONTHLY, "on the last day of each month at 03:00"),
        ("0  2 * *\t1", ScheduleKind.WEEKLY, "every Monday at 02:00"),
        ("*/5 * * * *", ScheduleKind.CRON, "cron */5 * * * *"),
        ("0 2 * 6 *", ScheduleKind.CRON, "cron 0 2 * 6 *"),
        ("0 2 * * 0", ScheduleKind.CRON, "cron 0 2 * * 0"),
        ("99 2 * * *", ScheduleKind.CRON, "cron 99 2 * * *"),
        ("nonsense", ScheduleKind.CRON, "cron nonsense"),
    ],
)
def test_the_form_of_an_expression(cron: str, kind: ScheduleKind, words: str) -> None:
    form = CronForm.parse(cron)
    assert (form.kind, form.in_words()) == (kind, words)


def test_a_form_is_what_its_parts_make() -> None:
    for cron in (
        hourly(5),
        daily(time(2, 30)),
        weekly([1, 4], time(18)),
        monthly("L", time(3)),
        monthly("28", time(3)),
    ):
        form = CronForm.parse(cron)
        made = {
            ScheduleKind.HOURLY: lambda form=form: hourly(form.at.minute),
            ScheduleKind.DAILY: lambda form=form: daily(form.at),
            ScheduleKind.WEEKLY: lambda form=form: weekly(form.days, form.at),
            ScheduleKind.MONTHLY: lambda form=form: monthly(form.day, form.at),
        }[form.kind]()
        assert made == cron


@pytest.mark.parametrize("day", ["0", "29", "31", "", "-1", "x", "²", "1" * 50])
def test_a_day_that_some_months_lack_is_refused(day: str) -> None:
    with pytest.raises(InvalidInput):
        monthly(day, time(3))


def test_a_week_needs_a_day() -> None:
    with pytest.raises(InvalidInput):
        weekly([], time(3))


@pytest.mark.parametrize("text", ["24:00", "2:5", "12", "a:bc", "", "12:60", "-1:00", "١٢:٠٠"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_time(text)


@pytest.mark.parametrize(
    ("hours", "inside", "outside"),
    [
        ("09:00-17:00", [time(9), time(16, 59)], [time(8, 59), time(17), time(0)]),
        ("22:00-06:00", [time(22), time(23, 59), time(0), time(5, 59)], [time(6), time(21, 59)]),
        ("22:00-00:00", [time(22), time(23, 59)], [time(0), time(21, 59)]),
    ],
)
def test_hours_may_pass_midnight(hours: str, inside: list[time], outside: list[time]) -> None:
    parsed = Hours.parse(hours)
    assert str(parsed) == hours
    assert all(parsed.contains(moment) for moment in inside)
    assert not any(parsed.contains(moment) for moment in outside)


@pytest.mark.parametrize("text", ["", "22:00", "22:00-", "-06:00", "22:00-22:00", "22:00-06:00-08:00", "night"])
def test_what_are_no_hours(text: str) -> None:
    with pytest.raises(InvalidInput):
        Hours.parse(text)


def test_conditions_survive_their_storage_and_newer_versions() -> None:
    conditions = Conditions(on_battery=True, between=Hours(time(22), time(6)), run_anyway_after=7)
    assert Conditions.from_json(conditions.as_json()) == conditions
    assert Conditions.from_json({"on_metered": True, "when_raining": False}) == Conditions(on_metered=True)
    assert Conditions.from_json({}) == Conditions()


def test_a_pause_ends_at_its_moment() -> None:
    assert not Schedule(RepositoryId(1), "0 2 * * *").is_paused(NOW)
    paused = Schedule(RepositoryId(1), "0 2 * * *", paused_until=NOW)
    assert paused.is_paused(NOW - timedelta(seconds=1))
    assert not paused.is_paused(NOW)
    assert Schedule(RepositoryId(1), "0 2 * * *", paused_until=UNTIL_RESUMED).is_paused(NOW)


def test_the_default_delay_depends_on_the_place() -> None:
    schedule = Schedule(RepositoryId(1), "0 2 * * *")
    assert (schedule.jitter_for(remote=True), schedule.jitter_for(remote=False)) == (JITTER_OVER_SSH, timedelta())
    none = Schedule(RepositoryId(1), "0 2 * * *", jitter=0)
    assert none.jitter_for(remote=True) == timedelta()


@pytest.mark.parametrize(
    "values",
    [
        {"jitter": -1},
        {"jitter": 12 * 3600 + 1},
        {"overdue_after": 0},
        {"overdue_after": 3651},
        {"conditions": Conditions(run_anyway_after=0)},
    ],
)
def test_values_out_of_range(values: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        Schedule(RepositoryId(1), "0 2 * * *", **values).checked()  # type: ignore[arg-type]


def test_values_at_their_limits() -> None:
    schedule = Schedule(RepositoryId(1), " 0  2 * * * ", Conditions(run_anyway_after=3650), 12 * 3600, 1)
    assert schedule.checked().cron == "0 2 * * *"


def test_the_reason_of_a_slot_is_a_sentence() -> None:
    slot = Slot(RepositoryId(1), NOW, SlotState.WAITING, (Reason(Code.ON_BATTERY), Reason(Code.DISK_MISSING)))
    assert slot.reason == "waiting for mains power; waiting for the disk of the repository"
    assert Slot(RepositoryId(1), NOW, SlotState.WAITING).reason is None
