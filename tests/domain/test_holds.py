"""Which scripts of a run belong together as a shared pair, and which runs share them."""

from __future__ import annotations

import pytest

from borgdesk.domain.decisions import Policy
from borgdesk.domain.history import PlannedScript
from borgdesk.domain.holding import HoldKey
from borgdesk.domain.holds import Part, partner, with_holds
from borgdesk.domain.ids import AssignmentId, ScriptId
from borgdesk.domain.run import ALWAYS, Hook, OnFailure, RunOn

PRE, POST, LAST = Hook.PRE_BACKUP, Hook.POST_BACKUP, Hook.POST_RUN


def planned(number: int, name: str, hook: Hook, **changes: object) -> PlannedScript:
    policy = Policy(RunOn.parse("failure"), OnFailure.STOP, 60)
    return PlannedScript(
        name, hook, number, policy, "a" * 64, ScriptId(number), AssignmentId(number), **changes  # type: ignore[arg-type]
    )  # fmt: skip


def keys(*scripts: PlannedScript, name: str = "") -> list[HoldKey | None]:
    shared = {one.assignment_id: name for one in scripts if one.assignment_id is not None}
    return [one.hold for one in with_holds(scripts, shared)]


STOP, START = planned(1, "Stop web", PRE), planned(2, "Start web", POST)


def test_both_scripts_of_a_pair_get_the_same_key_and_the_second_always_runs() -> None:
    stop, start = with_holds([STOP, START], {AssignmentId(1): "", AssignmentId(2): ""})
    assert stop.hold is not None
    assert stop.hold == start.hold
    assert stop.hold.name == "Stop web"
    assert start.policy.run_on == ALWAYS


@pytest.mark.parametrize("shared", [{1: ""}, {2: ""}, {1: "", 2: "web"}, {1: "db", 2: "web"}])
def test_half_a_pair_is_not_shared(shared: dict[int, str]) -> None:
    found = with_holds([STOP, START], {AssignmentId(number): name for number, name in shared.items()})
    assert found == [STOP, START]


def test_scripts_that_belong_together_only_by_the_name_of_the_share_are_a_pair() -> None:
    one, other = planned(1, "Before", PRE), planned(2, "After", LAST)
    assert keys(one, other) == [None, None]
    first, second = keys(one, other, name="web")
    assert first is not None
    assert first == second


def test_a_script_belongs_to_one_pair_only() -> None:
    again = planned(3, "Stop web", Hook.PRE_BACKUP, values={"CONTAINERS": "db"})
    assert sum(key is not None for key in keys(STOP, START, again)) == 2


def test_what_runs_share_is_what_does_the_same() -> None:
    from dataclasses import replace

    same = keys(STOP, START)
    assert keys(replace(STOP, assignment_id=AssignmentId(8)), START) == same
    different = [
        keys(replace(STOP, revision="b" * 64), START),
        keys(replace(STOP, values={"CONTAINERS": "web"}), START),
        keys(STOP, replace(START, values={"GRACE": "9"})),
        keys(STOP, replace(START, revision="b" * 64)),
        keys(replace(STOP, secrets=frozenset({"PASSWORD"})), START),
    ]
    assert len({key.key for (key, _) in [same, *different] if key is not None}) == 6


def test_by_a_name_they_share_whatever_they_do() -> None:
    from dataclasses import replace

    one, other = keys(STOP, START, name="web"), keys(replace(STOP, values={"A": "b"}), START, name="web")
    assert one[0] is not None
    assert other[0] is not None
    assert one[0].key == other[0].key


def test_a_mount_belongs_to_its_unmount() -> None:
    parts = [Part("Disk: mount", PRE, ""), Part("Start web", POST, ""), Part("Disk: unmount", LAST, "")]
    assert partner(parts, parts[0]) == parts[2]
    assert partner(parts, parts[2]) == parts[0]
    assert partner(parts, parts[1]) is None


def test_a_key_survives_being_stored() -> None:
    key = HoldKey("a" * 32, "b" * 32, "The web, with blanks")
    assert HoldKey.unpacked(key.packed()) == key
