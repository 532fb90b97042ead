from __future__ import annotations

from datetime import timedelta

import pytest

from borgdesk.domain.errors import NotFound
from borgdesk.domain.history import Run
from borgdesk.domain.ids import ExecutionId
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Hook
from borgdesk.domain.script import NewScript, Script
from borgdesk.store.store import Store
from tests.store.samples import ME, T0, planned

LATER = T0 + timedelta(minutes=1)


class TestExecutions:
    def test_begin_and_end(self, store: Store, armed: Run) -> None:
        first, second = armed.executions
        store.executions.begin(first.id, T0)
        (running, _) = store.executions.of_run(armed.id)
        assert (running.status, running.started_at, running.recovered) == (ExecutionStatus.RUNNING, T0, False)
        store.executions.end(
            first.id,
            ExecutionStatus.FAILED,
            reasons=(text("exit 3"),),
            exit_code=3,
            finished_at=T0 + timedelta(seconds=2.5),
            stdout="out\0",
            stderr="err\udcff",
            truncated=True,
        )
        (ended, untouched) = store.executions.of_run(armed.id, with_output=True)
        assert (ended.status, ended.reason, ended.exit_code) == (ExecutionStatus.FAILED, "exit 3", 3)
        assert (ended.duration, ended.stdout, ended.stderr, ended.truncated) == (2.5, "out�", "err�", True)
        assert untouched == second

    def test_lists_have_no_output(self, store: Store, armed: Run) -> None:
        first = armed.executions[0]
        store.executions.end(first.id, ExecutionStatus.SUCCESS, exit_code=0, finished_at=T0, stdout="out", stderr="err")
        for found in (store.executions.of_run(armed.id), store.runs.get(armed.id, with_output=False).executions):
            assert (found[0].stdout, found[0].stderr) == ("", "")
        for found in (store.executions.of_run(armed.id, with_output=True), store.runs.get(armed.id).executions):
            assert (found[0].stdout, found[0].stderr) == ("out", "err")
        assert store.executions.get(first.id).stdout == "out"

    def test_skipping_says_why(self, store: Store, armed: Run) -> None:
        store.executions.skip(armed.executions[1].id, text("condition is failure, outcome was success"))
        skipped = store.executions.of_run(armed.id)[1]
        assert skipped.status is ExecutionStatus.SKIPPED
        assert skipped.reason == "condition is failure, outcome was success"
        assert skipped.started_at is None

    def test_the_library_counts_runs_and_no_tests(self, store: Store, queued: Run, script: Script) -> None:
        armed = store.runs.arm(queued.id, T0, [planned(script_id=script.id), planned("inline")])
        for execution in armed.executions:
            store.executions.begin(execution.id, T0)
            store.executions.end(execution.id, ExecutionStatus.SUCCESS, exit_code=0, finished_at=T0)
        used = store.scripts.get(script.id)
        assert (used.usage_count, used.last_used_at, used.last_result) == (1, T0, ExecutionStatus.SUCCESS)
        test = store.executions.begin_test(planned(script_id=script.id), None, LATER)
        store.executions.begin(test.id, LATER)
        store.executions.end(test.id, ExecutionStatus.TIMED_OUT, finished_at=LATER)
        used = store.scripts.get(script.id)
        assert (used.usage_count, used.last_used_at, used.last_result) == (1, T0, ExecutionStatus.SUCCESS)

    def test_only_the_script_that_ran_is_counted(self, store: Store, queued: Run) -> None:
        scripts = [store.scripts.add(NewScript(name, b"#!/bin/sh\n")) for name in ("one", "two", "three")]
        store.runs.arm(queued.id, T0, [planned(script_id=scripts[2].id), planned(script_id=scripts[1].id, order=2)])
        (_, of_two) = store.executions.of_run(queued.id)
        store.executions.begin(of_two.id, T0)
        store.executions.end(of_two.id, ExecutionStatus.SUCCESS, finished_at=T0)
        assert [store.scripts.get(script.id).usage_count for script in scripts] == [0, 1, 0]
        assert [store.scripts.get(script.id).last_result for script in scripts] == [None, ExecutionStatus.SUCCESS, None]

    def test_a_script_that_is_removed_while_it_runs(self, store: Store, queued: Run, script: Script) -> None:
        (execution,) = store.runs.arm(queued.id, T0, [planned(script_id=script.id)]).executions
        store.scripts.remove(script.id)
        store.executions.begin(execution.id, T0)
        store.executions.end(execution.id, ExecutionStatus.SUCCESS, exit_code=0, finished_at=T0)
        assert store.executions.get(execution.id).planned.name == "Stop containers"

    def test_unknown_executions_are_named(self, store: Store) -> None:
        for call in (
            lambda: store.executions.begin(ExecutionId(5), T0),
            lambda: store.executions.end(ExecutionId(5), ExecutionStatus.SUCCESS, finished_at=T0),
            lambda: store.executions.skip(ExecutionId(5), text("x")),
            lambda: store.executions.still_owed(ExecutionId(5)),
            lambda: store.executions.get(ExecutionId(5)),
        ):
            with pytest.raises(NotFound, match="no execution 5"):
                call()


class TestTests:
    def test_a_test_is_an_execution_without_a_run(self, store: Store, documents: Repository, script: Script) -> None:
        test = store.executions.begin_test(planned(script_id=script.id), documents, T0, ME)
        assert (test.run_id, test.planned.hook, test.status) == (None, Hook.TEST, ExecutionStatus.RUNNING)
        assert (test.repository, test.owner, test.started_at) == ("Documents", ME, T0)
        assert store.executions.get(test.id) == test
        assert store.executions.unfinished_tests() == [test]
        store.executions.end(test.id, ExecutionStatus.SUCCESS, exit_code=0, finished_at=LATER, stdout="out")
        assert store.executions.unfinished_tests() == []
        assert store.runs.list() == []

    def test_a_script_has_its_own_history(self, store: Store, queued: Run, script: Script) -> None:
        store.runs.arm(queued.id, T0, [planned(script_id=script.id)])
        tests = [store.executions.begin_test(planned(script_id=script.id), None, T0) for _ in range(3)]
        store.executions.begin_test(planned("Other"), None, T0)
        assert [test.id for test in store.executions.tests(script.id)] == [test.id for test in reversed(tests)]
        assert [test.id for test in store.executions.tests(script.id, limit=1)] == [tests[-1].id]
        assert tests[0].repository is None
        assert tests[0].owner is None
