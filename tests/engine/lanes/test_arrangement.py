from __future__ import annotations

import pytest

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import NotFound
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.run import LANES, Hook, OnFailure, Outcome
from borgdesk.engine.lanes import arrangement
from borgdesk.engine.lanes.arrangement import Arrangement
from borgdesk.engine.secrets.secret_lifetime import secret_owner
from tests.engine.desk import LAST, POST, PRE, Desk


@pytest.fixture
def lanes(desk: Desk) -> Arrangement:
    """Provide a, b, c before the backup; d after it; nothing at the end."""
    for name in "abc":
        desk.add(name, PRE)
    desk.add("d", POST)
    return arrangement.read_lanes(desk.workspace, desk.repository.id).assignments


def shape(assignments: Arrangement) -> list[str]:
    """Return the names in each lane; orders must be 1, 2, 3, …"""
    for hook in LANES:
        orders = [one.order for one in arrangement.lane(assignments, hook)]
        assert orders == list(range(1, len(orders) + 1))
    return ["".join(one.script for one in arrangement.lane(assignments, hook)) for hook in LANES[:3]]


def named(arrangement: Arrangement, name: str) -> Assignment:
    return next(one for one in arrangement if one.script == name)


@pytest.mark.parametrize(
    ("name", "hook", "place", "expected"),
    [
        ("a", PRE, 0, ["abc", "d", ""]),
        ("a", PRE, 1, ["abc", "d", ""]),
        ("a", PRE, 2, ["bac", "d", ""]),
        ("a", PRE, 3, ["bca", "d", ""]),
        ("c", PRE, 0, ["cab", "d", ""]),
        ("b", POST, 0, ["ac", "bd", ""]),
        ("b", POST, 99, ["ac", "db", ""]),
        ("d", LAST, 0, ["abc", "", "d"]),
    ],
)
def test_moving(lanes: Arrangement, name: str, hook: Hook, place: int, expected: list[str]) -> None:
    assert shape(arrangement.moved(lanes, named(lanes, name).id, hook, place)) == expected


@pytest.mark.parametrize(
    ("name", "step", "expected"),
    [
        ("b", -1, ["bac", "d", ""]),
        ("b", 1, ["acb", "d", ""]),
        ("a", -1, ["abc", "d", ""]),
        ("c", 1, ["ab", "cd", ""]),
        ("d", -1, ["abcd", "", ""]),
        ("d", 1, ["abc", "", "d"]),
    ],
)
def test_stepping_goes_on_in_the_next_lane(lanes: Arrangement, name: str, step: int, expected: list[str]) -> None:
    assert shape(arrangement.stepped(lanes, named(lanes, name).id, step)) == expected


def test_stepping_stays_with_the_same_kind_of_run(lanes: Arrangement) -> None:
    for before, beyond, step in ((LAST, Hook.PRE_RESTORE, 1), (Hook.PRE_RESTORE, LAST, -1)):
        moved = arrangement.moved(lanes, named(lanes, "d").id, before, 0)
        assert arrangement.stepped(moved, named(moved, "d").id, step) == moved
        assert not arrangement.lane(moved, beyond)


@pytest.mark.parametrize(
    ("names", "step", "expected"),
    [
        ("bc", -1, ["bca", "d", ""]),
        ("ab", 1, ["cab", "d", ""]),
        ("ab", -1, ["abc", "d", ""]),
        ("ac", -1, ["acb", "d", ""]),
        ("bc", 1, ["a", "bcd", ""]),
        ("cd", 1, ["ab", "c", "d"]),
        ("cd", -1, ["acbd", "", ""]),
    ],
)
def test_several_step_together(lanes: Arrangement, names: str, step: int, expected: list[str]) -> None:
    ids = [named(lanes, name).id for name in names]
    assert shape(arrangement.all_stepped(lanes, ids, step)) == expected


def test_removing_and_switching(lanes: Arrangement) -> None:
    assert shape(arrangement.without(lanes, named(lanes, "b").id)) == ["ac", "d", ""]
    off = arrangement.switched(lanes, [named(lanes, "b").id], enabled=False)
    assert [one.script for one in off if not one.enabled] == ["b"]


def test_unknown_ids_change_nothing(lanes: Arrangement) -> None:
    assert arrangement.moved(lanes, AssignmentId(4711), PRE, 0) == lanes
    assert arrangement.stepped(lanes, AssignmentId(4711), 1) == lanes
    assert arrangement.without(lanes, AssignmentId(4711)) == lanes


def test_skip_stays_behind_in_other_lanes(desk: Desk) -> None:
    one = desk.add("a", PRE, on_failure=OnFailure.SKIP)
    lanes = arrangement.read_lanes(desk.workspace, desk.repository.id).assignments
    moved = arrangement.moved(lanes, one.id, POST, 0)
    assert moved[0].on_failure is None
    assert shape(arrangement.arrange(desk.workspace, desk.repository.id, lanes, moved).assignments) == ["", "a", ""]


def test_an_arrangement_is_stored_and_can_be_taken_back(desk: Desk, lanes: Arrangement) -> None:
    script = desk.workspace.store.scripts.get("a")
    after = arrangement.added(lanes, script, desk.repository, LAST, 0)
    stored = arrangement.arrange(desk.workspace, desk.repository.id, lanes, after).assignments
    assert shape(stored) == ["abc", "d", "a"]
    assert arrangement.arrange(desk.workspace, desk.repository.id, stored, lanes).assignments == lanes
    assert arrangement.arrange(desk.workspace, desk.repository.id, lanes, stored).assignments == stored


def test_a_script_that_was_removed_meanwhile(desk: Desk, lanes: Arrangement) -> None:
    for one in lanes:
        desk.workspace.store.assignments.remove(one.id)
    desk.workspace.store.scripts.remove(lanes[0].script_id)
    with pytest.raises(NotFound):
        arrangement.arrange(desk.workspace, desk.repository.id, (), lanes)
    assert desk.workspace.store.assignments.list(desk.repository.id) == []


def test_warnings_name_what_is_missing(desk: Desk) -> None:
    header = "[parameters.A]\nrequired = true\n[parameters.B]\nrequired = true\nsecret = true"
    bare = desk.add("bare", PRE, header=header)
    kept = desk.add("kept", PRE, header=header, parameters={"A": "1"}, secrets={"B": "s"})
    lost = desk.add("lost", PRE)
    bad = desk.add("bad", PRE)
    library = desk.workspace.paths.library
    (library / "lost.sh").unlink()
    (library / "bad.sh").write_text("#!/bin/sh\n# /// borgdesk\n")
    found = arrangement.read_lanes(desk.workspace, desk.repository.id)
    assert [sentence.split()[0] for sentence in found.warnings[bare.id]] == ["A", "B"]
    assert found.warnings[kept.id] == ()
    assert "missing" in found.warnings[lost.id][0]
    assert "not closed" in found.warnings[bad.id][0]
    assert [one.name for one in found.headers[bare.script_id].parameters] == ["A", "B"]


def test_secrets_outlive_a_removal_until_it_cannot_be_undone(desk: Desk) -> None:
    one = desk.add("a", PRE, header="[parameters.B]\nsecret = true", secrets={"B": "hush"})
    lanes = arrangement.read_lanes(desk.workspace, desk.repository.id).assignments
    arrangement.arrange(desk.workspace, desk.repository.id, lanes, ())
    arrangement.arrange(desk.workspace, desk.repository.id, (), lanes)
    arrangement.forget_removed(desk.workspace, lanes)
    assert desk.workspace.secrets.get(secret_owner(one.id), "B") == "hush"
    arrangement.arrange(desk.workspace, desk.repository.id, lanes, ())
    arrangement.forget_removed(desk.workspace, lanes)
    assert desk.workspace.secrets.get(secret_owner(one.id), "B") is None


def test_what_happens_if(desk: Desk) -> None:
    desk.add("pre", PRE, run_on="failure")
    desk.add("post", POST, run_on="failure")
    desk.add("off", POST)
    found = arrangement.read_lanes(desk.workspace, desk.repository.id).assignments
    found = arrangement.switched(found, [named(found, "off").id], enabled=False)
    decisions = {one.script: arrangement.expected(one, Outcome.SUCCESS) for one in found}
    assert {name: decision.run for name, decision in decisions.items()} == {"pre": True, "post": False, "off": False}
    reasons = {name: decision.reason for name, decision in decisions.items()}
    assert reasons["post"] == Reason(Code.CONDITION_OF_OUTCOME, {"condition": "failure", "outcome": "success"})
    assert reasons["off"] == Reason(Code.SWITCHED_OFF)
    assert arrangement.expected(named(found, "post"), Outcome.CANCELLED).run
