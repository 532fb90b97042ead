"""What would happen if …: the plan asks the same table as the run."""

from __future__ import annotations

from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RUN, Outcome
from borgdesk.engine.arming import plan
from borgdesk.engine.preview import preview
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
        assert celebrate[outcome].reason == f"condition is success, outcome was {outcome}"


def test_it_comes_true(desk: Desk) -> None:
    for condition in ("success", "warning", "failure", "success,failure", "always"):
        desk.add(f"When {condition}", POST, run_on=condition)
    for outcome, answer in ((Outcome.SUCCESS, CREATED), (Outcome.WARNING, WARNED), (Outcome.FAILURE, FAILED)):
        desk.play(create=answer)
        promised = [
            (one.planned.name, one.decisions[outcome].run, one.decisions[outcome].reason)
            for one in preview(plan(desk.workspace, repository(desk)).scripts, [outcome])
        ]
        run = desk.run()
        assert [(one.planned.name, one.started_at is not None, one.reason) for one in run.executions] == promised


def test_asking_starts_nothing(desk: Desk) -> None:
    desk.add("Stop", PRE)
    preview(plan(desk.workspace, repository(desk)).scripts)
    assert (desk.journal(), desk.commands(), desk.workspace.store.runs.list()) == ([], [], [])
