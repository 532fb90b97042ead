"""Assigning scripts in several repositories, and undoing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.errors import NotFound, SecretsUnavailable
from borgdesk.domain.ids import RepositoryId, ScriptId
from borgdesk.domain.run import RunOn
from borgdesk.engine.lanes import assignments, copying
from borgdesk.engine.lanes.assignments import Changes
from borgdesk.engine.lanes.copying import Wanted, assign_in, copies, redo, undo
from borgdesk.engine.secrets.secret_lifetime import secret_owner
from borgdesk.engine.workspace import Workspace
from tests.engine.desk import POST, PRE, Desk

SECRET = "[parameters.TOKEN]\nsecret = true"


def lanes(desk: Desk, repository_id: RepositoryId) -> Sequence[Assignment]:
    return desk.workspace.store.assignments.list(repository_id)


def test_copies_have_the_options_and_the_secrets(desk: Desk) -> None:
    stop = desk.add("Stop", PRE, parameters={"NAMES": "web"}, timeout=7)
    alarm = desk.add("Alarm", POST, header=SECRET, run_on="failure", secrets={"TOKEN": "hush"}, enabled=False)
    one, two = desk.add_repository("One"), desk.add_repository("Two")
    done = assign_in(desk.workspace, copies(desk.workspace, [stop, alarm]), [one.id, two.id])
    assert [(change.repository, change.added) for change in done] == [("One", 2), ("Two", 2)]
    for repository in (one, two):
        first, second = lanes(desk, repository.id)
        assert (first.script, first.hook, first.timeout, first.parameters) == ("Stop", PRE, 7, {"NAMES": "web"})
        assert (second.script, second.run_on, second.enabled) == ("Alarm", RunOn.parse("failure"), False)
        assert desk.workspace.secrets.get(secret_owner(second.id), "TOKEN") == "hush"


def test_what_is_there_is_not_doubled(desk: Desk) -> None:
    stop = desk.add("Stop", PRE)
    other = desk.add_repository("Other")
    for added in (1, 0):
        (done,) = assign_in(desk.workspace, copies(desk.workspace, [stop]), [other.id])
        assert done.added == added
    assert len(lanes(desk, other.id)) == 1


def test_it_is_undone_and_done_again_with_its_secrets(desk: Desk) -> None:
    alarm = desk.add("Alarm", POST, header=SECRET, secrets={"TOKEN": "hush"})
    other = desk.add_repository("Other")
    done = assign_in(desk.workspace, copies(desk.workspace, [alarm]), [other.id])
    (copied,) = lanes(desk, other.id)
    undo(desk.workspace, done)
    assert not lanes(desk, other.id)
    redo(desk.workspace, done)
    assert lanes(desk, other.id) == [copied]
    assert desk.workspace.secrets.get(secret_owner(copied.id), "TOKEN") == "hush"


def test_undo_names_the_repositories_that_it_leaves_and_goes_on(desk: Desk) -> None:
    stop = desk.add("Stop", PRE)
    targets = [desk.add_repository(name).id for name in ("Edited", "Removed", "Free")]
    done = assign_in(desk.workspace, copies(desk.workspace, [stop]), targets)
    edited, removed, free = targets
    assignments.edit_assignment(desk.workspace, lanes(desk, edited)[0], Changes(timeout=77))
    desk.workspace.store.repositories.remove(removed)
    for _again in range(2):
        assert undo(desk.workspace, done) == [
            "“Edited” was left as it is: another program changed these scripts in the meantime.",
            f"“Removed” was left as it is: There is no repository “{removed}”.",
        ]
        assert (len(lanes(desk, edited)), len(lanes(desk, free))) == (1, 0)
    assert len(redo(desk.workspace, done)) == 1
    assert [[one.timeout for one in lanes(desk, target)] for target in (edited, free)] == [[77], [None]]


@pytest.mark.parametrize("wrong", ["repository", "script"])
def test_all_or_nothing(desk: Desk, wrong: str) -> None:
    stop = desk.add("Stop", PRE)
    other = desk.add_repository("Other")
    wanted = [Wanted(stop.script_id, PRE), Wanted(ScriptId(99) if wrong == "script" else stop.script_id, POST)]
    targets = [other.id, RepositoryId(99)] if wrong == "repository" else [other.id]
    with pytest.raises(NotFound):
        assign_in(desk.workspace, wanted, targets)
    assert not lanes(desk, other.id)


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[RepositoryId], None]) -> None:
    """Let another process act before each assignment; it is told the repository."""

    def assign(workspace: Workspace, target: RepositoryId, *what: Any) -> Assignment:
        act(target)
        return assignments.assign(workspace, target, *what)

    monkeypatch.setattr(copying, "assign", assign)


def test_undo_keeps_what_others_did_meanwhile(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, foreign = desk.add("Stop", PRE), desk.add("Foreign", PRE)
    other = desk.add_repository("Other")
    store = desk.workspace.store.assignments
    removed, kept = (store.add(other.id, foreign.script_id, POST) for _ in range(2))

    def act(target: RepositoryId) -> None:
        store.add(target, foreign.script_id, PRE)
        store.remove(removed.id)

    meanwhile(monkeypatch, act)
    done = assign_in(desk.workspace, copies(desk.workspace, [stop]), [other.id])
    assert [change.added for change in done] == [1]
    undo(desk.workspace, done)
    assert [(one.script, one.hook) for one in lanes(desk, other.id)] == [("Foreign", PRE), ("Foreign", POST)]
    redo(desk.workspace, done)
    assert [one.script for one in lanes(desk, other.id) if one.hook is PRE] == ["Foreign", "Stop"]
    assert [one.id for one in lanes(desk, other.id) if one.hook is POST] == [kept.id]


def test_a_failure_leaves_nothing_though_repositories_vanish(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = desk.add("Alarm", POST, header=SECRET, secrets={"TOKEN": "hush"})
    one, two, three = (desk.add_repository(name) for name in ("One", "Two", "Three"))
    wanted = copies(desk.workspace, [alarm])
    made: list[Assignment] = []

    def act(target: RepositoryId) -> None:
        if target == three.id:
            made.extend([*lanes(desk, one.id), *lanes(desk, two.id)])
            desk.workspace.store.repositories.remove(one.id)
            desk.workspace.store.repositories.remove(three.id)

    meanwhile(monkeypatch, act)
    with pytest.raises(NotFound, match=str(three.id)):
        assign_in(desk.workspace, wanted, [one.id, two.id, three.id])
    assert not lanes(desk, two.id)
    assert len(made) == 2
    assert [desk.workspace.secrets.get(secret_owner(copy.id), "TOKEN") for copy in made] == [None, None]


def test_a_secret_that_is_gone_is_not_copied_as_nothing(desk: Desk) -> None:
    alarm = desk.add("Alarm", POST, header=SECRET, secrets={"TOKEN": "hush"})
    desk.workspace.secrets.delete(secret_owner(alarm.id), "TOKEN")
    with pytest.raises(SecretsUnavailable):
        copies(desk.workspace, [alarm])
