"""Search in the history: does not delay anything else, one at a time, with partial results."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import delete, insert, update

from borgdesk.domain.history_list import Listed, key_of_run, run_of
from borgdesk.domain.reasons import text
from borgdesk.domain.run import ExecutionStatus, Outcome, RunStatus, Step, Trigger
from borgdesk.domain.uuid7 import uuid7
from borgdesk.gui.runs.history_page import HistoryPage
from borgdesk.gui.runs.run_search import RunSearch
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.store.history_list import Wanted
from borgdesk.store.run_filters import Conditions
from borgdesk.store.tables import BackupJobRow, ScriptTestRow
from tests.gui.listed import runs_in
from tests.gui.scene import Scene
from tests.store.samples import T0, planned

RUNS = 3000


def job(number: int) -> dict[str, object]:
    errors = (text(f"needle {number}"),) if number % 1000 == 0 else ()
    return {
        "uid": str(uuid7(number, 0)),
        "repository_id": None, "repository": "Gone", "location": "/backup", "trigger": Trigger.SCHEDULE,
        "status": RunStatus.SUCCESS, "step": Step.DONE, "outcome": Outcome.SUCCESS, "tainted": False,
        "recovered": False, "queued_at": T0, "errors": errors,
    }  # fmt: skip


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    with scene.workspace.store.database.writing() as session:
        session.execute(insert(BackupJobRow), [job(number) for number in range(1, RUNS + 1)])
    yield scene
    scene.close()


@pytest.fixture
def search(scene: Scene, background: Background, qtbot: QtBot) -> RunSearch:
    return RunSearch(scene.workspace.store.history_list, background)


class Heard:
    def __init__(self, search: RunSearch) -> None:
        self.found: list[tuple[int, list[int]]] = []
        self.ended: list[int] = []
        search.found.connect(lambda number, rows: self.found.append((number, [run.id for run in rows])))
        search.ended.connect(self.ended.append)


def test_what_is_found_first_is_told_first(search: RunSearch, qtbot: QtBot) -> None:
    heard = Heard(search)
    with qtbot.waitSignal(search.ended, timeout=30_000):
        search.start(Wanted(Conditions(search="NEEDLE")), 100)
    assert heard.found == [(1, [3000]), (1, [2000]), (1, [1000])]


def test_a_search_goes_on_where_the_last_page_ended(search: RunSearch, qtbot: QtBot) -> None:
    heard = Heard(search)
    for before, expected in ((None, [3000, 2000]), (key_of_run(2000), [1000])):
        heard.found.clear()
        with qtbot.waitSignal(search.ended, timeout=30_000):
            search.start(Wanted(Conditions(search="needle"), before=before), 2)
        assert [run_id for _, ids in heard.found for run_id in ids] == expected


def test_the_newest_run_is_found_whatever_its_number(scene: Scene, search: RunSearch, qtbot: QtBot) -> None:
    heard = Heard(search)
    for number in (RUNS + 1, RUNS + 2):
        with scene.workspace.store.database.writing() as session:
            session.execute(insert(BackupJobRow), [{**job(number), "errors": (text("needle"),)}])
        heard.found.clear()
        with qtbot.waitSignal(search.ended, timeout=30_000):
            search.start(Wanted(Conditions(search="needle")), 1)
        assert [ids for _, ids in heard.found] == [[number]]


def test_only_the_last_of_many_is_told_and_none_is_left(search: RunSearch, qtbot: QtBot) -> None:
    heard = Heard(search)
    for typed in range(30):
        search.start(Wanted(Conditions(search="no such text"[: typed + 1])), 100)
    with qtbot.waitSignal(search.ended, timeout=30_000):
        search.start(Wanted(Conditions(search="needle")), 100)
    qtbot.waitUntil(lambda: not [one for one in threading.enumerate() if one.name == "search"], timeout=30_000)
    # One that had ended before the next began may still be heard, under its own number.
    assert heard.ended == sorted(heard.ended)
    assert heard.ended[-1] == search.number == 31
    assert {number for number, runs in heard.found if runs} == {31}


def test_a_search_that_is_stopped_says_nothing(search: RunSearch, qtbot: QtBot) -> None:
    heard = Heard(search)
    search.start(Wanted(Conditions(search="needle")), 100)
    search.stop()
    qtbot.waitUntil(lambda: not [one for one in threading.enumerate() if one.name == "search"], timeout=30_000)
    qtbot.wait(0)
    assert heard.ended == []


def test_trouble_is_told(scene: Scene, search: RunSearch, qtbot: QtBot) -> None:
    scene.workspace.store.close()
    with qtbot.waitSignal(search.failed, timeout=30_000) as told:
        search.start(Wanted(Conditions(search="needle")), 100)
    assert isinstance(told.args[1], RuntimeError)


@pytest.fixture
def page(scene: Scene, qtbot: QtBot) -> Iterator[HistoryPage]:
    background = Background()
    executor = Executor(scene.workspace, background)
    page = HistoryPage(scene.workspace, background, executor)
    qtbot.addWidget(page)
    qtbot.waitUntil(lambda: page.model.rowCount() == RUNS, timeout=30_000)
    yield page
    background.close()


def shown(page: HistoryPage) -> list[int]:
    return [run_of(key) for key in page.model.all_keys()]


def test_the_page_searches_although_everything_else_waits(page: HistoryPage, qtbot: QtBot) -> None:
    gate = threading.Event()
    for _ in range(20):
        page._background.do(gate.wait)
    try:
        page._filter._search.setText("needle")
        qtbot.waitUntil(lambda: shown(page) == [3000, 2000, 1000], timeout=30_000)
        page._filter._search.setText("no such text")
        qtbot.waitUntil(lambda: shown(page) == [], timeout=30_000)
        qtbot.waitUntil(lambda: "No runs match" in page._nothing.text, timeout=30_000)
    finally:
        gate.set()


def test_the_page_lists_all_runs_and_loads_those_that_are_looked_at(page: HistoryPage, qtbot: QtBot) -> None:
    assert shown(page) == list(range(RUNS, 0, -1))
    assert len(page.model.rows()) == 100
    last = page.model.index(RUNS - 1, 2)
    assert last.data() is None
    qtbot.waitUntil(lambda: last.data() == "Gone", timeout=30_000)
    assert runs_in(page.model)[-1].id == 1
    for place in range(100, RUNS - 200, 200):
        index = page.model.index(place, 2)
        qtbot.waitUntil(lambda index=index: index.data() == "Gone", timeout=30_000)  # type: ignore[misc]
    assert len(page.model.rows()) <= 1000


def test_a_run_that_was_removed_leaves_the_list_when_it_is_looked_at(
    scene: Scene, page: HistoryPage, qtbot: QtBot
) -> None:
    with scene.workspace.store.database.writing() as session:
        session.execute(delete(BackupJobRow).where(BackupJobRow.id.in_((7, 8))))
    assert page.model.index(RUNS - 5, 2).data() is None
    qtbot.waitUntil(lambda: page.model.rowCount() == RUNS - 2, timeout=30_000)
    assert shown(page) == [number for number in range(RUNS, 0, -1) if number not in (7, 8)]


def test_the_place_in_the_list_stays_when_it_is_read_again(page: HistoryPage, qtbot: QtBot) -> None:
    removed: list[object] = []
    page.model.rowsRemoved.connect(lambda *places: removed.append(places))
    qtbot.waitUntil(lambda: not page._searching, timeout=30_000)
    with qtbot.waitSignal(page._search.ended, timeout=30_000):
        page.refresh()
    assert removed == []
    assert page.model.rowCount() == RUNS


def test_more_of_what_a_search_finds_is_loaded_at_the_end(page: HistoryPage, qtbot: QtBot) -> None:
    page._filter._search.setText("gone")
    qtbot.waitUntil(lambda: shown(page) == list(range(RUNS, RUNS - 100, -1)), timeout=30_000)
    qtbot.waitUntil(page.model.canFetchMore, timeout=30_000)
    page.model.fetchMore()
    qtbot.waitUntil(lambda: shown(page) == list(range(RUNS, RUNS - 200, -1)), timeout=30_000)


def test_a_new_run_appears_in_what_was_searched(scene: Scene, page: HistoryPage, qtbot: QtBot) -> None:
    page._filter._search.setText("needle")
    qtbot.waitUntil(lambda: shown(page) == [3000, 2000, 1000], timeout=30_000)
    qtbot.waitUntil(lambda: not page._searching, timeout=30_000)
    with scene.workspace.store.database.writing() as session:
        session.execute(insert(BackupJobRow), [job(4000), job(4001)])
    page._look_for_new()
    qtbot.waitUntil(lambda: shown(page) == [RUNS + 1, 3000, 2000, 1000], timeout=30_000)


def test_a_search_ends_before_the_store_is_closed(
    scene: Scene, executor: Executor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search is running when the program ends: errors that it meets then are ignored."""
    reading, gate = threading.Event(), threading.Event()
    history = scene.workspace.store.history_list

    def find(*arguments: object) -> list[Listed]:
        reading.set()
        gate.wait(30)
        raise RuntimeError("the database is not open")

    background = Background()
    page = HistoryPage(scene.workspace, background, executor)
    qtbot.addWidget(page)
    qtbot.waitUntil(lambda: page.model.rowCount() == RUNS, timeout=30_000)
    failed: list[object] = []
    page._search.failed.connect(lambda _, error: failed.append(error))
    monkeypatch.setattr(history, "find", find)
    page.refresh()
    assert reading.wait(30)
    background.close()
    gate.set()
    search = page._search._thread
    assert search is not None
    search.join()
    QApplication.processEvents()
    assert failed == []


def test_nothing_is_searched_once_the_program_ends(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    background = Background()
    page = HistoryPage(scene.workspace, background, executor)
    qtbot.addWidget(page)
    qtbot.waitUntil(lambda: page.model.rowCount() == RUNS, timeout=30_000)
    background.close()
    before = page._search._thread
    page.refresh()
    assert page._search._thread is before


def test_a_page_that_is_made_while_the_program_ends_searches_for_nothing(
    scene: Scene, executor: Executor, background: Background, qtbot: QtBot
) -> None:
    background.close()
    page = HistoryPage(scene.workspace, background, executor)
    qtbot.addWidget(page)
    page.refresh()
    assert page._search._thread is None


def test_tests_of_scripts_are_listed_and_can_be_chosen(scene: Scene, page: HistoryPage, qtbot: QtBot) -> None:
    executions = scene.workspace.store.executions
    test = executions.begin_test(planned("Stop containers"), None, T0)
    page._look_for_new()
    qtbot.waitUntil(lambda: page.model.rowCount() == RUNS + 1, timeout=30_000)
    cells = [page.model.index(0, column).data() for column in range(page.model.columnCount())]
    assert (cells[0], cells[1], cells[6]) == ("Running", "Script test", "Stop containers")
    executions.end(test.id, ExecutionStatus.FAILED, exit_code=3, finished_at=T0, stdout="a needle\n")
    page._look_for_new()
    qtbot.waitUntil(lambda: page.model.index(0, 0).data() == "Failed", timeout=30_000)
    assert page.model.index(0, 6).data() == "Stop containers: exit code 3"
    page._filter._search.setText("needle")
    qtbot.waitUntil(lambda: shown(page) == [3000, 3000, 2000, 1000], timeout=30_000)
    kind = page._filter._kind
    kind.setCurrentIndex(kind.findText("Script test"))
    kind.activated.emit(kind.currentIndex())
    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=30_000)
    assert page.model.index(0, 1).data() == "Script test"
    with qtbot.waitSignal(page.test_requested) as asked:
        page._table.select_first()
        qtbot.keyClick(page._table, Qt.Key.Key_Return)
    assert asked.args == [test.id]
    kind.setCurrentIndex(kind.findText("Backup"))
    kind.activated.emit(kind.currentIndex())
    qtbot.waitUntil(lambda: page.model.rowCount() == 3, timeout=30_000)


def test_a_removed_test_leaves_the_list_when_it_is_looked_at(scene: Scene, page: HistoryPage, qtbot: QtBot) -> None:
    with scene.workspace.store.database.writing() as session:
        session.execute(insert(BackupJobRow), [job(number) for number in range(RUNS + 1, RUNS + 301)])
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() == RUNS + 300, timeout=30_000)
    removal = scene.workspace.store.history_removal
    test = scene.workspace.store.executions.begin_test(planned(), None, T0)
    scene.workspace.store.executions.end(test.id, ExecutionStatus.SUCCESS, finished_at=T0)
    with scene.workspace.store.database.writing() as session:
        session.execute(update(ScriptTestRow).values(after_run=5))
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() == RUNS + 301, timeout=30_000)
    removal.remove_tests([test.id])
    assert page.model.index(RUNS + 290, 2).data() is None
    qtbot.waitUntil(lambda: page.model.rowCount() == RUNS + 300, timeout=30_000)
