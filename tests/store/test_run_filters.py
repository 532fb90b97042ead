"""Filters of runs: results compared with plain Python, indexes used, and stopping a search."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import event, insert, update

from borgdesk.domain.errors import Stopped
from borgdesk.domain.ids import RepositoryId, RunId, ScriptId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Hook, OnFailure, Outcome, RunKind, RunOn, RunStatus, Step, Trigger
from borgdesk.domain.script import NewScript, Script
from borgdesk.domain.uuid7 import uuid7
from borgdesk.store import connections, run_filters
from borgdesk.store.database import MAX_ID
from borgdesk.store.run_filters import Conditions
from borgdesk.store.search_index import Piece, SearchIndex
from borgdesk.store.store import Store
from borgdesk.store.tables import BackupJobRow, ScriptExecutionRow
from tests.store.samples import T0

RUNS = 600


def job(number: int, repository: Repository | None) -> dict[str, object]:
    status = (RunStatus.SUCCESS, RunStatus.SUCCESS, RunStatus.FAILURE)[number // 3 % 3]
    at = T0 + timedelta(minutes=number)
    return {
        "uid": str(uuid7(number, 0)),
        "repository_id": repository.id if repository else None, "repository": f"Name {number // 300}",
        "location": "/backup", "trigger": Trigger.SCHEDULE, "status": status, "step": Step.DONE,
        "outcome": Outcome(status.value), "tainted": False, "recovered": False, "queued_at": at,
    }  # fmt: skip


def execution(number: int, run: int | None, script: Script) -> dict[str, object]:
    return {
        "run_id": run, "script_id": script.id, "script": f"Called {script.id}", "repository": "R",
        "hook": Hook.PRE_BACKUP, "execution_order": 1, "timeout": 300, "run_on": RunOn.parse("always"),
        "on_failure": OnFailure.STOP, "parameters": {}, "secrets": [], "status": ExecutionStatus.SUCCESS,
        "truncated": False, "recovered": False, "stdout": f"printed {number % 7}", "stderr": "",
    }  # fmt: skip


@pytest.fixture
def filled(store: Store) -> Store:
    """Provide runs of two renamed repositories and of a removed one; a script may run twice."""
    repositories = [
        store.repositories.add(Repository(RepositoryId(0), name, f"/backup/{name}")) for name in ("Name 1", "Other")
    ]
    scripts = [store.scripts.add(NewScript(f"Script {number}", b"true")) for number in range(3)]
    with store.database.writing() as session:
        session.execute(insert(BackupJobRow), [job(n, [*repositories, None][n % 3]) for n in range(RUNS)])
        rows = [execution(n, n // 2 + 1, scripts[n % 4 % 3]) for n in range(2 * RUNS)]
        session.execute(insert(ScriptExecutionRow), [*rows, *(execution(n, None, scripts[0]) for n in range(50))])
    return store


REPOSITORIES = (None, 1, "Name 0", "Name 1", "Nobody")
SCRIPTS = (None, 1, 3, 9, "Called 2", "Nobody")
STATUSES = (None, RunStatus.SUCCESS, RunStatus.FAILURE, RunStatus.CANCELLED)
SINCE = (None, T0 + timedelta(minutes=420))
SEARCHES = (None, "PRINTED 3")


@pytest.mark.parametrize("first_page", [3, 200])
def test_all_filters_together_and_page_by_page(filled: Store, first_page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_filters, "_FIRST_PAGE", first_page)
    runs = [filled.runs.get(RunId(number)) for number in range(RUNS, 0, -1)]
    names = {"Name 1": 1}
    for repository, script, status, since, search in product(REPOSITORIES, SCRIPTS, STATUSES, SINCE, SEARCHES):
        expected = [
            run.id
            for run in runs
            if (repository is None or repository in (run.repository_id, run.repository)
                or (run.repository_id is not None and run.repository_id == names.get(str(repository))))
            and (script is None or any(script in (one.planned.script_id, one.planned.name) for one in run.executions))
            and (status is None or run.status is status)
            and (since is None or run.queued_at >= since)
            and (search is None or any(search.lower() in one.stdout for one in run.executions))
        ]  # fmt: skip
        conditions = Conditions(repository, script, status, since, search)
        found = [run.id for run in filled.runs.find(conditions, 10_000)]
        assert found == expected, conditions
        assert [run.id for run in filled.runs.find(conditions, 7)] == expected[:7]
        half = Conditions(repository, script, status, since, search, before_id=RunId(400), from_id=RunId(101))
        assert [run.id for run in filled.runs.find(half, 50)] == [n for n in expected if 101 <= n < 400][:50]


@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(repository="Name 1"),
        Conditions(repository="Name 1", status=RunStatus.SUCCESS),
        Conditions(script="Called 2"),
        Conditions(script=1, repository="Name 0", before_id=RunId(300), from_id=RunId(20)),
    ],
)
def test_small_pages_find_what_a_large_one_finds(
    filled: Store, conditions: Conditions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(first_page: int, limit: int) -> list[RunId]:
        monkeypatch.setattr(run_filters, "_FIRST_PAGE", first_page)
        return [run.id for run in filled.runs.find(conditions, limit)]

    whole = found(RUNS, RUNS)
    assert len(whole) > 40
    for first_page in (1, 2, 3):
        assert found(first_page, RUNS) == whole
        assert found(first_page, 20) == whole[:20]


@contextmanager
def plans(store: Store) -> Iterator[list[list[str]]]:
    """Yield SQLite's query plans for what it executes meanwhile."""
    asked: list[tuple[str, object]] = []
    engine = store.database._made_sessions._engine

    def take(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    told: list[list[str]] = []
    event.listen(engine, "before_cursor_execute", take)
    try:
        yield told
    finally:
        event.remove(engine, "before_cursor_execute", take)
    with engine.connect() as connection:
        for statement, parameters in asked:
            if statement.lstrip().startswith("SELECT"):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
                told.append([row[3] for row in rows])


@pytest.mark.parametrize(
    ("conditions", "index"),
    [
        (Conditions(script=1), "ix_script_executions_script_id_run_id_id"),
        (Conditions(script=1, status=RunStatus.SUCCESS), "ix_script_executions_script_id_run_id_id"),
        (Conditions(script=1, repository="Name 1"), "ix_script_executions_script_id_run_id_id"),
        (Conditions(script="Called 2", before_id=RunId(500)), "ix_script_executions_script_run_id"),
        (Conditions(script=1, status=RunStatus.FAILURE), "ix_backup_jobs_status_id"),
        (Conditions(repository="Name 1"), "ix_backup_jobs_repository_id"),
        (Conditions(repository="Name 1", before_id=RunId(500)), "ix_backup_jobs_repository_id"),
        (Conditions(repository=1), "ix_backup_jobs_repository_id_id"),
        (Conditions(repository=1, status=RunStatus.FAILURE), "ix_backup_jobs_repository_id_status_id"),
    ],
)
def test_a_page_is_found_by_an_index_and_never_by_looking_at_all_runs(
    filled: Store, conditions: Conditions, index: str
) -> None:
    with plans(filled) as told:
        assert filled.runs.find(conditions, 50)
    assert index in told[0][0]
    assert not [line for line in told[0] if "TEMP B-TREE" in line], "what is found is in order"
    lines = [line for plan in told for line in plan]
    assert not [line for line in lines if "SCAN" in line or "MULTI-INDEX" in line], told
    assert all("id=?" in plan[0] for plan in told if "ORDER BY" in plan[-1]), "at most a page is sorted"


def make_some_checks(store: Store) -> None:
    """Make every fourth run a check, and let the clock have been ahead once."""
    with store.database.writing() as session:
        session.execute(update(BackupJobRow).where(BackupJobRow.id % 4 == 0).values(kind=RunKind.CHECK))
        session.execute(update(BackupJobRow).where(BackupJobRow.id == 17).values(queued_at=T0 + timedelta(minutes=500)))


PERIODS = (None, T0 + timedelta(minutes=420), T0 + timedelta(days=30))


@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize("few", [3, 20_000])
def test_what_narrows_a_search_does_not_change_what_it_finds(
    filled: Store, few: int, is_indexed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_filters, "_FEW", few)
    make_some_checks(filled)
    while is_indexed and filled.search_filler.fill():
        pass
    runs = [filled.runs.get(RunId(number)) for number in range(RUNS, 0, -1)]
    choices = product((None, RunKind.CHECK), (None, RunStatus.FAILURE), PERIODS, (None, "Called 2"), (None, "NTED 3"))
    for kind, status, since, script, search in choices:
        expected = [
            run.id
            for run in runs
            if (kind is None or run.kind is kind)
            and (status is None or run.status is status)
            and (since is None or run.queued_at >= since)
            and (script is None or any(script == one.planned.name for one in run.executions))
            and (search is None or any(search.lower() in one.stdout for one in run.executions))
        ]
        conditions = Conditions(script=script, status=status, since=since, search=search, kind=kind)
        assert [run.id for run in filled.runs.find(conditions, 10_000)] == expected, conditions
        assert [*filled.runs.ids(conditions)] == expected
        page = replace(conditions, before_id=RunId(500), from_id=RunId(11))
        assert [run.id for run in filled.runs.find(page, 5)] == [one for one in expected if 11 <= one < 500][:5]


def test_a_rare_kind_is_looked_up_before_the_script(filled: Store) -> None:
    make_some_checks(filled)
    with plans(filled) as told:
        assert filled.runs.find(Conditions(script=1, kind=RunKind.CHECK), 50)
    assert "ix_backup_jobs_kind_id" in told[0][0]


def test_a_search_looks_at_nothing_that_other_conditions_exclude(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_some_checks(filled)
    while filled.search_filler.fill():
        pass
    asked: list[tuple[int, int]] = []
    pieces = SearchIndex.pieces

    def watched(index: SearchIndex, needle: str, low: int, high: int, *others: Any) -> Generator[Piece, None, None]:
        asked.append((low, high))
        return pieces(index, needle, low, high, *others)

    monkeypatch.setattr(SearchIndex, "pieces", watched)
    with filled.database.writing() as session:
        session.execute(update(BackupJobRow).where(BackupJobRow.id == 17).values(queued_at=T0))
    assert filled.runs.list(search="printed", since=T0 + timedelta(minutes=420))
    assert filled.runs.list(search="printed", since=T0 + timedelta(days=30)) == []
    assert filled.runs.list(search="printed", kind=RunKind.RESTORE) == []
    assert [low for low, _ in asked] == [421, MAX_ID]


def test_of_a_repository_s_runs_only_those_with_the_status_are_looked_at(filled: Store) -> None:
    with plans(filled) as told:
        assert filled.runs.find(Conditions(repository="Name 1", status=RunStatus.SUCCESS), 50)
    assert "ix_backup_jobs_repository_id_status_id (repository_id=? AND status=?" in told[1][0]


def test_tests_of_a_script_are_found_by_an_index(filled: Store) -> None:
    with plans(filled) as told:
        assert len(filled.executions.tests(ScriptId(1))) == 50
    index = "ix_script_executions_script_id_run_id_id"
    assert told == [[f"SEARCH script_executions USING INDEX {index} (script_id=? AND run_id=?)"]]


def test_a_search_is_stopped_in_the_middle_of_a_query(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_STEPS", 100)
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(Stopped):
        filled.runs.find(Conditions(search="no such text"), 50, stop)
    assert len(asked) == 3
    assert filled.runs.find(Conditions(search="printed 3"), 5, lambda: False), "the connection is as good as before"
    assert filled.runs.list(search="no such text") == []


def test_who_does_not_search_is_not_stopped_with_who_does(filled: Store) -> None:
    asked, listed, found = threading.Event(), threading.Event(), list[int]()

    def when_others_have_their_answer() -> bool:
        asked.set()
        return listed.wait(60)

    def search() -> None:
        with pytest.raises(Stopped):
            filled.runs.find(Conditions(search="no such text"), 50, when_others_have_their_answer)

    searcher = threading.Thread(target=search)
    searcher.start()
    assert asked.wait(60)
    found += [run.id for run in filled.runs.list(limit=3)]
    listed.set()
    searcher.join(60)
    assert found == [RUNS, RUNS - 1, RUNS - 2]


@pytest.mark.parametrize("limit", [2**63, 2**200, 0, -5])
def test_impossible_limits(filled: Store, limit: int) -> None:
    assert len(filled.runs.list(limit=limit)) == (RUNS if limit > 0 else 0)
