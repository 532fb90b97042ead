"""Storing changes of the lanes in sequence, with undo, over a real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from borgdesk.domain.errors import Changed
from borgdesk.domain.ids import AssignmentId, RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook
from borgdesk.engine.lanes.arrangement import Arrangement, read_lanes
from borgdesk.engine.lanes.assignments import Changes, edit_assignment
from borgdesk.engine.lanes.copying import Wanted, assign_in
from borgdesk.gui.lanes.arranger import Arranger
from borgdesk.gui.lanes.undo_history import Change
from borgdesk.gui.workers.background import Background
from tests.gui.scene import POST, PRE, Scene


@pytest.fixture
def repository(scene: Scene) -> Repository:
    return scene.workspace.store.repositories.add(Repository(RepositoryId(0), "Docs", "/backup", (str(scene.source),)))


@pytest.fixture
def arranger(scene: Scene, repository: Repository, background: Background, qtbot: QtBot) -> Iterator[Arranger]:
    for name in "ab":
        scene.assign(repository, scene.script(name, "true"), PRE)
    arranger = Arranger(scene.workspace, background)
    arranger.board = read_lanes(scene.workspace, repository.id)

    def keep(arranged: object) -> None:
        arranger.board = read_lanes(scene.workspace, repository.id)

    arranger.arranged.connect(keep)
    yield arranger
    qtbot.waitUntil(lambda: not arranger.is_busy)


def to(hook: Hook, name: str, arrangement: Arrangement) -> Arrangement:
    return tuple(replace(one, hook=hook) if one.script == name else one for one in arrangement)


def without(name: str, arrangement: Arrangement) -> Arrangement:
    return tuple(one for one in arrangement if one.script != name)


def stored(scene: Scene, repository: Repository) -> dict[str, Hook]:
    return {one.script: one.hook for one in scene.workspace.store.assignments.list(repository.id)}


def names(arranger: Arranger) -> tuple[str | None, str | None]:
    undo, redo = arranger.to_undo, arranger.to_redo
    return undo.text if undo else None, redo.text if redo else None


def test_a_change_is_stored_taken_back_and_made_again(
    arranger: Arranger, scene: Scene, repository: Repository, qtbot: QtBot
) -> None:
    assert (names(arranger), arranger.is_busy) == ((None, None), False)
    with qtbot.waitSignal(arranger.arranged):
        arranger.do("move", lambda lanes: to(POST, "a", lanes))
        assert arranger.is_busy
    assert stored(scene, repository) == {"a": POST, "b": PRE}
    assert names(arranger) == ("move", None)
    with qtbot.waitSignal(arranger.arranged):
        arranger.undo()
    assert stored(scene, repository) == {"a": PRE, "b": PRE}
    assert names(arranger) == (None, "move")
    with qtbot.waitSignal(arranger.arranged):
        arranger.redo()
    assert stored(scene, repository) == {"a": POST, "b": PRE}
    assert names(arranger) == ("move", None)


def test_where_there_is_nothing_to_take_back_nothing_is_done(arranger: Arranger, qtbot: QtBot) -> None:
    arranger.undo()
    arranger.redo()
    assert not arranger.is_busy


def test_a_change_that_changes_nothing_is_none(
    arranger: Arranger, scene: Scene, repository: Repository, qtbot: QtBot
) -> None:
    arranger.do("nothing", lambda lanes: lanes)
    assert (arranger.is_busy, names(arranger)) == (False, (None, None))
    with qtbot.waitSignals([arranger.arranged, arranger.arranged]):
        arranger.do("first", lambda lanes: to(POST, "a", lanes))
        arranger.do("nothing", lambda lanes: lanes)
        arranger.do("second", lambda lanes: to(POST, "b", lanes))
    assert stored(scene, repository) == {"a": POST, "b": POST}, "and keeps none from its turn"
    assert names(arranger) == ("second", None)


def test_while_a_change_is_stored_nothing_is_taken_back(arranger: Arranger, qtbot: QtBot) -> None:
    with qtbot.waitSignal(arranger.arranged):
        arranger.do("first", lambda lanes: to(POST, "a", lanes))
    with qtbot.waitSignal(arranger.arranged):
        arranger.do("second", lambda lanes: to(POST, "b", lanes))
        arranger.undo()
    assert names(arranger) == ("second", None)
    with qtbot.waitSignal(arranger.arranged):
        arranger.undo()
        arranger.redo()
        arranger.undo()
    assert names(arranger) == ("first", "second")


def test_what_is_made_again_is_known_by_its_new_number(
    arranger: Arranger, scene: Scene, repository: Repository, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(arranger.arranged):
        arranger.do("copy", lambda lanes: (*lanes, replace(lanes[0], id=AssignmentId(0), hook=POST)))
    assert len(arranger.assignments) == 3
    change = arranger.to_undo
    assert change is not None
    assert {one.id for one in change.after} == {one.id for one in arranger.assignments}
    with qtbot.waitSignal(arranger.arranged):
        arranger.undo()
    assert len(scene.workspace.store.assignments.list(repository.id)) == 2


def test_what_somebody_else_changed_ends_it_all(
    arranger: Arranger, scene: Scene, repository: Repository, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(arranger.arranged):
        arranger.do("first", lambda lanes: to(POST, "a", lanes))
    stale = arranger.board
    assert stale is not None
    removed = next(one for one in stale.assignments if one.script == "b")
    scene.workspace.store.assignments.remove(removed.id)
    with qtbot.waitSignal(arranger.failed) as failed:
        arranger.do("second", lambda lanes: to(POST, "b", lanes))
        arranger.do("third", lambda lanes: to(PRE, "a", lanes))
    assert isinstance(failed.args[0], Changed)
    assert (arranger.is_busy, names(arranger)) == (False, (None, None))
    assert stored(scene, repository) == {"a": POST}, "what waited is forgotten"


def test_a_failure_that_changed_nothing_leaves_what_can_be_taken_back(
    arranger: Arranger, scene: Scene, repository: Repository, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(arranger.arranged):
        arranger.do("first", lambda lanes: to(POST, "a", lanes))
    scene.workspace.store.repositories.remove(repository.id)
    with qtbot.waitSignal(arranger.failed):
        arranger.do("second", lambda lanes: to(POST, "b", lanes))
    assert (arranger.is_busy, names(arranger)) == (False, ("first", None))


def test_what_is_forgotten_and_what_is_noted(arranger: Arranger) -> None:
    arranger.record(Change("theirs", (), ()))
    assert names(arranger) == ("theirs", None)
    arranger.forget_changes()
    assert names(arranger) == (None, None)


def test_what_was_changed_can_be_undone_after_looking_at_another_repository(
    arranger: Arranger, scene: Scene, repository: Repository, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(arranger.arranged):
        arranger.do("move", lambda lanes: to(POST, "a", lanes))
    arranger.leave()
    assert (names(arranger), arranger.assignments) == ((None, None), ())
    arranger.board = read_lanes(scene.workspace, scene.repository("Other").id)
    assert names(arranger) == (None, None)
    arranger.board = read_lanes(scene.workspace, repository.id)
    assert names(arranger) == ("move", None)
    with qtbot.waitSignal(arranger.arranged):
        arranger.undo()
    assert stored(scene, repository) == {"a": PRE, "b": PRE}


def test_a_change_that_is_stored_after_its_repository_was_left_belongs_to_that(
    arranger: Arranger, scene: Scene, repository: Repository, qtbot: QtBot
) -> None:
    other = scene.repository("Other")
    with qtbot.assertNotEmitted(arranger.arranged), qtbot.waitSignal(arranger.stored):
        arranger.do("move", lambda lanes: to(POST, "a", lanes))
        arranger.leave()
        arranger.board = read_lanes(scene.workspace, other.id)
    assert stored(scene, repository) == {"a": POST, "b": PRE}
    assert names(arranger) == (None, None)
    arranger.board = read_lanes(scene.workspace, repository.id)
    assert names(arranger) == ("move", None)


def test_undo_goes_on_where_one_of_several_repositories_was_changed(
    arranger: Arranger, scene: Scene, qtbot: QtBot
) -> None:
    one, two = scene.repository("One"), scene.repository("Two")
    wanted = [Wanted(arranger.assignments[0].script_id, POST)]
    done = assign_in(scene.workspace, wanted, [one.id, two.id])
    arranger.record(Change("copy", arranger.assignments, arranger.assignments, tuple(done)))
    edit_assignment(scene.workspace, done[0].after[0], Changes(timeout=77))
    with qtbot.waitSignals([arranger.arranged, arranger.incomplete]):
        arranger.undo()
    assert (len(stored(scene, one)), len(stored(scene, two))) == (1, 0)
    assert names(arranger) == (None, "copy")
    with qtbot.waitSignal(arranger.arranged):
        arranger.redo()
    assert (len(stored(scene, one)), len(stored(scene, two))) == (1, 1)
    assert names(arranger) == ("copy", None)


def test_nothing_is_undone_elsewhere_if_the_board_itself_was_changed(
    arranger: Arranger, scene: Scene, qtbot: QtBot
) -> None:
    other = scene.repository("Other")
    before = arranger.assignments
    done = assign_in(scene.workspace, [Wanted(before[0].script_id, POST)], [before[0].repository_id, other.id])
    arranger.record(Change("copy", done[0].before, done[0].after, (done[1],)))
    edit_assignment(scene.workspace, done[0].after[-1], Changes(timeout=77))
    with qtbot.waitSignal(arranger.failed):
        arranger.undo()
    assert len(stored(scene, other)) == 1
