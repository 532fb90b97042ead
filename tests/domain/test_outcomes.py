"""Exit codes, outcomes, statuses and the exit codes of the command line."""

from __future__ import annotations

import contextlib
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.decisions import final_status, settled_outcome
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.exit_codes import exit_code_of, worst
from borgdesk.domain.run import ALWAYS, ExecutionStatus, Hook, Outcome, RunOn, RunStatus, outcome_of_exit_code

OUTCOME_OF_CODE = [
    *[(0, Outcome.SUCCESS), (1, Outcome.WARNING)],
    *[(code, Outcome.FAILURE) for code in range(2, 100)],
    *[(code, Outcome.WARNING) for code in range(100, 128)],
    *[(code, Outcome.FAILURE) for code in range(128, 256)],
    *[(-number, Outcome.FAILURE) for number in range(1, 65)],
]


def test_every_exit_code_of_borg() -> None:
    assert [(code, outcome_of_exit_code(code)) for code, _ in OUTCOME_OF_CODE] == OUTCOME_OF_CODE


def test_without_an_archive_all_is_failure() -> None:
    assert {outcome_of_exit_code(code, archive_made=False) for code, _ in OUTCOME_OF_CODE} == {Outcome.FAILURE}


@pytest.mark.parametrize("outcome", Outcome)
def test_a_failure_that_was_let_pass_before_the_backup_leaves_at_best_a_warning(outcome: Outcome) -> None:
    assert settled_outcome(outcome, tainted=False) is outcome
    expected = Outcome.WARNING if outcome is Outcome.SUCCESS else outcome
    assert settled_outcome(outcome, tainted=True) is expected


@pytest.mark.parametrize(("outcome", "tainted"), [*product(Outcome, [False, True])])
def test_the_final_status(outcome: Outcome, tainted: bool) -> None:
    expected = {
        (Outcome.SUCCESS, False): RunStatus.SUCCESS,
        (Outcome.SUCCESS, True): RunStatus.WARNING,
    }.get((outcome, tainted), RunStatus(outcome.value))
    assert final_status(outcome, tainted=tainted) is expected


def test_only_success_and_warning_made_an_archive() -> None:
    assert [outcome for outcome in Outcome if outcome.made_archive] == [Outcome.SUCCESS, Outcome.WARNING]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (RunStatus.SUCCESS, 0),
        (RunStatus.WARNING, 1),
        (RunStatus.FAILURE, 2),
        (RunStatus.INTERRUPTED, 2),
        (RunStatus.SKIPPED, 75),
        (RunStatus.CANCELLED, 130),
    ],
)
def test_exit_codes_of_runs(status: RunStatus, code: int) -> None:
    assert exit_code_of(status) == code


def test_the_worst_of_several() -> None:
    in_order = [0, 1, 75, 130, 2]
    for mildest, *others in (in_order[start:] for start in range(len(in_order))):
        for codes in permutations([mildest, *others]):
            assert worst(codes) == in_order[-1]
    for place, code in enumerate(in_order):
        assert all(worst([code, milder]) == worst([milder, code]) == code for milder in in_order[: place + 1])


def test_the_worst_of_none_is_good() -> None:
    assert worst([]) == 0


def test_which_statuses_are_final() -> None:
    assert {status for status in RunStatus if not status.is_final} == {RunStatus.QUEUED, RunStatus.RUNNING}
    assert {status for status in ExecutionStatus if not status.is_final} == {
        ExecutionStatus.PENDING,
        ExecutionStatus.RUNNING,
    }
    assert {outcome.value for outcome in Outcome} == {status.value for status in RunStatus if status.is_final}


def test_which_executions_ended_badly() -> None:
    assert {status.value for status in ExecutionStatus if status.is_bad} == {
        "failed",
        "timed_out",
        "cancelled",
        "interrupted",
    }


def test_which_lanes_are_owed() -> None:
    assert [hook.value for hook in Hook if hook.is_post] == ["post-backup", "post-run", "post-restore"]


run_ons = st.one_of(
    st.just(ALWAYS),
    st.sets(st.sampled_from(["success", "warning", "failure"]), min_size=1).map(lambda words: RunOn(frozenset(words))),
)


@given(run_ons)
def test_conditions_survive_being_written(run_on: RunOn) -> None:
    assert RunOn.parse(str(run_on)) == run_on


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("always", "always"),
        (" Always ", "always"),
        ("failure,success", "success,failure"),
        ("warning , failure,", "warning,failure"),
        ("SUCCESS,success", "success"),
    ],
)
def test_how_conditions_may_be_written(text: str, canonical: str) -> None:
    assert str(RunOn.parse(text)) == canonical


@pytest.mark.parametrize(
    "text", ["", " ", ",", "sometimes", "always,failure", "success;failure", "skipped", "cancelled"]
)
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        RunOn.parse(text)
    assert str(caught.value) == (
        f"“{text}” is not a condition. Use “always”, or a comma-separated list of success, warning and failure."
    )


@given(st.text())
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        assert str(RunOn.parse(text))
