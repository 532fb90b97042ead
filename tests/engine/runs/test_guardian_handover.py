"""Data of a run that the guardian receives, and that suffice to finish the run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from borgdesk.domain.reasons import text
from borgdesk.domain.run import ExecutionStatus, Outcome
from borgdesk.engine.runs import hold_file, hold_process
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.guardian_handover import handed_over
from borgdesk.engine.runs.hold_file import Member, Wish
from borgdesk.engine.runs.last_resort import put_back, unpack
from tests.engine.desk import LAST, POST, PRE, Desk, execution
from tests.engine.runs.armed_runs import active, with_execution


@pytest.fixture
def given(desk: Desk) -> Iterator[ActiveRun]:
    """Provide a run with scripts for each outcome."""
    desk.add("stop", PRE)
    for condition in ("always", "success", "failure"):
        desk.add(f"on {condition}", POST, run_on=condition)
    desk.add("report", LAST, desk.dump("seen"), run_on="always")
    with active(desk) as state:
        yield state


def owed(given: ActiveRun) -> list[str]:
    return [one.name for one in unpack(handed_over(given))[1]]


@pytest.mark.parametrize(
    ("outcome", "names"),
    [
        (None, ["on always", "on failure", "report"]),
        (Outcome.FAILURE, ["on always", "on failure", "report"]),
        (Outcome.SUCCESS, ["on always", "on success", "report"]),
    ],
)
def test_it_is_what_would_run_after_that_outcome(given: ActiveRun, outcome: Outcome | None, names: list[str]) -> None:
    given.outcome = outcome
    assert owed(given) == names


def test_it_runs_and_the_scripts_hear_that_the_backup_was_interrupted(desk: Desk, given: ActiveRun) -> None:
    given.errors = (text("what was said before does not count any more"),)
    assert put_back(handed_over(given)) == (["on always", "on failure", "report"], [])
    assert desk.journal() == ["on always", "on failure", "report"]
    seen = desk.variables("seen")
    assert seen["BORGDESK_STATUS"] == "interrupted"
    assert seen["BORGDESK_ERROR"] == "BorgDesk was interrupted while the backup was running."
    assert seen["BORGDESK_TRIGGER"] == "recovery"


def test_after_an_outcome_the_scripts_hear_that_one(desk: Desk, given: ActiveRun) -> None:
    given.outcome, given.errors = Outcome.FAILURE, (text("The disk is full."),)
    put_back(handed_over(given))
    seen = desk.variables("seen")
    assert (seen["BORGDESK_STATUS"], seen["BORGDESK_ERROR"]) == ("failure", "The disk is full.")


def test_what_has_had_its_turn_or_cannot_have_one_is_not_in_it(given: ActiveRun) -> None:
    with_execution(given, "on always", status=ExecutionStatus.FAILED)
    report = execution(given.run, "report").planned
    with_execution(given, "report", planned=replace(report, problem="Its file is gone."))
    assert owed(given) == ["on failure"]


@pytest.mark.parametrize(
    ("header", "values", "level"),
    [
        # A secret without a value is expected; a value that is not text is an internal error.
        ("[parameters.TOKEN]\nsecret = true", {}, logging.WARNING),
        ("", {"TOKEN": 5}, logging.ERROR),
    ],
    ids=["no secret", "a defect"],
)
def test_one_that_cannot_be_given_keeps_no_other_from_its_turn(
    desk: Desk, caplog: pytest.LogCaptureFixture, header: str, values: dict[str, Any], level: int
) -> None:
    desk.add("first", POST, run_on="always")
    desk.add("odd", POST, run_on="always", header=header, parameters={"TOKEN": "secret"} if header else {})
    desk.add("last", POST, run_on="always")
    with active(desk) as given:
        odd = execution(given.run, "odd").planned
        with_execution(given, "odd", planned=replace(odd, values={**odd.values, **values}))
        assert owed(given) == ["first", "last"]
    assert [(one.levelno, "odd" in one.message) for one in caplog.records if one.levelno >= logging.WARNING] == [
        (level, True)
    ]


def test_what_is_shared_is_given_with_its_key_and_its_own_notes(desk: Desk) -> None:
    """Without the program, too, it is started again by the last run that holds it, which finds the notes."""
    stop = desk.add("Stop web", PRE, shared="")
    desk.add("Start web", POST, desk.dump("seen"), shared="")
    with active(desk) as state:
        (key,) = {one.planned.hold.key for one in state.executions if one.planned.hold is not None}
        holds = str(desk.workspace.paths.holds)
        member = Member(state.run.id, state.mark, [hold_process.this_process()])
        hold_file.take(holds, Wish(key, "place", stop.script), member, "now")
        others = Member(state.run.id + 1, "TOKEN=2", [hold_process.this_process()])
        hold_file.took(holds, key, state.run.id, stopped=True)
        hold_file.take(holds, Wish(key, "place", stop.script), others, "now")
        given = handed_over(state)
        assert put_back(given) == (["Start web"], [])
        assert desk.journal() == []
        hold_file.forget(holds, key, [state.run.id + 1])
        hold_file.settled(holds, key, [state.run.id])
        assert put_back(given) == (["Start web"], [])
    assert desk.journal() == ["Start web"]
    assert desk.variables("seen")["BORGDESK_STATE_DIR"] == hold_file.notes(holds, key)
