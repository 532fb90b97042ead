"""Plain values that are now secrets."""

from __future__ import annotations

from dataclasses import replace

from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Hook, Trigger
from borgdesk.domain.script import NewScript, Script
from borgdesk.store.store import Store
from tests.store.samples import ME, T0, planned

PLAIN = {"TOKEN": "hunter2", "FOLDER": "/srv"}


def test_a_concealed_value_leaves_the_assignment_and_what_its_script_has_ended(
    store: Store, documents: Repository, script: Script
) -> None:
    place = store.assignments.add(documents.id, script.id, Hook.PRE_BACKUP, parameters=PLAIN)
    other = store.scripts.add(NewScript("Other", b"true\n"))
    run = store.runs.queue(documents, Trigger.USER, ME, T0)
    plan = [replace(planned(order=order, script_id=script.id), values=PLAIN) for order in (1, 2, 3)]
    plan += [replace(planned(order=4, script_id=other.id), values=PLAIN)]
    ended, stopped, owed, foreign = store.runs.arm(run.id, T0, plan).executions
    store.executions.end(ended.id, ExecutionStatus.FAILED, finished_at=T0)
    store.executions.end(stopped.id, ExecutionStatus.CANCELLED, finished_at=T0)
    store.executions.end(foreign.id, ExecutionStatus.SUCCESS, finished_at=T0)
    concealed = store.assignments.conceal(place.id, ["TOKEN", "ABSENT"])
    assert (concealed.parameters, concealed.secrets) == ({"FOLDER": "/srv"}, frozenset({"TOKEN"}))
    values = [store.executions.get(one.id).planned.values for one in (ended, stopped, owed, foreign)]
    assert values == [{"FOLDER": "/srv"}, {"FOLDER": "/srv"}, PLAIN, PLAIN]
