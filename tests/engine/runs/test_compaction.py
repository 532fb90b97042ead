"""Whether retention frees disk space, with real Borg."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.history import BorgCall, Run
from borgdesk.domain.reasons import in_words
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import BorgStep, Hook, RunKind, RunStatus, Trigger
from borgdesk.engine.archives.archive_changes import delete_archives
from borgdesk.engine.archives.archive_list import read_archives
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import recipe
from borgdesk.engine.runs.backup import Backup
from borgdesk.engine.runs.maintenance import Compact, Prune
from borgdesk.engine.runs.story_reader import story_of
from borgdesk.engine.runs.task import Task
from borgdesk.store.clock import now
from borgdesk.store.tables import RepositoryRow
from tests.engine.archives.lab import empty_repository, real_desk
from tests.engine.desk import Desk
from tests.listening import InStep

NOTHING = "No archive was deleted since disk space was last freed."


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_repository(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def desk(tmp_path: Path, empty: Path) -> Iterator[Desk]:
    with real_desk(tmp_path / "work", empty) as desk:
        yield desk


def stored(desk: Desk) -> Repository:
    return desk.workspace.store.repositories.get(desk.repository.id)


def do(desk: Desk, task: Task | None = None) -> Run:
    task = task or Backup()
    return recipe.run(desk.workspace, stored(desk), task, Trigger.USER, InStep(desk.events.append), Cancel())


def compaction(run: Run) -> BorgCall:
    found = run.borg_call(BorgStep.COMPACT)
    assert found is not None
    return found


def is_done(run: Run) -> bool:
    assert compaction(run).status in (RunStatus.SUCCESS, RunStatus.SKIPPED)
    return compaction(run).status is RunStatus.SUCCESS


def remember(desk: Desk, **values: Any) -> None:
    """Let a repository have been compacted at another time."""
    with desk.workspace.store.database.writing() as session:
        session.execute(update(RepositoryRow).values(**values))


def test_space_is_freed_when_archives_were_deleted(desk: Desk) -> None:
    desk.change(retention=Retention(last=2))
    assert is_done(do(desk)), "what was deleted before is not known"
    second = do(desk)
    assert (compaction(second).status, compaction(second).error) == (RunStatus.SKIPPED, NOTHING)
    assert second.status is RunStatus.SUCCESS
    assert not stored(desk).has_deleted
    assert is_done(do(desk)), "the first archive was deleted"
    assert not stored(desk).has_deleted


def test_the_timeline_says_why_it_is_left_out(desk: Desk) -> None:
    desk.change(retention=Retention(last=5))
    do(desk)
    story = story_of(desk.workspace, do(desk))
    (entry,) = (entry for entry in story.entries if entry.name == BorgStep.COMPACT)
    assert (entry.status, in_words(entry.reasons), entry.exit_code) == (RunStatus.SKIPPED, NOTHING, None)


def test_at_most_every_few_days(desk: Desk) -> None:
    desk.change(retention=Retention(last=1), compact_every=3)
    assert is_done(do(desk))
    later = do(desk)
    today = f"{now().astimezone():%Y-%m-%d}"
    assert compaction(later).error == f"Disk space was freed on {today}, and is not to be freed again yet."
    assert stored(desk).has_deleted
    remember(desk, compacted_at=now() - timedelta(days=3, hours=-1))
    assert is_done(do(desk)), "a backup each night is not late by an hour"
    assert not stored(desk).has_deleted


def test_from_time_to_time_it_is_done_anyway(desk: Desk) -> None:
    desk.change(retention=Retention(last=9))
    do(desk)
    for days in (31, -31):
        remember(desk, compacted_at=now() - timedelta(days=days))
        assert is_done(do(desk))
        assert not is_done(do(desk))


def test_after_a_run_that_did_not_come_to_its_end(desk: Desk) -> None:
    desk.change(retention=Retention(last=9))
    do(desk)
    desk.add("stop", Hook.PRE_BACKUP, "exit 3")
    assert do(desk).status is RunStatus.FAILURE
    for one in desk.workspace.store.assignments.list(desk.repository.id):
        desk.workspace.store.assignments.remove(one.id)
    assert is_done(do(desk))
    assert not is_done(do(desk))


@pytest.mark.parametrize("by", [RunKind.PRUNE, RunKind.BACKUP])
def test_archives_that_are_deleted_otherwise_count_too(desk: Desk, by: RunKind) -> None:
    desk.change(retention=Retention(last=9))
    for _ in range(2):
        do(desk)
    if by is RunKind.PRUNE:
        desk.change(retention=Retention(last=1))
        assert do(desk, Prune()).report["pruned"] == 1
    else:
        archives = read_archives(desk.workspace, stored(desk)).archives
        delete_archives(desk.workspace, stored(desk), archives[:1])
    assert stored(desk).has_deleted
    desk.change(retention=Retention(last=9))
    assert is_done(do(desk))


def test_after_freeing_space_by_hand_there_is_nothing_to_do(desk: Desk) -> None:
    desk.change(retention=Retention(last=9))
    do(desk, Compact())
    assert not is_done(do(desk))


@pytest.mark.parametrize("days", [-1, 367])
def test_an_impossible_number_of_days_is_refused(desk: Desk, days: int) -> None:
    with pytest.raises(InvalidInput, match="0 to 366"):
        desk.change(compact_every=days)
