from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.decisions import Policy
from borgdesk.domain.errors import Changed, InvalidInput, NotFound
from borgdesk.domain.ids import AssignmentId, RepositoryId, ScriptId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import LANES, Hook, OnFailure, RunOn
from borgdesk.domain.script import Details, NewScript, Script
from borgdesk.store.store import Store

PRE, POST, LAST = LANES[:3]
FAILURE = RunOn.parse("failure")

Place = Callable[..., Assignment]


@pytest.fixture
def place(store: Store, documents: Repository, script: Script) -> Place:
    """Assigns the one script to the one repository."""

    def assign(hook: Hook = PRE, **more: object) -> Assignment:
        return store.assignments.add(documents.id, script.id, hook, **more)  # type: ignore[arg-type]

    return assign


def lanes(store: Store, repository: Repository) -> dict[Hook, list[int]]:
    """Return the ids in each lane; orders must be 1, 2, 3, …"""
    found: dict[Hook, list[int]] = {}
    for assignment in store.assignments.list(repository.id):
        lane = found.setdefault(assignment.hook, [])
        lane.append(assignment.id)
        assert assignment.order == len(lane)
    return found


class TestAdding:
    def test_without_overrides_everything_is_inherited(
        self, place: Place, documents: Repository, script: Script
    ) -> None:
        added = place()
        assert added == Assignment(
            id=added.id,
            repository_id=documents.id,
            repository="Documents",
            script_id=script.id,
            script="Stop containers",
            hook=PRE,
            order=1,
            script_timeout=script.timeout,
            script_run_on=script.run_on,
            repository_on_failure=OnFailure.STOP,
        )

    def test_what_is_inherited_follows_its_source(
        self, store: Store, place: Place, documents: Repository, script: Script
    ) -> None:
        added = place()
        store.repositories.update(replace(documents, name="Papers", continue_on_hook_failure=True))
        store.scripts.edit(script.id, Details("Halt", script.description, 7, FAILURE))
        now = store.assignments.get(added.id)
        assert (now.repository, now.script) == ("Papers", "Halt")
        assert now.effective == Policy(FAILURE, OnFailure.CONTINUE, 7)

    def test_overrides_and_values_are_kept(self, store: Store, place: Place) -> None:
        added = place(
            enabled=False,
            timeout=5,
            run_on=FAILURE,
            on_failure=OnFailure.SKIP,
            parameters={"CONTAINERS": "web 'db'\n$HOME", "_X": ""},
            secrets={"TOKEN", "DB_PASSWORD"},
        )
        assert store.assignments.get(added.id) == added
        assert added.effective == Policy(FAILURE, OnFailure.SKIP, 5)
        assert added.parameters == {"CONTAINERS": "web 'db'\n$HOME", "_X": ""}
        assert added.secrets == {"TOKEN", "DB_PASSWORD"}
        assert not added.enabled

    def test_each_lane_has_its_own_order(self, store: Store, place: Place, documents: Repository) -> None:
        a, b, c, d = place(), place(), place(POST), place(order=1)
        e, f = place(order=2), place(order=99)
        assert lanes(store, documents) == {PRE: [d.id, e.id, a.id, b.id, f.id], POST: [c.id]}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"hook": Hook.TEST},
            {"order": 0},
            {"timeout": 0},
            {"hook": POST, "on_failure": OnFailure.SKIP},
            {"parameters": {"PATH": "/evil"}},
            {"parameters": {"lower": "x"}},
            {"parameters": {"A": "x\0y"}},
            {"parameters": {"A": "x" * 200_000}},
            {"secrets": {"BORG_PASSPHRASE"}},
            {"parameters": {"A": "x"}, "secrets": {"A"}},
        ],
    )
    def test_impossible_values_leave_nothing(
        self, store: Store, place: Place, documents: Repository, wrong: dict[str, object]
    ) -> None:
        with pytest.raises(InvalidInput):
            place(**wrong)
        assert store.assignments.list(documents.id) == []

    def test_both_sides_must_be_there(self, store: Store, documents: Repository, script: Script) -> None:
        with pytest.raises(NotFound, match="no repository “99”"):
            store.assignments.add(RepositoryId(99), script.id, PRE)
        with pytest.raises(NotFound, match="no script “99”"):
            store.assignments.add(documents.id, ScriptId(99), PRE)
        with pytest.raises(NotFound, match="no assignment “1”"):
            store.assignments.get(AssignmentId(1))


class TestEditing:
    def test_given_values_change_and_others_stay(self, store: Store, place: Place) -> None:
        added = place(timeout=5, parameters={"A": "1"}, secrets={"TOKEN"})
        wanted = replace(added, enabled=False, run_on=FAILURE, on_failure=OnFailure.CONTINUE)
        edited = store.assignments.edit(wanted, seen=added)
        assert edited == wanted
        assert store.assignments.edit(added, seen=added) == store.assignments.get(added.id) == edited

    def test_single_values_are_set_and_taken_back(self, store: Store, place: Place) -> None:
        added = place(parameters={"A": "1", "B": "2", "C": "4"}, secrets={"TOKEN", "KEY"})
        wanted = replace(added, parameters={"B": "3", "KEY": "k"}, secrets=frozenset({"C", "TOKEN"}))
        edited = store.assignments.edit(wanted, seen=added)
        assert (edited.parameters, set(edited.secrets)) == ({"B": "3", "KEY": "k"}, {"C", "TOKEN"})
        assert store.assignments.get(added.id) == edited

    def test_what_somebody_else_changed_meanwhile_is_not_undone(self, store: Store, place: Place) -> None:
        seen = place(parameters={"A": "1", "B": "2"})
        store.assignments.edit(replace(seen, timeout=9, parameters={"A": "1", "B": "3"}), seen=seen)
        edited = store.assignments.edit(replace(seen, enabled=False, parameters={"A": "5", "B": "2"}), seen=seen)
        assert (edited.timeout, edited.enabled, edited.parameters) == (9, False, {"A": "5", "B": "3"})
        others: tuple[dict[str, Any], ...] = (
            {"timeout": 7},
            {"parameters": {"A": "1", "B": "4"}},
            {"parameters": {"A": "1"}},
        )
        for ours in others:
            with pytest.raises(Changed, match="“Stop containers” in “Documents” was changed by another program"):
                store.assignments.edit(replace(seen, **ours), seen=seen)
            assert store.assignments.get(seen.id) == edited
        assert store.assignments.edit(replace(seen, timeout=7), seen=seen, over=True) == replace(edited, timeout=7)

    @pytest.mark.parametrize("field", ["timeout", "run_on", "on_failure"])
    def test_an_override_goes_back_to_inherited(self, store: Store, place: Place, field: str) -> None:
        added = place(timeout=5, run_on=FAILURE, on_failure=OnFailure.CONTINUE)
        wanted = replace(added, **{field: None})  # type: ignore[arg-type]
        assert store.assignments.edit(wanted, seen=added) == wanted

    @pytest.mark.parametrize(
        "wrong",
        [
            {"timeout": -5},
            {"on_failure": OnFailure.SKIP},
            {"parameters": {"IFS": "x"}},
            {"hook": Hook.TEST},
        ],
    )
    def test_impossible_values_change_nothing(self, store: Store, place: Place, wrong: dict[str, object]) -> None:
        added = place(POST, parameters={"A": "1"})
        with pytest.raises(InvalidInput):
            store.assignments.edit(replace(added, enabled=False, **wrong), seen=added)  # type: ignore[arg-type]
        assert store.assignments.get(added.id) == added
        with pytest.raises(NotFound):
            store.assignments.edit(replace(added, id=AssignmentId(99)), seen=added)


class TestMoving:
    def test_within_a_lane(self, store: Store, place: Place, documents: Repository) -> None:
        a, b, c = place().id, place().id, place().id
        assert store.assignments.move(c, 1).order == 1
        assert lanes(store, documents) == {PRE: [c, a, b]}
        assert store.assignments.move(c, 99).order == 3
        assert lanes(store, documents) == {PRE: [a, b, c]}
        store.assignments.move(a, 2)
        assert lanes(store, documents) == {PRE: [b, a, c]}

    def test_to_another_lane(self, store: Store, place: Place, documents: Repository) -> None:
        a, b, c, d = place().id, place().id, place(POST).id, place(POST).id
        moved = store.assignments.move(a, 2, POST)
        assert (moved.hook, moved.order) == (POST, 2)
        assert lanes(store, documents) == {PRE: [b], POST: [c, a, d]}
        store.assignments.move(b, 1, LAST)
        assert lanes(store, documents) == {POST: [c, a, d], LAST: [b]}

    def test_impossible_moves_change_nothing(self, store: Store, place: Place, documents: Repository) -> None:
        a, b = place(on_failure=OnFailure.SKIP).id, place().id
        for order, hook, words in ((0, None, "first place is 1"), (1, POST, "“skip”"), (1, Hook.TEST, "“Test”")):
            with pytest.raises(InvalidInput, match=words):
                store.assignments.move(a, order, hook)
            assert lanes(store, documents) == {PRE: [a, b]}
        with pytest.raises(NotFound):
            store.assignments.move(AssignmentId(99), 1)

    def test_removing_closes_the_gap(self, store: Store, place: Place, documents: Repository) -> None:
        a, b, c = place().id, place().id, place().id
        store.assignments.remove(b)
        assert lanes(store, documents) == {PRE: [a, c]}
        with pytest.raises(NotFound):
            store.assignments.remove(b)
        assert place().id > c

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_lanes_are_what_a_list_would_be(
        self, store: Store, place: Place, documents: Repository, data: st.DataObject
    ) -> None:
        for assignment in store.assignments.list(documents.id):
            store.assignments.remove(assignment.id)
        expected: dict[Hook, list[int]] = {hook: [] for hook in LANES}
        for _ in range(data.draw(st.integers(1, 10))):
            everywhere = [one for lane in expected.values() for one in lane]
            what = data.draw(st.sampled_from(["add", "move", "remove"] if everywhere else ["add"]))
            hook, order = data.draw(st.sampled_from(LANES)), data.draw(st.integers(1, 5))
            if what == "add":
                expected[hook].insert(order - 1, place(hook, order=order).id)
                continue
            chosen = data.draw(st.sampled_from(everywhere))
            for lane in expected.values():
                if chosen in lane:
                    lane.remove(chosen)
            if what == "move":
                store.assignments.move(AssignmentId(chosen), order, hook)
                expected[hook].insert(order - 1, chosen)
            else:
                store.assignments.remove(AssignmentId(chosen))
        assert lanes(store, documents) == {hook: lane for hook, lane in expected.items() if lane}


class TestRearranging:
    def test_undo_brings_back_what_was_removed_with_its_id(
        self, store: Store, place: Place, documents: Repository
    ) -> None:
        place(secrets={"TOKEN"}), place(POST, timeout=5), place()
        before = store.assignments.list(documents.id)
        store.assignments.remove(before[0].id)
        store.assignments.move(before[1].id, 1, LAST)
        after = store.assignments.list(documents.id)
        store.assignments.rearrange(documents.id, after, before)
        assert store.assignments.list(documents.id) == before
        store.assignments.rearrange(documents.id, before, after)
        assert store.assignments.list(documents.id) == after

    def test_undo_brings_back_several_at_once(self, store: Store, place: Place, documents: Repository) -> None:
        before = tuple(place() for _ in range(3))
        store.assignments.rearrange(documents.id, before, before[2:])
        store.assignments.rearrange(documents.id, before[2:], before)
        assert lanes(store, documents) == {PRE: [one.id for one in before]}

    def test_new_ones_get_ids_and_orders_are_closed_up(self, store: Store, place: Place, documents: Repository) -> None:
        kept = place()
        wanted = [
            replace(kept, order=9),
            replace(kept, id=AssignmentId(0), order=4),
            replace(kept, id=AssignmentId(0), order=4, hook=LAST),
        ]
        made = store.assignments.rearrange(documents.id, [kept], wanted)
        first, second, third = store.assignments.list(documents.id)
        assert made == [first, third]
        assert (first.order, second.order, third.order) == (1, 2, 1)
        assert second.id == kept.id
        assert len({first.id, second.id, third.id}) == 3

    def test_nothing_changes_when_one_is_impossible(
        self, store: Store, place: Place, documents: Repository, script: Script
    ) -> None:
        photos = store.repositories.add(replace(documents, id=RepositoryId(0), name="Photos"))
        foreign = store.assignments.add(photos.id, script.id, PRE)
        kept = place()
        for wrong, error in (
            (replace(kept, id=AssignmentId(0), timeout=-1), InvalidInput),
            (replace(kept, id=AssignmentId(0), script_id=ScriptId(99)), NotFound),
            (foreign, InvalidInput),
        ):
            with pytest.raises(error):
                store.assignments.rearrange(documents.id, [kept], [kept, wrong])
            assert store.assignments.list(documents.id) == [kept]
        assert store.assignments.list(photos.id) == [foreign]
        with pytest.raises(NotFound):
            store.assignments.rearrange(RepositoryId(99), [], [])

    def test_an_empty_list_clears_the_board(self, store: Store, place: Place, documents: Repository) -> None:
        assert store.assignments.rearrange(documents.id, [place()], []) == []
        assert store.assignments.list(documents.id) == []


def test_everywhere_a_script_is(store: Store, place: Place, documents: Repository, script: Script) -> None:
    archive = store.repositories.add(replace(documents, id=RepositoryId(0), name="archive"))
    other = store.scripts.add(NewScript("Other", b"true\n"))
    store.assignments.add(documents.id, other.id, PRE)
    place(LAST), place(PRE), store.assignments.add(archive.id, script.id, POST)
    found = [(one.repository, one.hook, one.order) for one in store.assignments.for_script(script.id)]
    assert found == [("archive", POST, 1), ("Documents", PRE, 2), ("Documents", LAST, 1)]
