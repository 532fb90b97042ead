"""A clock that is years ahead makes archives that are kept by age look too old; real Borg."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from borgdesk.domain.history import Run
from borgdesk.domain.reasons import Code
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import RunStatus, Trigger
from borgdesk.engine.archives.archive_list import read_archives
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import recipe
from borgdesk.engine.runs.backup import Backup
from borgdesk.engine.runs.maintenance import Prune
from borgdesk.engine.runs.removal_notice import distrusted_until, may_begin
from borgdesk.engine.runs.task import Task
from borgdesk.store.clock import now
from tests.engine.archives.lab import empty_repository, make_archives, real_desk
from tests.engine.desk import Desk
from tests.listening import InStep

YEARS = timedelta(days=3650)
WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_repository(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def desk(tmp_path: Path, empty: Path) -> Iterator[Desk]:
    """Return a BorgDesk with two archives that are older than the day for which they are kept."""
    with real_desk(tmp_path / "work", empty) as desk:
        make_archives(desk, ["2026-01-01T12:00:00", "2026-01-02T12:00:00"])
        desk.change(retention=Retention(within="1d"))
        yield desk


def looked(desk: Desk, moment: datetime) -> None:
    """Pretend that BorgDesk ran last at that moment."""
    assert may_begin(desk.workspace, moment)


def do(desk: Desk, task: Task) -> Run:
    repository = desk.workspace.store.repositories.get(desk.repository.id)
    return recipe.run(desk.workspace, repository, task, Trigger.USER, InStep(desk.events.append), Cancel())


def count(desk: Desk) -> int:
    return len(read_archives(desk.workspace, desk.repository).archives)


def test_a_prune_by_hand_is_refused(desk: Desk) -> None:
    looked(desk, now() - YEARS)
    run = do(desk, Prune())
    assert run.status is RunStatus.FAILURE
    again = (now() + WEEK).astimezone()
    assert run.error == (
        "No archives were pruned: by the clock, BorgDesk last ran more than a month ago, and archives may be too old "
        "only because the clock is wrong. If it is, set it right. If not, archives are pruned again from "
        f"{again:%Y-%m-%d}."
    )
    assert count(desk) == 2


def test_a_backup_prunes_nothing_and_says_so(desk: Desk) -> None:
    looked(desk, now() - YEARS)
    run = do(desk, Backup())
    assert run.status is RunStatus.SUCCESS
    assert [note.code for note in run.notes] == [Code.CLOCK_AHEAD]
    assert count(desk) == 3


def test_by_a_clock_that_is_right_archives_are_pruned(desk: Desk) -> None:
    looked(desk, now() - timedelta(days=20))
    assert do(desk, Prune()).report["pruned"] == 2


def test_rules_that_count_do_not_depend_on_the_clock(desk: Desk) -> None:
    looked(desk, now() - YEARS)
    desk.change(retention=Retention(last=1))
    assert do(desk, Prune()).report["pruned"] == 1


def test_it_is_believed_after_a_week_or_at_the_second_time_and_never_before(desk: Desk) -> None:
    begin = now()
    looked(desk, begin)
    wrong = begin + YEARS
    assert distrusted_until(desk.workspace, wrong) == wrong + WEEK
    assert distrusted_until(desk.workspace, wrong + timedelta(days=6)) == wrong + WEEK
    assert distrusted_until(desk.workspace, begin + timedelta(hours=1)) is None, "it was set right"
    assert distrusted_until(desk.workspace, wrong) == wrong + WEEK
    assert distrusted_until(desk.workspace, wrong + WEEK) is None
    assert distrusted_until(desk.workspace, wrong + timedelta(days=50)) is not None
    assert distrusted_until(desk.workspace, wrong + timedelta(days=100)) is None, "it runs once in fifty days"


def test_a_clock_that_is_back_after_each_start_of_the_machine_stops_nothing_once_it_is_right(desk: Desk) -> None:
    begin = now()
    looked(desk, begin)
    for day in range(1, 15):
        for minute in range(2):
            long_ago = begin - 3 * YEARS + timedelta(minutes=minute)
            assert distrusted_until(desk.workspace, long_ago) is None
        assert distrusted_until(desk.workspace, begin + timedelta(days=day)) is None


def test_a_second_jump_of_years_is_believed_no_more_than_the_first(desk: Desk) -> None:
    begin = now()
    looked(desk, begin)
    assert distrusted_until(desk.workspace, begin + YEARS) is not None
    assert distrusted_until(desk.workspace, begin + 2 * YEARS) is not None


def test_the_notice_before_the_first_cleaning_of_the_history_keeps_no_archive(desk: Desk) -> None:
    assert not may_begin(desk.workspace, now(), lambda: True)
    assert distrusted_until(desk.workspace, now()) is None
