"""What backups stop and restores do not: it is found, and can be stopped for restores, too."""

from __future__ import annotations

from borgdesk.domain.run import Hook
from borgdesk.engine.lanes.restore_lanes import running_during_restores, stop_for_restores
from tests.engine.desk import LAST, POST, PRE, Desk


def found(desk: Desk) -> list[str]:
    return [one.script for one in running_during_restores(desk.workspace, desk.repository.id)]


def lanes(desk: Desk) -> list[tuple[str, Hook]]:
    assigned = desk.workspace.store.assignments.list(desk.repository.id)
    return [(one.script, one.hook) for one in assigned if one.hook in (Hook.PRE_RESTORE, Hook.POST_RESTORE)]


def test_what_is_stopped_and_started_gets_its_place_in_restores(desk: Desk) -> None:
    desk.add("Dump", PRE)
    desk.add("Stop web", PRE, parameters={"NAMES": "web"}, timeout=7)
    desk.add("Stop db", PRE, header="[parameters.TOKEN]\nsecret = true", secrets={"TOKEN": "hush"})
    desk.add("Start db", POST)
    desk.add("Start web", LAST)
    desk.add("Report", LAST)
    assert found(desk) == ["Stop web", "Stop db", "Start db", "Start web"]
    stop_for_restores(desk.workspace, desk.repository.id)
    before, after = Hook.PRE_RESTORE, Hook.POST_RESTORE
    assert lanes(desk) == [("Stop web", before), ("Stop db", before), ("Start db", after), ("Start web", after)]
    (stop,) = [
        one
        for one in desk.workspace.store.assignments.list(desk.repository.id)
        if one.hook is before and one.script == "Stop web"
    ]
    assert (stop.parameters, stop.timeout) == ({"NAMES": "web"}, 7)
    assert found(desk) == []


def test_what_was_decided_about_is_left_alone(desk: Desk) -> None:
    stop = desk.add("Stop web", PRE)
    assert found(desk) == [], "nothing would start it again"
    desk.add("Start web", POST)
    desk.workspace.store.assignments.add(desk.repository.id, stop.script_id, Hook.PRE_RESTORE, enabled=False)
    assert found(desk) == []
