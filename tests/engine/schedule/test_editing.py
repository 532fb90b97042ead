"""Concurrent edits of a schedule: what nobody else has changed is stored, the rest is asked about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import ANY

import pytest

from borgdesk.domain.errors import Changed, InvalidInput, NotFound
from borgdesk.domain.schedule import UNTIL_RESUMED, Conditions, Schedule
from borgdesk.engine.schedule.editing import ScheduleEdit, change_schedule, edit_with_schedule
from tests.engine.desk import Desk


class Two:
    """Two editors of the schedule of one repository."""

    def __init__(self, desk: Desk) -> None:
        self.workspace = desk.workspace
        self.schedules = desk.workspace.store.schedules
        self.repository = desk.repository
        self.first = Schedule(self.repository.id, "30 2 * * *")

    def edit(self, seen: Schedule | None, wanted: Schedule | None, *, over: bool = False) -> Schedule | None:
        return change_schedule(self.workspace, self.repository.id, ScheduleEdit(seen, wanted), over=over)


@pytest.fixture
def two(desk: Desk) -> Two:
    return Two(desk)


def test_different_values_are_merged_and_pauses_left_alone(two: Two) -> None:
    seen = two.edit(None, two.first)
    assert seen is not None
    two.schedules.put(replace(seen, overdue_after=9, paused_until=UNTIL_RESUMED))
    stored = two.edit(seen, replace(seen, conditions=Conditions(on_battery=True), jitter=60))
    assert stored is not None
    assert (stored.overdue_after, stored.jitter, stored.conditions.on_battery) == (9, 60, True)
    assert stored.paused_until == UNTIL_RESUMED


@pytest.mark.parametrize(
    ("ours", "theirs", "fact"),
    [
        ({"cron": "0 4 * * *"}, {"cron": "0 5 * * *"}, "start"),
        ({"jitter": 5}, {"jitter": 6}, "delay"),
        (
            {"conditions": Conditions(run_anyway_after=3)},
            {"conditions": Conditions(run_anyway_after=4)},
            "start anyway",
        ),
    ],
)
def test_the_same_value_is_asked_about(two: Two, ours: dict[str, Any], theirs: dict[str, Any], fact: str) -> None:
    seen = two.edit(None, two.first)
    assert seen is not None
    stored = two.schedules.put(replace(seen, **theirs))
    with pytest.raises(Changed, match=f"The schedule of “Docs” was changed by another program in the .*: {fact}"):
        two.edit(seen, replace(seen, **ours))
    assert two.schedules.get(two.repository.id) == stored
    assert two.edit(seen, replace(seen, **ours), over=True) == replace(seen, **ours, changed_at=ANY)


def test_adding_and_removing_at_the_same_time_is_asked_about(two: Two) -> None:
    theirs = two.edit(None, replace(two.first, cron="0 5 * * *"))
    with pytest.raises(Changed):
        two.edit(None, two.first)
    assert two.schedules.get(two.repository.id) == theirs
    assert theirs is not None
    two.schedules.put(replace(theirs, overdue_after=5))
    with pytest.raises(Changed):
        two.edit(theirs, None)
    assert two.edit(theirs, None, over=True) is None
    with pytest.raises(Changed):
        two.edit(theirs, replace(theirs, jitter=3))
    assert two.edit(theirs, theirs) is None
    assert two.edit(theirs, None) is None
    again = two.edit(theirs, replace(theirs, jitter=3), over=True)
    assert again is not None
    assert again.jitter == 3


def test_the_same_change_by_both_is_no_conflict(two: Two) -> None:
    seen = two.edit(None, two.first)
    assert seen is not None
    stored = two.edit(seen, replace(seen, jitter=7))
    assert two.edit(seen, replace(seen, jitter=7)) == stored
    assert two.edit(None, stored) == stored


def test_nothing_is_stored_of_a_repository_if_its_schedule_is_refused(two: Two) -> None:
    renamed = replace(two.repository, name="Other")
    for edit, error in (
        (ScheduleEdit(None, replace(two.first, cron="x")), InvalidInput),
        (ScheduleEdit(None, replace(two.first, jitter=-1)), InvalidInput),
        (ScheduleEdit(two.first, replace(two.first, jitter=1)), Changed),
    ):
        with pytest.raises(error):
            edit_with_schedule(two.workspace, renamed, edit, seen=two.repository)
    assert two.workspace.store.repositories.get(two.repository.id).name == "Docs"
    repository, schedule = edit_with_schedule(
        two.workspace, renamed, ScheduleEdit(None, two.first), seen=two.repository
    )
    assert (repository.name, schedule and schedule.cron) == ("Other", "30 2 * * *")
    assert edit_with_schedule(two.workspace, repository, None, seen=repository) == (repository, schedule)


def test_a_repository_that_was_removed(two: Two) -> None:
    two.workspace.store.repositories.remove(two.repository.id)
    with pytest.raises(NotFound):
        two.edit(None, two.first)
