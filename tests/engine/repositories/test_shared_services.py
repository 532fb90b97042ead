"""Runs of several repositories that stop the same services: they take turns, so that none starts what another reads."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from borgdesk.domain.errors import InUse
from borgdesk.domain.events import TurnAwaited
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, RunStatus
from borgdesk.engine.lanes.assignments import Changes, assign, edit_assignment
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.queue import places
from borgdesk.engine.runs.recovery import owe_again
from tests.engine.desk import POST, PRE, Desk, wait_until

GATE = "touch {there}; while [ ! -e {go} ]; do sleep 0.02; done"


def gate(desk: Desk) -> str:
    return GATE.format(there=desk.file("there"), go=desk.file("go"))


def shared(desk: Desk, names: tuple[str, str], *values: Mapping[str, str], body: str = "") -> Repository:
    """Assign the same two scripts in two repositories, with *values* of the first one; return the second repository."""
    other = desk.add_repository("Photos")
    mine, theirs = values or ({}, {})
    for name, hook in zip(names, (PRE, POST), strict=True):
        first = desk.add(name, hook, body if hook is POST else "", parameters=mine if hook is PRE else {})
        given = Changes(parameters=dict(theirs) if hook is PRE else {})
        assign(desk.workspace, other.id, first.script_id, hook, given)
    return other


def begun(desk: Desk, other: Repository) -> bool:
    """Return whether the second run begins while the first has not started its services yet."""
    first = desk.start()
    wait_until(desk.file("there").exists)
    second = desk.start(repository=other)
    try:
        wait_until(lambda: desk.told(TurnAwaited) or desk.journal().count("Stop web") == 2)
        return not desk.told(TurnAwaited)
    finally:
        desk.file("go").touch()
        assert {first.result().status, second.result().status} == {RunStatus.SUCCESS}


def test_the_second_waits_until_the_first_has_started_them(desk: Desk) -> None:
    other = shared(desk, ("Stop web", "Start web"), body=gate(desk))
    assert not begun(desk, other)
    assert desk.journal() == ["Stop web", "Start web"] * 2


def test_nothing_is_started_again_that_another_run_has_stopped(desk: Desk) -> None:
    once = f"[ -e {desk.file('failed')} ] || {{ touch {desk.file('failed')}; exit 3; }}; "
    other = shared(desk, ("Stop web", "Start web"), body=once + gate(desk))
    failed = desk.run()
    assert failed.status is RunStatus.WARNING
    second = desk.start(repository=other)
    wait_until(desk.file("there").exists)
    try:
        with pytest.raises(InUse, match="“Photos” is being backed up"):
            owe_again(desk.workspace, failed.id)
        assert desk.workspace.store.runs.owing() == []
        assert [one.id for one in desk.workspace.store.runs.untold()] == [failed.id]
    finally:
        desk.file("go").touch()
    assert second.result().status is RunStatus.SUCCESS
    owe_again(desk.workspace, failed.id)
    assert [one.id for one in desk.workspace.store.runs.owing()] == [failed.id]


@pytest.mark.parametrize(
    ("mine", "theirs", "together"),
    [
        ({"PROJECT": "/srv/one"}, {"PROJECT": "/srv/two"}, True),
        ({"PROJECT": "/srv/one"}, {"PROJECT": "/srv/one"}, False),
        ({"PROJECT": "/srv/one"}, {"PROJECT": "/srv/./one/"}, False),
        ({"CONTAINERS": "web db"}, {"CONTAINERS": "cache\ndb"}, False),
        ({"CONTAINERS": "web db"}, {"CONTAINERS": "cache"}, True),
        ({"CONTAINERS": "web db"}, {}, False),
        ({"GRACE": "30"}, {"GRACE": "60"}, False),
    ],
)
def test_values_tell_services_apart(desk: Desk, mine: dict[str, str], theirs: dict[str, str], together: bool) -> None:
    other = shared(desk, ("Stop web", "Start web"), mine, theirs, body=gate(desk))
    assert begun(desk, other) is together


@pytest.mark.parametrize(
    ("names", "together"),
    [
        (("Disk: mount by UUID", "Disk: unmount by UUID"), False),
        (("LVM: create snapshot", "LVM: drop snapshot"), False),
        (("Healthchecks: start ping", "Healthchecks: end ping"), True),
    ],
)
def test_what_is_made_for_a_backup_and_taken_away_again(desk: Desk, names: tuple[str, str], together: bool) -> None:
    other = shared(desk, names, body=gate(desk))
    first = desk.start()
    wait_until(desk.file("there").exists)
    second = desk.start(repository=other)
    wait_until(lambda: desk.told(TurnAwaited) or desk.journal().count(names[0]) == 2)
    assert (not desk.told(TurnAwaited)) is together
    desk.file("go").touch()
    assert {first.result().status, second.result().status} == {RunStatus.SUCCESS}


def test_a_script_that_stops_nothing_is_no_reason_to_wait(desk: Desk) -> None:
    other = shared(desk, ("Send a message", "Stop web"), body=gate(desk))
    first = desk.start()
    wait_until(desk.file("there").exists)
    second = desk.start(repository=other)
    wait_until(lambda: desk.journal().count("Send a message") == 2)
    assert desk.told(TurnAwaited) == []
    desk.file("go").touch()
    assert {first.result().status, second.result().status} == {RunStatus.SUCCESS}


def test_a_disabled_script_is_no_reason_to_wait(desk: Desk) -> None:
    other = shared(desk, ("Stop web", "Start web"), body=gate(desk))
    (stop,) = [one for one in desk.workspace.store.assignments.list(other.id) if one.hook is Hook.PRE_BACKUP]
    edit_assignment(desk.workspace, stop, Changes(enabled=False))
    first = desk.start()
    wait_until(desk.file("there").exists)
    second = desk.start(repository=other)
    wait_until(lambda: desk.journal().count("Start web") == 2)
    assert desk.told(TurnAwaited) == []
    desk.file("go").touch()
    assert {first.result().status, second.result().status} == {RunStatus.SUCCESS}


def test_the_queue_says_so(desk: Desk) -> None:
    other = shared(desk, ("Stop web", "Start web"), body=gate(desk))
    first = desk.start()
    wait_until(desk.file("there").exists)
    cancel = Cancel()
    second = desk.start(cancel, repository=other)
    wait_until(lambda: desk.told(TurnAwaited))
    store = desk.workspace.store
    queue = places(store, store.runs.unfinished())
    found = [(place.run.repository, [one.repository for one in place.waits_for]) for place in queue]
    assert found == [("Docs", []), ("Photos", ["Docs"])]
    cancel.ask()
    assert second.result().status is RunStatus.CANCELLED
    desk.file("go").touch()
    assert first.result().status is RunStatus.SUCCESS
