"""Data of a run that the guardian receives, and that suffice to finish the run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from borgdesk.domain.reasons import text
from borgdesk.domain.run import ExecutionStatus, Outcome
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.guardian_handover import handed_over
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
