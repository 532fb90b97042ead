"""Benchmark of the store. Run by ``make bench``; prints figures and asserts nothing about time."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from borgdesk.domain.ids import RepositoryId, RunId, ScriptId
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Hook, OnFailure, Outcome, RunOn, RunStatus, Step, Trigger
from borgdesk.domain.script import NewScript
from borgdesk.domain.uuid7 import uuid7
from borgdesk.paths import Paths
from borgdesk.store.store import Store
from borgdesk.store.tables import BackupJobRow, ScriptExecutionRow
from tests.store.samples import ME, T0, planned

pytestmark = pytest.mark.benchmark

RUNS = 10_000
ALWAYS = RunOn.parse("always")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(Paths.below(tmp_path))
    store.open()
    yield store
    store.close()


def measure(what: str, act: Callable[[], object], times: int) -> None:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    print(f"{what}: median {statistics.median(took):.2f} ms, worst {max(took):.2f} ms of {times}")


def test_start(tmp_path: Path) -> None:
    print()
    for what, program in (
        ("bare interpreter", "pass"),
        ("import borgdesk.store", "import borgdesk.store"),
        ("import borgdesk.store.secrets", "import borgdesk.store.secrets"),
        ("import borgdesk.store.store", "import borgdesk.store.store"),
        ("import and open an existing store", OPEN),
    ):
        measure(what, lambda program=program: subprocess.run(  # type: ignore[misc]
            [sys.executable, "-c", program, str(tmp_path)], check=True
        ), 7)  # fmt: skip


OPEN = """
import sys
from pathlib import Path
from borgdesk.paths import Paths
from borgdesk.store.store import Store
store = Store(Paths.below(Path(sys.argv[1])))
store.open()
"""


def test_writes_of_a_run(store: Store) -> None:
    print()
    repository = store.repositories.add(Repository(RepositoryId(0), "Documents", "/backup"))
    scripts = [store.scripts.add(NewScript(f"Script {number}", b"true\n" * number)) for number in range(1, 11)]
    plan = [planned(script.name, Hook.PRE_BACKUP, script.id, script_id=script.id) for script in scripts]

    def arm() -> None:
        store.runs.arm(store.runs.queue(repository, Trigger.USER, ME, T0).id, T0, plan)

    measure("queue a run and arm it with 10 scripts", arm, 100)
    run = store.runs.get(RunId(1))

    def execute() -> None:
        store.executions.begin(run.executions[0].id, T0)
        store.executions.end(
            run.executions[0].id, ExecutionStatus.SUCCESS, exit_code=0, finished_at=T0, stdout="x" * 1000
        )

    measure("begin and end of an execution", execute, 200)
    measure("freeze an unchanged script", lambda: store.scripts.freeze(ScriptId(1)), 200)
    measure("save a script", lambda: store.scripts.save(ScriptId(1), f"echo {time.monotonic_ns()}\n".encode()), 100)


@pytest.mark.timeout(600)
def test_long_history(store: Store) -> None:
    print()
    repositories = [
        store.repositories.add(Repository(RepositoryId(0), f"R{number}", f"/backup/{number}")) for number in range(10)
    ]
    script = store.scripts.add(NewScript("Stop containers", b"true\n"))
    with store.database.writing() as session:
        for first in range(0, RUNS, 1000):
            session.execute(insert(BackupJobRow), [job(n, repositories[n % 10]) for n in range(first, first + 1000)])
            session.execute(
                insert(ScriptExecutionRow),
                [execution(n, side, script.id) for n in range(first, first + 1000) for side in (1, 2)],
            )
    print(f"{RUNS} runs with {2 * RUNS} executions: {store.database.path.stat().st_size / 2**20:.0f} MiB")
    measure("newest 50", store.runs.list, 50)
    measure("50 in the middle", lambda: store.runs.list(before_id=RunId(RUNS // 2)), 50)
    measure("50 of a repository", lambda: store.runs.list(repository="R3"), 50)
    measure("50 of a script", lambda: store.runs.list(script="Stop containers"), 50)
    measure("50 failures, which are one in 100", lambda: store.runs.list(status=RunStatus.FAILURE), 50)
    measure("search that finds one in 100", lambda: store.runs.list(search="disk is full"), 10)
    measure("search that finds nothing", lambda: store.runs.list(search="no such text"), 5)
    measure("one run with output", lambda: store.runs.get(RunId(RUNS // 2)), 50)
    measure("10 repositories with their last runs", store.repositories.list, 50)
    measure("strip of 30", lambda: store.runs.strip(repositories[0].id), 50)
    measure("unfinished and owing", lambda: (store.runs.unfinished(), store.runs.owing()), 50)


def job(number: int, repository: Repository) -> dict[str, object]:
    status = RunStatus.FAILURE if number % 100 == 0 else RunStatus.SUCCESS
    began = T0 + timedelta(minutes=number)
    return {
        "uid": str(uuid7(number, 0)),
        "repository_id": repository.id, "repository": repository.name, "location": repository.location,
        "trigger": Trigger.SCHEDULE, "status": status, "step": Step.DONE, "outcome": Outcome(status.value),
        "tainted": False, "recovered": False, "queued_at": began, "started_at": began, "finished_at": began,
        "errors": (text("The disk is full."),) if status is RunStatus.FAILURE else (),
    }  # fmt: skip


def execution(number: int, side: int, script_id: ScriptId) -> dict[str, object]:
    return {
        "run_id": number + 1, "script_id": script_id, "script": "Stop containers", "repository": "R",
        "hook": Hook.PRE_BACKUP if side == 1 else Hook.POST_BACKUP, "execution_order": 1, "timeout": 300,
        "run_on": ALWAYS, "on_failure": OnFailure.STOP, "parameters": {}, "secrets": [],
        "status": ExecutionStatus.SUCCESS, "truncated": False, "recovered": False,
        "stdout": f"line of run {number}\n" * 100, "stderr": "",
    }  # fmt: skip
