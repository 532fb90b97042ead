"""When a repository is checked by itself, with a given clock and given runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.run import RunKind, RunStatus, Step, Trigger
from borgdesk.domain.schedule import UNTIL_RESUMED, Schedule
from borgdesk.engine.schedule.checks import CheckState, assess_check, part_of

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MONTHLY = Schedule(RepositoryId(1), "0 2 * * *", check_every=30, check_since=NOW - 10 * DAY)
PART: Mapping[str, Any] = {"repository_only": True, "max_duration": 3600, "complete": False}
WHOLE: Mapping[str, Any] = {**PART, "complete": True}


def run(days: float, status: RunStatus = RunStatus.SUCCESS, report: Mapping[str, Any] | None = None) -> Run:
    """Return a run that began *days* before now; a check if there is a report."""
    kind = RunKind.BACKUP if report is None else RunKind.CHECK
    began = NOW - days * DAY
    ended = began + MINUTE if status.is_final else None
    number, papers = RunId(int(10_000 - 100 * days)), RepositoryId(1)
    return Run(number, papers, "Papers", "/backup", Trigger.SCHEDULE, status, Step.DONE, began, started_at=began,
               finished_at=ended, kind=kind, report=report or {})  # fmt: skip


def look(*runs: Run, schedule: Schedule = MONTHLY, now: datetime = NOW) -> CheckState:
    newest_first = sorted(runs, key=lambda one: one.queued_at, reverse=True)
    checks = [one for one in newest_first if one.kind is RunKind.CHECK]
    return assess_check(schedule, checks, [one for one in newest_first if one.kind is RunKind.BACKUP], now)


def test_after_a_good_backup_a_check_is_due() -> None:
    assert look(run(1)).due
    assert look(run(1, RunStatus.WARNING)).due
    assert not look().due


def test_nothing_is_due_unless_it_is_wanted_or_while_the_schedule_is_paused() -> None:
    assert not look(run(1), schedule=replace(MONTHLY, check_every=None)).due
    assert not look(run(1), schedule=replace(MONTHLY, paused_until=UNTIL_RESUMED)).due


@pytest.mark.parametrize("status", [RunStatus.FAILURE, RunStatus.CANCELLED, RunStatus.RUNNING, RunStatus.SKIPPED])
def test_it_waits_for_a_backup_that_is_good(status: RunStatus) -> None:
    assert not look(run(2), run(1, status)).due


def test_it_is_due_again_when_the_last_good_one_is_older_than_wanted() -> None:
    assert not look(run(29, report=WHOLE), run(1)).due
    assert look(run(31, report=WHOLE), run(1)).due
    at_the_moment = NOW - MINUTE
    assert look(run(30, report=WHOLE), run(1)).due is False
    assert look(run(30, report=WHOLE), run(1), now=at_the_moment + 2 * MINUTE).due


def test_a_check_by_hand_counts_if_it_was_one_of_the_repository() -> None:
    by_hand = {"repository_only": False, "archives_only": False, "verify_data": False, "repair": False}
    assert not look(run(5, report=by_hand), run(1)).due
    assert not look(run(5, report={**by_hand, "repository_only": True}), run(1)).due
    assert look(run(5, report={**by_hand, "archives_only": True}), run(1)).due


def test_one_part_follows_each_backup() -> None:
    assert not look(run(1), run(0.9, report=PART)).due
    again = look(run(1), run(0.9, report=PART), run(0.1))
    assert (again.due, again.unfinished) == (True, True)
    ended = look(run(1), run(0.9, report=PART), run(0.1), run(0.05, report=WHOLE))
    assert (ended.due, ended.unfinished, ended.good_at) == (False, False, NOW - 0.05 * DAY + MINUTE)


@pytest.mark.parametrize("status", [RunStatus.FAILURE, RunStatus.INTERRUPTED, RunStatus.CANCELLED])
def test_an_attempt_that_did_not_succeed_is_made_again_after_the_next_backup(status: RunStatus) -> None:
    assert not look(run(1), run(0.9, status, PART)).due
    assert look(run(1), run(0.9, status, PART), run(0.1)).due


def test_only_a_failed_attempt_is_one_to_worry_about() -> None:
    failed = run(0.5, RunStatus.FAILURE, PART)
    assert look(run(1), failed).failed == failed
    assert look(run(1), run(0.5, RunStatus.CANCELLED, PART)).failed is None
    assert look(run(1), failed, run(0.1, report=PART)).failed is None


def test_nothing_starts_beside_a_check() -> None:
    assert not look(run(1), run(0.5, RunStatus.RUNNING, PART), run(0.1)).due


@pytest.mark.parametrize(("every", "days"), [(30, 60), (2, 5), (1, 4)])
def test_overdue_after_twice_the_time_or_three_days_more(every: int, days: int) -> None:
    schedule = replace(MONTHLY, check_every=every, check_since=NOW - 900 * DAY)
    good = run(days, report=WHOLE)
    assert good.finished_at is not None
    end = good.finished_at + days * DAY
    assert not look(good, schedule=schedule, now=end).overdue
    assert look(good, schedule=schedule, now=end + MINUTE).overdue
    assert not look(good, schedule=replace(schedule, paused_until=UNTIL_RESUMED), now=end + MINUTE).overdue


def test_what_was_never_checked_is_overdue_from_when_it_was_wanted() -> None:
    schedule = replace(MONTHLY, check_since=NOW)
    assert not look(run(1), schedule=schedule, now=NOW + 60 * DAY).overdue
    assert look(run(1), schedule=schedule, now=NOW + 61 * DAY).overdue


def test_a_check_in_the_future_counts_for_nothing() -> None:
    assert look(run(1), run(-40, report=WHOLE)).due


@pytest.mark.parametrize(
    ("cron", "minutes"), [("0 2 * * *", 60), ("0 * * * *", 15), ("*/5 * * * *", 5), ("0 2 1 * *", 60)]
)
def test_a_part_is_short_where_backups_follow_each_other_closely(cron: str, minutes: int) -> None:
    assert part_of(replace(MONTHLY, cron=cron), UTC, NOW) == minutes * MINUTE
