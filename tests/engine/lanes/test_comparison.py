"""Comparing the lanes of two repositories."""

from __future__ import annotations

from borgdesk.engine.lanes.comparison import compare
from borgdesk.engine.lanes.copying import assign_in, copies
from tests.engine.desk import POST, PRE, Desk


def test_each_script_is_in_both_or_in_one(desk: Desk) -> None:
    store = desk.workspace.store.assignments
    stop, mount = desk.add("Stop", PRE, parameters={"NAMES": "web"}), desk.add("Mount", PRE)
    start = desk.add("Start", POST)
    other = desk.add_repository("Other")
    assign_in(desk.workspace, copies(desk.workspace, [stop, mount]), [other.id])
    alarm = desk.add("Alarm", PRE, repository=other)
    here, there = store.list(desk.repository.id), store.list(other.id)
    found = compare(here, there)
    assert [(one.hook, one.script, one.is_equal) for one in found] == [
        (PRE, "Stop", True),
        (PRE, "Mount", True),
        (PRE, "Alarm", False),
        (POST, "Start", False),
    ]
    assert (found[2].here, found[2].there and found[2].there.id) == (None, alarm.id)
    assert (found[3].here and found[3].here.id, found[3].there) == (start.id, None)


def test_options_and_positions_make_a_difference(desk: Desk) -> None:
    stop, mount = desk.add("Stop", PRE), desk.add("Mount", PRE, timeout=9)
    other = desk.add_repository("Other")
    assign_in(desk.workspace, copies(desk.workspace, [mount]), [other.id])
    store = desk.workspace.store.assignments
    here = store.list(desk.repository.id)
    assert [one.is_equal for one in compare(here, store.list(other.id))] == [False, False]
    assert stop.id == here[0].id
    desk.workspace.store.assignments.remove(stop.id)
    here = store.list(desk.repository.id)
    assert [one.is_equal for one in compare(here, store.list(other.id))] == [True]
    assert compare((), ()) == []
