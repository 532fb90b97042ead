"""The history as one list: tests of scripts among the runs, filters, pages, and what was removed."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete

from borgdesk.domain.errors import Stopped
from borgdesk.domain.history import Run
from borgdesk.domain.history_list import Key, ListedTest, first_run_from, key_of, key_of_run
from borgdesk.domain.ids import ExecutionId, RunId, ScriptId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Outcome, RunKind, RunStatus, Trigger
from borgdesk.domain.script import NewScript
from borgdesk.paths import Paths
from borgdesk.store import connections, run_filters, schema
from borgdesk.store.history_list import Wanted
from borgdesk.store.run_filters import Conditions
from borgdesk.store.search_file import SearchFile
from borgdesk.store.store import Store
from borgdesk.store.tables import BackupJobRow, ScriptExecutionRow
from tests.store.samples import ME, T0, planned
from tests.store.test_run_filters import plans

ENDS = (ExecutionStatus.SUCCESS, ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT, ExecutionStatus.CANCELLED)


def tried(store: Store, number: int, repository: Repository | None, script_id: ScriptId | None = None) -> str:
    """Test a script; return what :func:`listed` calls that."""
    at = T0 + timedelta(minutes=number)
    test = store.executions.begin_test(planned(f"Script {number % 2}", script_id=script_id), repository, at, ME)
    store.executions.end(test.id, ENDS[number % 4], exit_code=0, finished_at=at, stdout=f"said {number} ÄRGER\n")
    return f"test {test.id}"


def ran(store: Store, repository: Repository, number: int, kind: RunKind = RunKind.BACKUP) -> str:
    run = store.runs.queue(repository, Trigger.USER, ME, T0 + timedelta(minutes=number), kind=kind)
    store.runs.arm(run.id, T0, [planned(f"Script {number % 2}")])
    store.runs.settle(run.id, Outcome.SUCCESS)
    store.runs.finish(run.id, RunStatus.SUCCESS, T0)
    return f"run {run.id}"


def listed(store: Store, wanted: Wanted = Wanted(), limit: int = 1000) -> list[str]:  # noqa: B008 - frozen
    rows = store.history_list.find(wanted, limit)
    return [f"run {row.id}" if isinstance(row, Run) else f"test {row.execution.id}" for row in rows]


@pytest.fixture
def done(store: Store, documents: Repository) -> list[str]:
    """Make runs and tests; return them newest first."""
    other = store.repositories.add(replace(documents, name="Photos", location="/backup/photos"))
    script = store.scripts.add(NewScript("Script 0", b"true\n"))
    made = [tried(store, 0, None), tried(store, 1, documents)]
    for number in range(2, 40):
        if number % 3:
            made.append(tried(store, number, (None, documents, other)[number % 5 % 3], script.id))
        else:
            made.append(ran(store, documents, number, RunKind.CHECK if number % 2 else RunKind.BACKUP))
    return made[::-1]


def test_tests_stand_among_the_runs_by_the_time_at_which_they_began(store: Store, done: list[str]) -> None:
    assert listed(store) == done
    assert listed(store, Wanted(tests=False)) == [one for one in done if one.startswith("run")]
    assert listed(store, Wanted(runs=False)) == [one for one in done if one.startswith("test")]
    assert listed(store, limit=0) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
@pytest.mark.parametrize("wanted", [Wanted(), Wanted(runs=False), Wanted(tests=False), Wanted(Conditions(search="1"))])
def test_a_page_begins_where_the_one_before_ended(store: Store, done: list[str], wanted: Wanted, limit: int) -> None:
    everything, found = listed(store, wanted), list[str]()
    page = wanted
    while rows := store.history_list.find(page, limit):
        found += listed(store, page, limit)
        page = replace(page, before=key_of(rows[-1]))
    assert found == everything
    keys = store.history_list.keys(wanted)
    assert [*keys] == [key_of(row) for row in store.history_list.find(wanted, 1000)]
    assert [*store.history_list.keys(replace(wanted, before=Key(keys[4])))] == [*keys][5:]


def test_a_range_of_runs_has_the_tests_that_began_after_each_of_them(store: Store, done: list[str]) -> None:
    parts = [(8, 99), (4, 7), (0, 3)]
    wanted = [Wanted(before=key_of_run(last + 1), from_run=RunId(first)) for first, last in parts]
    assert [one for part in wanted for one in listed(store, part)] == done


def test_the_first_test_is_listed_although_nothing_ever_ran(store: Store) -> None:
    name = tried(store, 1, None)
    assert listed(store) == [name]
    (row,) = store.history_list.find(Wanted(), 5)
    assert isinstance(row, ListedTest)
    assert (row.after, row.execution.stdout) == (0, "")
    assert first_run_from(key_of(row)) == 1


def test_filters_count_for_tests_too(store: Store, done: list[str], documents: Repository) -> None:
    def tests(conditions: Conditions) -> list[ExecutionId]:
        rows = store.history_list.find(Wanted(conditions, runs=False), 1000)
        assert [*store.history_list.keys(Wanted(conditions, runs=False))] == [key_of(row) for row in rows]
        return [row.execution.id for row in rows if isinstance(row, ListedTest)]

    every = {one.id: one for one in map(store.executions.get, tests(Conditions()))}
    for conditions, expected in (
        (Conditions(repository=documents.id), [one.repository == "Documents" for one in every.values()]),
        (Conditions(repository="Photos"), [one.repository == "Photos" for one in every.values()]),
        (Conditions(script="Script 1"), [one.planned.name == "Script 1" for one in every.values()]),
        (Conditions(script=1), [one.planned.script_id == 1 for one in every.values()]),
        (Conditions(status=RunStatus.FAILURE), [one.status in ENDS[1:3] for one in every.values()]),
        (Conditions(status=RunStatus.CANCELLED), [one.status is ENDS[3] for one in every.values()]),
        (Conditions(status=RunStatus.WARNING), [False for _ in every]),
        (Conditions(search="said 11 ärg"), ["said 11" in one.stdout for one in every.values()]),
        (Conditions(since=T0 + timedelta(minutes=20)), [one.started_at >= T0 + timedelta(minutes=20)
                                                        for one in every.values() if one.started_at]),
    ):  # fmt: skip
        assert tests(conditions) == [one for one, meets in zip(every, expected, strict=True) if meets], conditions


def test_what_was_removed_is_not_listed_and_is_not_there(store: Store, done: list[str]) -> None:
    keys = [*store.history_list.keys(Wanted())]
    with store.database.writing() as session:
        session.execute(delete(ScriptExecutionRow).where(ScriptExecutionRow.run_id.is_(None)))
        session.execute(delete(BackupJobRow).where(BackupJobRow.id < 5))
    left = [one for one in done if one.startswith("run") and int(one.split()[1]) >= 5]
    assert listed(store) == left
    assert len(store.history_list.some(keys)) == len(left)


def test_some_are_read_by_their_keys(store: Store, done: list[str]) -> None:
    keys = [*store.history_list.keys(Wanted())]
    assert {key_of(row) for row in store.history_list.some(keys[::3])} == set(keys[::3])
    assert store.history_list.some([]) == []


def test_tests_of_an_older_version_come_along_at_their_places(store: Store, paths: Paths, done: list[str]) -> None:
    store.close()
    with closing(sqlite3.connect(paths.database)) as connection:
        later = "ALTER TABLE repository_scripts DROP COLUMN shared; ALTER TABLE script_executions DROP COLUMN hold;"
        connection.executescript(f"{later} DROP TABLE script_tests; UPDATE alembic_version SET version_num = '0018'")
    schema.prepare(paths.database)
    store.open()
    assert listed(store) == done


@pytest.mark.parametrize("limit", [1, 3, 1000])
@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(Conditions(search="said")),
        Wanted(Conditions(search="1")),
        Wanted(Conditions(search="photos")),
        Wanted(Conditions(search="no such text")),
        Wanted(Conditions(search="script 1", kind=RunKind.CHECK), tests=False),
        Wanted(Conditions(search="Script 0", repository="Photos")),
        Wanted(Conditions(search="ÄRGER"), runs=False),
        Wanted(Conditions(search="script"), before=key_of_run(9), from_run=RunId(3)),
    ],
)
def test_a_search_yields_what_a_page_has(
    store: Store, done: list[str], wanted: Wanted, limit: int, is_indexed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_filters, "_FIRST_STRETCH", 2)
    while is_indexed and store.search_filler.fill():
        pass
    parts = [*store.history_list.search(wanted, limit)]
    assert [] not in parts
    assert [row for part in parts for row in part] == store.history_list.find(wanted, limit)


def test_a_search_asks_the_index_once(store: Store, done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    while store.search_filler.fill():
        pass
    opened: list[SearchFile] = []
    reading = SearchFile.reading

    def watched(file: SearchFile) -> AbstractContextManager[sqlite3.Connection | None]:
        opened.append(file)
        return reading(file)

    monkeypatch.setattr(SearchFile, "reading", watched)
    assert [*store.history_list.search(Wanted(Conditions(search="no such text")), 100)] == []
    assert len(opened) == 1


def test_what_is_not_indexed_is_read_part_by_part(
    store: Store, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_filters, "_FIRST_STRETCH", 1)
    monkeypatch.setattr(run_filters, "_LARGEST_STRETCH", 2)
    parts = [*store.history_list.search(Wanted(Conditions(search="script"), tests=False), 1000)]
    assert [len(part) for part in parts] == [1, 2, 2, 2, 2, 2, 2]


def test_a_search_that_nobody_wants_any_more_ends(
    store: Store, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_STEPS", 100)
    search = store.history_list.search(Wanted(Conditions(search="script")), 1000, lambda: False)
    assert next(search)
    search.close()
    with pytest.raises(Stopped):
        [*store.history_list.search(Wanted(Conditions(search="script")), 1000, lambda: True)]


def test_tests_are_not_looked_for_among_the_scripts_of_all_runs(store: Store, done: list[str]) -> None:
    conditions = Conditions(script=1, status=RunStatus.SUCCESS, search="said", since=T0)
    with plans(store) as told:
        assert store.history_list.find(Wanted(conditions, runs=False), 10)
        assert store.history_list.keys(Wanted(conditions, runs=False))
    assert len(told) == 2
    assert all("script_tests" in plan[0] and "INTEGER PRIMARY KEY" in plan[1] for plan in told), told
