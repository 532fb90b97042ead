"""Preview of a hypothetical outcome, which uses the same decision table as the run."""

from __future__ import annotations

import pytest

from borgdesk.domain.decisions import RUN, Decision
from borgdesk.domain.history import Execution
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, Hook, Outcome
from borgdesk.engine.lanes.arrangement import expected
from borgdesk.engine.lanes.preview import preview
from borgdesk.engine.runs.planning import plan
from tests.engine.desk import CREATED, FAILED, LAST, POST, PRE, WARNED, Desk


def repository(desk: Desk) -> Repository:
    return desk.workspace.store.repositories.get(desk.repository.id)


def test_every_script_has_a_word_about_every_outcome(desk: Desk) -> None:
    desk.add("Stop", PRE, run_on="failure")
    desk.add("Start", POST)
    desk.add("Celebrate", LAST, run_on="success")
    desk.add("Off", LAST, enabled=False)
    shown = preview(plan(desk.workspace, repository(desk)).scripts)
    assert [one.planned.name for one in shown] == ["Stop", "Start", "Celebrate"]
    stop, start, celebrate = (one.decisions for one in shown)
    assert set(stop) == set(Outcome)
    assert all(decision == RUN for decision in (*stop.values(), *start.values()))
    assert celebrate[Outcome.SUCCESS] == RUN
    for outcome in set(Outcome) - {Outcome.SUCCESS}:
        assert not celebrate[outcome].run
        given = {"condition": "success", "outcome": outcome.value}
        assert celebrate[outcome].reason == Reason(Code.CONDITION_OF_OUTCOME, given)


@pytest.mark.parametrize("hook", [POST, LAST])
def test_the_board_and_the_plan_ask_what_the_run_asks(desk: Desk, hook: Hook) -> None:
    """The preview of a successful backup equals a run in which nothing fails."""
    assignment = desk.add("Alarm", hook, run_on="warning,failure")
    (shown,) = preview(plan(desk.workspace, repository(desk)).scripts)
    for outcome in Outcome:
        assert expected(assignment, outcome) == shown.decisions[outcome]
    (alarm,) = desk.run().executions
    assert (alarm.status, alarm.reasons) == (ExecutionStatus.SKIPPED, (shown.decisions[Outcome.SUCCESS].reason,))


def test_it_comes_true(desk: Desk) -> None:
    for condition in ("success", "warning", "failure", "success,failure", "always"):
        desk.add(f"When {condition}", POST, run_on=condition)
    for outcome, answer in ((Outcome.SUCCESS, CREATED), (Outcome.WARNING, WARNED), (Outcome.FAILURE, FAILED)):
        desk.play(create=answer)
        promised = [
            (one.planned.name, one.decisions[outcome])
            for one in preview(plan(desk.workspace, repository(desk)).scripts, [outcome])
        ]
        run = desk.run()
        assert [(one.planned.name, decided(one)) for one in run.executions] == promised


def decided(one: Execution) -> Decision:
    return Decision(one.started_at is not None, one.reasons[0] if one.reasons else None)


def test_asking_starts_nothing(desk: Desk) -> None:
    desk.add("Stop", PRE)
    preview(plan(desk.workspace, repository(desk)).scripts)
    assert (desk.journal(), desk.commands(), desk.workspace.store.runs.list()) == ([], [], [])
