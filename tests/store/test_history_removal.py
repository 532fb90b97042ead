"""What is removed from the history, and above all what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from typing import Any

import pytest
from sqlalchemy import update

from borgdesk.domain.history import ArchiveStatistics, ProcessIdentity, Run
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Outcome, RunKind, RunStatus, Trigger
from borgdesk.domain.schedule import Schedule, Slot, SlotState, daily
from borgdesk.store import history_removal
from borgdesk.store.executions import values_of
from borgdesk.store.store import Store
from borgdesk.store.tables import BackupJobRow, KeptSecretRow, ScriptExecutionRow
from tests.store.samples import planned

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
OWNER = ProcessIdentity(4_000_000, 1, "another boot")


@pytest.fixture
def repository(store: Store) -> Repository:
    return store.repositories.add(Repository(RepositoryId(0), "Documents", "/backup/documents"))


def a_run(store: Store, repository: Repository, days: int, **values: Any) -> Run:
    """Store a backup that ended some days ago."""
    moment = NOW - timedelta(days=days)
    kind = values.pop("kind", RunKind.BACKUP)
    run = store.runs.queue(repository, Trigger.USER, OWNER, moment, kind=kind)
    outcome = values.pop("outcome", Outcome.SUCCESS)
    store.runs.settle(run.id, outcome, statistics=ArchiveStatistics(3, 2, 1), **values)
    store.runs.finish(run.id, RunStatus(outcome.value), moment)
    return store.runs.get(run.id)


def many(store: Store, repository: Repository, count: int, days: int) -> list[RunId]:
    return [a_run(store, repository, days, archive=f"docs-{days}-{number}").id for number in range(count)]


def removable(store: Store, days: int = 730) -> list[RunId]:
    removal = store.history_removal
    return removal.oldest(removal.indispensable(NOW), NOW - timedelta(days=days))


def test_old_runs_are_removable_oldest_first_but_the_newest_of_a_repository_stay(
    store: Store, repository: Repository
) -> None:
    old = many(store, repository, 60, 1000)
    assert removable(store) == old[:10]
    young = many(store, repository, 50, 10)
    assert removable(store) == old
    assert not set(young) & set(store.history_removal.oldest(frozenset(old), NOW - timedelta(days=730)))


def test_the_last_good_backup_stays_however_old_it_is(store: Store, repository: Repository) -> None:
    good = a_run(store, repository, 2000).id
    fair = a_run(store, repository, 1900, outcome=Outcome.WARNING).id
    checked = a_run(store, repository, 1800, kind=RunKind.CHECK).id
    bad = [a_run(store, repository, 1000, outcome=Outcome.FAILURE).id for _ in range(60)]
    assert removable(store) == bad[:10]
    assert {good, fair, checked} <= store.history_removal.indispensable(NOW)


def test_runs_of_a_repository_that_is_gone_are_removable(store: Store, repository: Repository) -> None:
    runs = many(store, repository, 3, 1000)
    store.repositories.remove(repository.id)
    assert removable(store) == runs
    store.history_removal.remove(runs)
    assert store.runs.list() == []


@pytest.mark.parametrize("why", ["queued", "owing", "running", "untold", "secret", "just ended"])
def test_a_run_that_is_needed_is_neither_found_nor_removed(store: Store, repository: Repository, why: str) -> None:
    first = many(store, repository, 1, 1000)[0]
    many(store, repository, 60, 10)
    assert removable(store) == [first]
    if why == "queued":
        with store.database.writing() as session:
            session.execute(update(BackupJobRow).where(BackupJobRow.id == first).values(status=RunStatus.QUEUED))
    elif why in ("owing", "running"):
        status = ExecutionStatus.PENDING if why == "owing" else ExecutionStatus.RUNNING
        add_execution(store, first, status)
    elif why == "untold":
        with store.database.writing() as session:
            session.execute(update(BackupJobRow).where(BackupJobRow.id == first).values(status=RunStatus.RUNNING))
        assert store.runs.claim(first, OWNER, OWNER)
        store.runs.finish(first, RunStatus.FAILURE, NOW - timedelta(days=1000))
    elif why == "secret":
        keep_secret(store, first)
    else:
        with store.database.writing() as session:
            ended = NOW - timedelta(minutes=1)
            session.execute(update(BackupJobRow).where(BackupJobRow.id == first).values(finished_at=ended))
    assert first not in removable(store)
    assert first in store.history_removal.indispensable(NOW)
    if why != "just ended":
        # Another process may have made it needed since the candidates were chosen.
        assert store.history_removal.remove([first]) == [first]
        assert store.runs.get(first).id == first


def add_execution(store: Store, run_id: RunId, status: ExecutionStatus) -> None:
    values = {**values_of(planned(), "Documents"), "run_id": run_id, "status": status}
    with store.database.writing() as session:
        session.add(ScriptExecutionRow(**values))


def keep_secret(store: Store, run_id: RunId) -> None:
    with store.database.writing() as session:
        session.add(KeptSecretRow(run_id=run_id, owner="assignment 1", name="PASSWORD", kept_at=NOW))


def test_the_names_of_archives_outlive_their_runs(store: Store, repository: Repository) -> None:
    """Retention asks which archives are its own; without the old ones it would never delete them."""
    old = many(store, repository, 60, 1000)
    before = store.runs.archives_of(repository.id), store.runs.archive_statistics(repository.id)
    store.history_removal._pace.count = 100
    store.history_removal.remove(old[:10])
    assert (store.runs.archives_of(repository.id), store.runs.archive_statistics(repository.id)) == before
    assert len(store.runs.list(limit=100)) == 50


def test_an_archive_with_the_name_of_an_older_one_counts(store: Store, repository: Repository) -> None:
    first, second = a_run(store, repository, 900, archive="docs").id, a_run(store, repository, 800, archive="docs").id
    with store.database.writing() as session:
        session.execute(update(BackupJobRow).where(BackupJobRow.id == second).values(original_size=77))
    store.history_removal.remove([first, second])
    assert store.runs.list() == []
    assert store.runs.archive_statistics(repository.id)["docs"].original_size == 77


def test_the_newest_slot_and_its_run_stay(store: Store, repository: Repository) -> None:
    store.schedules.put(Schedule(repository.id, daily(time_of_day(2, 0))))
    runs = many(store, repository, 60, 1000)
    for number, run_id in enumerate(runs[:3]):
        due = NOW - timedelta(days=1000 - number)
        store.schedules.record([Slot(repository.id, due, SlotState.DONE, (), 1, None, run_id)])
    assert removable(store) == [run_id for run_id in runs[:10] if run_id != runs[2]]
    store.history_removal.remove_slots(NOW)
    assert [slot.run_id for slot in store.schedules.slots(repository.id)] == [runs[2]]


def test_free_pages_are_given_back(store: Store, repository: Repository) -> None:
    runs = many(store, repository, 60, 1000)
    with store.database.writing() as session:
        session.execute(update(BackupJobRow).values(errors=(text("x" * 100_000),)))
    full = store.history_removal.size()
    wanted = runs
    while wanted:
        wanted = wanted[len(store.history_removal.remove(wanted)) :]
    assert store.history_removal.size() < full / 10
    size = store.database.path.stat().st_size
    store.history_removal.give_back(lambda: True)
    assert store.database.path.stat().st_size < size / 10
    assert store.runs.list() == []


def test_many_rows_are_removed_in_many_short_transactions(store: Store, repository: Repository) -> None:
    runs = many(store, repository, 30, 1000)
    seen = store.history_removal.remove(runs)
    assert seen == runs[: len(seen)]
    assert 0 < len(seen) < len(runs)


WORK, LOCK = history_removal.WORK, history_removal.LOCK


@pytest.mark.parametrize(
    ("work", "lock", "count"),
    [
        (WORK / 10, WORK / 10, 200),
        (WORK * 2, WORK * 2, 50),
        (WORK * 1000, WORK * 1000, 1),
        (WORK / 10, WORK * 8, 125),
        (WORK / 10, LOCK * 4, 25),
    ],
    ids=["fast", "slow", "much too slow", "on a busy machine", "on a slow disk"],
)
def test_a_transaction_is_as_short_as_it_shall_be(work: float, lock: float, count: int) -> None:
    pace = history_removal.Pace()
    pace.count = 100
    pace.adapt(work, lock)
    assert pace.count == count


def test_a_machine_that_was_slow_once_is_not_taken_for_slow_for_ever() -> None:
    pace = history_removal.Pace()
    pace.adapt(100, 100)
    assert pace.count == 1
    for _ in range(9):
        pace.adapt(WORK / 1.5, WORK / 1.5)
    assert pace.count > 30
