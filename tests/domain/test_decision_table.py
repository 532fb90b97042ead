"""Decision table: outcome, condition, policy and lane determine whether a script runs or is skipped, and the reason."""

from __future__ import annotations

from itertools import product

import pytest

from borgdesk.domain.decisions import (
    RUN,
    Consequence,
    Decision,
    LaneState,
    Policy,
    ScriptEnd,
    consequence,
    decide,
    status_of_exit,
)
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.run import ALWAYS, LANES, ExecutionStatus, Hook, OnFailure, Outcome, RunOn

MATCHES: dict[Outcome, str | None] = {
    Outcome.SUCCESS: "success",
    Outcome.WARNING: "warning",
    Outcome.FAILURE: "failure",
    Outcome.CANCELLED: "failure",
    Outcome.INTERRUPTED: "failure",
    Outcome.SKIPPED: None,
}
"""The documented column *matches run_on*; None: only always."""

CONDITIONS = (
    "success",
    "warning",
    "failure",
    "success,warning",
    "success,failure",
    "warning,failure",
    "success,warning,failure",
    "always",
)


def stopped(script: str, status: ExecutionStatus = ExecutionStatus.FAILED) -> Reason:
    return Reason(Code.SCRIPT_BEFORE, {"script": script, "status": status.value})


def unmatched(condition: str, outcome: Outcome) -> Reason:
    return Reason(Code.CONDITION_OF_OUTCOME, {"condition": condition, "outcome": outcome.value})


def words(decision: Decision) -> str | None:
    return None if decision.reason is None else decision.reason.in_words()


STOPPED = stopped("Mount disk")
POST = (Hook.POST_BACKUP, Hook.POST_RUN)


def policy(run_on: str = "always", on_failure: OnFailure = OnFailure.STOP) -> Policy:
    return Policy(RunOn.parse(run_on), on_failure, 300)


def matches(condition: str, outcome: Outcome) -> bool:
    return condition == "always" or MATCHES[outcome] in condition.split(",")


@pytest.mark.parametrize(("outcome", "condition"), [*product(Outcome, CONDITIONS)])
def test_conditions_match_as_the_table_says(outcome: Outcome, condition: str) -> None:
    assert RunOn.parse(condition).matches(outcome) is matches(condition, outcome)


@pytest.mark.parametrize(("hook", "outcome", "condition"), [*product(POST, Outcome, CONDITIONS)])
@pytest.mark.parametrize("on_failure", [OnFailure.STOP, OnFailure.CONTINUE])
def test_post_lanes_that_go_on(hook: Hook, outcome: Outcome, condition: str, on_failure: OnFailure) -> None:
    decision = decide(hook, policy(condition, on_failure), LaneState(), outcome)
    if matches(condition, outcome):
        assert decision == Decision(run=True, reason=None)
    else:
        assert decision == Decision(run=False, reason=unmatched(condition, outcome))


@pytest.mark.parametrize(("hook", "outcome", "condition"), [*product(POST, Outcome, CONDITIONS)])
def test_post_lanes_that_were_stopped_run_only_what_is_always(hook: Hook, outcome: Outcome, condition: str) -> None:
    decision = decide(hook, policy(condition), LaneState(STOPPED), outcome)
    if condition == "always":
        assert decision == RUN
    elif matches(condition, outcome):
        assert decision == Decision(run=False, reason=STOPPED)
    else:
        assert decision == Decision(run=False, reason=unmatched(condition, outcome))


@pytest.mark.parametrize(("outcome", "condition"), [*product(Outcome, CONDITIONS)])
def test_the_last_lane_hears_of_what_failed_after_the_backup(outcome: Outcome, condition: str) -> None:
    """After the backup, conditions are compared with its outcome; at the end, with the status so far."""
    early = decide(Hook.POST_BACKUP, policy(condition), LaneState(), outcome, tainted=True)
    assert early == decide(Hook.POST_BACKUP, policy(condition), LaneState(), outcome)
    late = decide(Hook.POST_RUN, policy(condition), LaneState(), outcome, tainted=True)
    status = Outcome.WARNING if outcome is Outcome.SUCCESS else outcome
    assert late.run is matches(condition, status)
    if not late.run:
        word = "status" if outcome is Outcome.SUCCESS else "outcome"
        assert words(late) == f"condition is {condition}, {word} was {status.value}"


def test_the_words_of_the_contract() -> None:
    unmet = decide(Hook.POST_RUN, policy("failure"), LaneState(), Outcome.SUCCESS)
    assert words(unmet) == "condition is failure, outcome was success"
    assert words(decide(Hook.PRE_BACKUP, policy(), LaneState(STOPPED), None)) == "Mount disk failed before it"


@pytest.mark.parametrize(("condition", "on_failure"), [*product(CONDITIONS, OnFailure)])
@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_pre_backup_scripts_run_until_one_stops_the_lane(
    condition: str, on_failure: OnFailure, outcome: Outcome | None
) -> None:
    values = policy(condition, on_failure)
    assert decide(Hook.PRE_BACKUP, values, LaneState(), outcome) == RUN
    assert decide(Hook.PRE_BACKUP, values, LaneState(STOPPED), outcome) == Decision(False, STOPPED)


@pytest.mark.parametrize("hook", POST)
def test_a_post_lane_without_an_outcome_is_a_defect(hook: Hook) -> None:
    with pytest.raises(ValueError, match="settled outcome"):
        decide(hook, policy(), LaneState(), None)


WORDS = {
    ExecutionStatus.FAILED: "Mount disk failed",
    ExecutionStatus.TIMED_OUT: "Mount disk timed out",
    ExecutionStatus.CANCELLED: "Mount disk was cancelled",
    ExecutionStatus.INTERRUPTED: "Mount disk was interrupted",
    ExecutionStatus.SKIPPED: "Mount disk said not now",
}


@pytest.mark.parametrize("status", WORDS)
def test_an_end_in_words(status: ExecutionStatus) -> None:
    assert ScriptEnd("Mount disk", status, 1).in_words() == WORDS[status]
    assert stopped("Mount disk", status).in_words() == f"{WORDS[status]} before it"


def end_of(status: ExecutionStatus) -> ScriptEnd:
    return ScriptEnd("Mount disk", status, 0 if status is ExecutionStatus.SUCCESS else 1)


@pytest.mark.parametrize(("hook", "on_failure"), [*product(LANES, OnFailure)])
@pytest.mark.parametrize("lane", [LaneState(), LaneState(STOPPED)])
def test_a_good_end_changes_nothing(hook: Hook, on_failure: OnFailure, lane: LaneState) -> None:
    assert consequence(hook, lane, end_of(ExecutionStatus.SUCCESS), on_failure) == Consequence(lane)


FAILURES = (ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT)
S, C, K = OnFailure.STOP, OnFailure.CONTINUE, OnFailure.SKIP

PRE: list[tuple[ExecutionStatus, OnFailure, bool, Outcome | None, bool]] = [
    # status, policy, stops the lane, outcome, taints
    *[(status, S, True, Outcome.FAILURE, False) for status in FAILURES],
    *[(status, C, False, None, True) for status in FAILURES],
    *[(status, K, True, Outcome.SKIPPED, False) for status in FAILURES],
    *[(ExecutionStatus.SKIPPED, on_failure, True, Outcome.SKIPPED, False) for on_failure in OnFailure],
    *[(ExecutionStatus.CANCELLED, on_failure, True, Outcome.CANCELLED, False) for on_failure in OnFailure],
    *[(ExecutionStatus.INTERRUPTED, on_failure, True, Outcome.INTERRUPTED, False) for on_failure in OnFailure],
]


def test_the_table_of_pre_backup_ends_is_whole() -> None:
    started_and_not_good = set(WORDS)
    assert {(row[0], row[1]) for row in PRE} == set(product(started_and_not_good, OnFailure))


@pytest.mark.parametrize(("status", "on_failure", "stops", "outcome", "taints"), PRE)
def test_what_follows_in_pre_backup(
    status: ExecutionStatus, on_failure: OnFailure, stops: bool, outcome: Outcome | None, taints: bool
) -> None:
    result = consequence(Hook.PRE_BACKUP, LaneState(), end_of(status), on_failure)
    assert result == Consequence(LaneState(stopped("Mount disk", status) if stops else None), outcome, taints)


@pytest.mark.parametrize(("hook", "status"), [*product(POST, [s for s in WORDS if s is not ExecutionStatus.SKIPPED])])
def test_what_follows_in_post_lanes(hook: Hook, status: ExecutionStatus) -> None:
    stop = consequence(hook, LaneState(), end_of(status), OnFailure.STOP)
    assert stop == Consequence(LaneState(stopped("Mount disk", status)), None, taints=True)
    go_on = consequence(hook, LaneState(), end_of(status), OnFailure.CONTINUE)
    assert go_on == Consequence(LaneState(), None, taints=True)


@pytest.mark.parametrize(("hook", "status", "on_failure"), [*product(POST, FAILURES, [S, C])])
def test_a_stopped_lane_stays_stopped_by_the_first(hook: Hook, status: ExecutionStatus, on_failure: OnFailure) -> None:
    first = LaneState(stopped("Start containers"))
    assert consequence(hook, first, end_of(status), on_failure).lane == first


@pytest.mark.parametrize("hook", [*LANES, Hook.TEST])
def test_the_status_of_an_exit(hook: Hook) -> None:
    expected = dict.fromkeys(range(256), ExecutionStatus.FAILED)
    expected[0] = ExecutionStatus.SUCCESS
    if hook in (Hook.PRE_BACKUP, Hook.PRE_RESTORE):
        expected[75] = ExecutionStatus.SKIPPED
    assert {code: status_of_exit(hook, code) for code in expected} == expected


def test_always_is_more_than_all_three() -> None:
    every = RunOn.parse("success,warning,failure")
    assert every != ALWAYS
    assert not every.matches(Outcome.SKIPPED)
    assert ALWAYS.matches(Outcome.SKIPPED)
