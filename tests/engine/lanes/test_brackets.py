"""Which scripts stop and start the same thing, and how long it was down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from borgdesk.domain.downtime import Side
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.run import ExecutionStatus, Hook
from borgdesk.engine.lanes.arrangement import read_lanes
from borgdesk.engine.lanes.brackets import Bracket, brackets, read_recent
from tests.engine.desk import LAST, POST, PRE, Desk

BEGAN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GOOD, FAILED = ExecutionStatus.SUCCESS, ExecutionStatus.FAILED


def run(stop: int, start: int, seconds: float, status: ExecutionStatus = GOOD) -> dict[AssignmentId, Side]:
    """Return a backup in which one script ended some seconds after the other."""
    later = BEGAN + timedelta(seconds=seconds)
    return {
        AssignmentId(stop): Side("Stop web", Hook.PRE_BACKUP, GOOD, BEGAN),
        AssignmentId(start): Side("Start web", Hook.POST_BACKUP, status, later),
    }


def test_each_stop_has_its_start_and_the_times_of_recent_backups(desk: Desk) -> None:
    web, db = desk.add("Stop web", PRE), desk.add("Stop db", PRE)
    desk.add("Mount disk", PRE)
    start_db, start_web = desk.add("Start db", POST), desk.add("Start web", LAST)
    lanes = read_lanes(desk.workspace, desk.repository.id).assignments
    history = [run(web.id, start_web.id, 900, FAILED), run(web.id, start_web.id, 60), run(web.id, start_web.id, 200)]
    assert brackets(lanes, history) == (
        Bracket(web.id, start_web.id, 60, 200),
        Bracket(db.id, start_db.id),
    )


def test_a_script_that_is_switched_off_starts_nothing(desk: Desk) -> None:
    desk.add("Stop web", PRE)
    desk.add("Start web", POST, enabled=False)
    assert brackets(read_lanes(desk.workspace, desk.repository.id).assignments) == ()


def test_history_tells_how_long(desk: Desk) -> None:
    stop, start = desk.add("Stop web", PRE), desk.add("Start web", POST)
    assert read_recent(desk.workspace, desk.repository.id) == []
    done = desk.run()
    ends = [one.finished_at for one in done.executions]
    assert ends[0] is not None
    assert ends[1] is not None
    recent = read_recent(desk.workspace, desk.repository.id)
    (found,) = brackets(read_lanes(desk.workspace, desk.repository.id).assignments, recent)
    assert (found.stopping, found.starting) == (stop.id, start.id)
    assert found.latest == found.longest == (ends[1] - ends[0]).total_seconds()
