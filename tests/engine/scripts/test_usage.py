from __future__ import annotations

from borgdesk.domain.run import OnFailure
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.script_tests.script_test import ScriptTestSetup, run_test
from borgdesk.engine.scripts.usage import usage
from tests.engine.desk import POST, PRE, Desk


def test_runs_tests_places_and_revisions(desk: Desk) -> None:
    one = desk.add("a", PRE, on_failure=OnFailure.STOP)
    desk.add("b", POST)
    script = desk.workspace.store.scripts.get(one.script_id)
    desk.run()
    run_test(desk.workspace, script, ScriptTestSetup(), desk.events.append, Cancel())
    desk.workspace.store.scripts.save(script.id, b"#!/bin/sh\nexit 1\n")
    desk.run()
    found = usage(desk.workspace, script.id)
    assert [(execution.run_id is None, execution.status.value) for execution in found.executions] == [
        (False, "failed"),
        (True, "success"),
        (False, "success"),
    ]
    assert {execution.planned.name for execution in found.executions} == {"a"}
    assert [place.hook for place in found.assignments] == [PRE]
    assert len(found.revisions) == 2


def test_what_was_not_run_is_left_out(desk: Desk) -> None:
    one = desk.add("a", POST, run_on="failure")
    desk.run()
    assert usage(desk.workspace, one.script_id).executions == ()
