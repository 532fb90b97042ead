"""Manual pruning, compacting and checking, and reading information, with real Borg."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.borg.command_options import CheckOptions
from borgdesk.domain.errors import AlreadyStarted
from borgdesk.domain.events import BorgBegan, Event
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Retention
from borgdesk.domain.run import BorgStep, RunKind, RunStatus, Trigger
from borgdesk.engine.archives.archive_list import read_archives
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import recipe
from borgdesk.engine.runs.maintenance import Check, Compact, Info, PartCheck, Prune
from borgdesk.engine.runs.task import Task
from tests.engine.archives.lab import back_up, empty_repository, make_archives, real_desk
from tests.engine.desk import Desk
from tests.listening import InStep


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_repository(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def desk(tmp_path: Path, empty: Path) -> Iterator[Desk]:
    with real_desk(tmp_path / "work", empty) as desk:
        yield desk


def do(desk: Desk, task: Task) -> Run:
    repository = desk.workspace.store.repositories.get(desk.repository.id)
    run = recipe.run(desk.workspace, repository, task, Trigger.USER, InStep(desk.events.append), Cancel())
    assert desk.workspace.store.runs.get(run.id).report == run.report
    return run


def damage(desk: Desk) -> None:
    """Flip a byte in the middle of the largest file of the repository."""
    segments = [path for path in (Path(desk.repository.location) / "data").rglob("*") if path.is_file()]
    largest = max(segments, key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 0xFF
    largest.write_bytes(content)


MOMENTS = [f"2026-01-0{day}T12:00:00" for day in range(1, 5)]


def test_old_archives_are_pruned_and_their_space_comes_back(desk: Desk) -> None:
    (desk.source / "noise").write_bytes(bytes(range(256)) * 4000)
    names = make_archives(desk, MOMENTS)
    desk.change(retention=Retention(daily=2))
    pruned = do(desk, Prune())
    assert (pruned.kind, pruned.status, pruned.report["pruned"]) == (RunKind.PRUNE, RunStatus.SUCCESS, 2)
    assert [call.step for call in pruned.borg] == [BorgStep.LIST, BorgStep.PRUNE]
    assert [one.name for one in read_archives(desk.workspace, desk.repository).archives] == [names[3], names[2]]
    compacted = do(desk, Compact())
    assert (compacted.kind, compacted.status) == (RunKind.COMPACT, RunStatus.SUCCESS)
    assert compacted.report["freed"] > 0
    assert "of disk space was freed." in (compacted.note or "")
    assert pruned.note == "2 archives were deleted."
    assert do(desk, Prune()).report["pruned"] == 0


def test_what_others_made_is_not_pruned(desk: Desk) -> None:
    names = make_archives(desk, MOMENTS, ours=MOMENTS[:2])
    desk.change(retention=Retention(daily=1))
    run = do(desk, Prune())
    assert (run.status, run.report["pruned"]) == (RunStatus.SUCCESS, 1)
    assert [one.name for one in read_archives(desk.workspace, desk.repository).archives] == names[:0:-1]


def in_pieces(desk: Desk) -> None:
    """Let Borg stop a check after each segment, as if that had taken as long as a part may."""
    program = desk.folder / "borg"
    program.write_text(
        """#!/bin/sh
for word; do
    shift
    case "$word" in --max-duration=*) word=--max-duration=-1 ;; esac
    set -- "$@" "$word"
done
exec borg "$@"
"""
    )
    program.chmod(0o755)
    desk.workspace = replace(desk.workspace, fixed_borg=str(program))


def test_a_check_in_parts_goes_on_where_it_stopped(desk: Desk) -> None:
    make_archives(desk, MOMENTS[:1])
    in_pieces(desk)
    done: list[Run] = []
    while sum(run.report["complete"] for run in done) < 2:
        done.append(do(desk, PartCheck(600)))
        assert (done[-1].status, len(done) < 50) == (RunStatus.SUCCESS, True)
    first = [run.report["complete"] for run in done].index(True)
    assert first > 0
    # It began anew after the end, and took as many parts.
    assert len(done) == 2 * (first + 1)
    assert done[0].note == "A part of the repository was checked; the next check continues from there."
    assert done[first].note == "The whole repository has been checked."
    assert {**done[0].report, "complete": True} == done[first].report


def test_damage_is_found_in_parts_too(desk: Desk) -> None:
    (desk.source / "noise").write_bytes(bytes(range(256)) * 4000)
    make_archives(desk, MOMENTS[:1])
    damage(desk)
    run = do(desk, PartCheck(600))
    assert (run.status, run.report["complete"]) == (RunStatus.FAILURE, False)


def test_an_automatic_check_is_done_once(desk: Desk) -> None:
    assert do(desk, PartCheck(600, None, is_automatic=True)).report["complete"]
    with pytest.raises(AlreadyStarted):
        do(desk, PartCheck(600, None, is_automatic=True))
    (first,) = desk.workspace.store.runs.list(kind=RunKind.CHECK)
    assert do(desk, PartCheck(600, first.id, is_automatic=True)).status is RunStatus.SUCCESS
    assert do(desk, PartCheck(600)).status is RunStatus.SUCCESS


def test_without_rules_nothing_is_pruned(desk: Desk) -> None:
    run = do(desk, Prune())
    assert run.status is RunStatus.FAILURE
    assert "“Papers” has no rules of retention, so nothing is pruned." in (run.error or "")
    assert run.borg == ()


def test_a_good_repository_passes(desk: Desk) -> None:
    back_up(desk)
    for options in (
        CheckOptions(),
        CheckOptions(repository_only=True),
        CheckOptions(archives_only=True, verify_data=True),
    ):
        run = do(desk, Check(options))
        assert (run.kind, run.status, run.error) == (RunKind.CHECK, RunStatus.SUCCESS, None)
        assert run.report["verify_data"] == options.verify_data


def test_damage_is_found_and_repaired(desk: Desk) -> None:
    (desk.source / "noise").write_bytes(bytes(range(256)) * 4000)
    back_up(desk)
    damage(desk)
    found = do(desk, Check())
    assert found.status is RunStatus.FAILURE
    assert "The check found damage" in (found.error or "")
    repaired = do(desk, Check(CheckOptions(repair=True)))
    assert (repaired.status, repaired.report["repair"]) == (RunStatus.SUCCESS, True)
    assert do(desk, Check()).status is RunStatus.SUCCESS


def test_who_stops_it_is_obeyed(desk: Desk) -> None:
    back_up(desk)
    cancel = Cancel()
    program = desk.folder / "stub"
    program.write_text(f'#!/bin/sh\ncase "$1" in check) exec sleep 60;; *) exec {desk.program} "$@";; esac\n')
    program.chmod(0o700)
    workspace = replace(desk.workspace, fixed_borg=str(program))

    def listen(event: Event) -> None:
        if isinstance(event, BorgBegan):
            cancel.ask()

    run = recipe.run(workspace, desk.repository, Check(), Trigger.USER, InStep(listen), cancel)
    assert run.status is RunStatus.CANCELLED


def test_what_a_repository_is_is_read_in_a_run(desk: Desk) -> None:
    back_up(desk)
    task = Info()
    run = do(desk, task)
    assert (run.kind, run.status, run.error) == (RunKind.INFO, RunStatus.SUCCESS, None)
    assert [(call.step, call.status) for call in run.borg] == [(BorgStep.INFO, RunStatus.SUCCESS)]
    assert task.found is not None
    assert task.found.stats is not None
    assert (run.report["info"]["id"], run.report["info"]["encryption"]) == (task.found.id, task.found.encryption)
    assert run.report["info"]["original_size"] == task.found.stats.original_size > 0
    assert (run.note or "").startswith("All archives: ")
    assert desk.workspace.store.repositories.get(desk.repository.id).borg_id == task.found.id
    assert [one.kind for one in desk.workspace.store.runs.list(kind=RunKind.INFO)] == [RunKind.INFO]


def test_information_about_a_repository_that_is_away(desk: Desk) -> None:
    Path(desk.repository.location).rename(desk.folder / "elsewhere")
    run = do(desk, Info())
    assert (run.kind, run.status, run.report) == (RunKind.INFO, RunStatus.FAILURE, {})
    assert (run.error or "").startswith(f"The repository {desk.repository.location} could not be opened. ")


def test_information_about_a_locked_repository(desk: Desk) -> None:
    held = Path(desk.repository.location, "lock.exclusive")
    held.mkdir()
    (held / "nas@123.4567-0").touch()
    run = do(desk, Info())
    assert (run.status, run.report) == (RunStatus.FAILURE, {})
    assert (run.error or "").count("It is held by ") == 1
