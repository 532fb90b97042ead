"""Invariants of lanes for any scripts and any results."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.decisions import (
    Decision,
    LaneState,
    Policy,
    ScriptEnd,
    consequence,
    decide,
    final_status,
    settled_outcome,
    status_of_exit,
)
from borgdesk.domain.run import (
    ALWAYS,
    ExecutionStatus,
    Hook,
    OnFailure,
    Outcome,
    RunOn,
    RunStatus,
    outcome_of_exit_code,
)

SEVERITY = [RunStatus.SUCCESS, RunStatus.WARNING]


@dataclass(frozen=True)
class Planned:
    name: str
    policy: Policy
    exit_code: int
    times_out: bool

    def end(self, hook: Hook) -> ScriptEnd:
        status = ExecutionStatus.TIMED_OUT if self.times_out else status_of_exit(hook, self.exit_code)
        return ScriptEnd(self.name, status, self.exit_code)


@dataclass
class Lane:
    """Result of each script, in order, and of the lane."""

    verdicts: list[tuple[Planned, Decision]]
    states: list[LaneState]
    """The lane's state before each script, and the final one."""
    outcome: Outcome | None = None
    tainted: bool = False

    @property
    def ran(self) -> list[Planned]:
        return [planned for planned, decision in self.verdicts if decision.run]


def simulate(hook: Hook, scripts: list[Planned], outcome: Outcome | None) -> Lane:
    """Execute the engine's loop without the engine."""
    lane = Lane([], [LaneState()])
    for planned in scripts:
        decision = decide(hook, planned.policy, lane.states[-1], outcome)
        lane.verdicts.append((planned, decision))
        state = lane.states[-1]
        if decision.run:
            result = consequence(hook, state, planned.end(hook), planned.policy.on_failure)
            state = result.lane
            lane.outcome = lane.outcome or result.outcome
            lane.tainted = lane.tainted or result.taints
        lane.states.append(state)
    return lane


run_ons = st.one_of(
    st.just(ALWAYS),
    st.sets(st.sampled_from(["success", "warning", "failure"]), min_size=1).map(lambda words: RunOn(frozenset(words))),
)


def scripts(*policies: OnFailure) -> st.SearchStrategy[list[Planned]]:
    planned = st.builds(
        Planned,
        name=st.sampled_from(["Mount disk", "Stop containers", "Dump database", "Report"]),
        policy=st.builds(Policy, run_ons, st.sampled_from(policies), st.just(300)),
        exit_code=st.one_of(st.sampled_from([0, 0, 75]), st.integers(0, 255)),
        times_out=st.booleans() if policies else st.just(False),
    )
    return st.lists(planned, max_size=8)


pre_scripts = scripts(*OnFailure)
post_scripts = scripts(OnFailure.STOP, OnFailure.CONTINUE)
outcomes = st.sampled_from(list(Outcome))
post_hooks = st.sampled_from([Hook.POST_BACKUP, Hook.POST_RUN])


@given(pre_scripts)
def test_pre_backup(planned: list[Planned]) -> None:
    lane = simulate(Hook.PRE_BACKUP, planned, None)
    assert [one for one, _ in lane.verdicts] == planned
    assert lane.ran == planned[: len(lane.ran)], "nothing runs after the script that stopped the lane"
    stopped = lane.states[-1].stopped_by is not None
    assert stopped == (lane.outcome is not None), "the lane is stopped exactly when Borg will not run"
    if stopped:
        assert lane.ran[-1].end(Hook.PRE_BACKUP).status is not ExecutionStatus.SUCCESS
        assert lane.outcome in (Outcome.FAILURE, Outcome.SKIPPED)
    else:
        assert lane.ran == planned
        assert lane.tainted == any(one.end(Hook.PRE_BACKUP).status is not ExecutionStatus.SUCCESS for one in planned)


@given(pre_scripts)
def test_pre_backup_ignores_conditions(planned: list[Planned]) -> None:
    unconditional = [
        Planned(one.name, Policy(ALWAYS, one.policy.on_failure, 300), one.exit_code, one.times_out) for one in planned
    ]
    first, second = (simulate(Hook.PRE_BACKUP, lane, None) for lane in (planned, unconditional))
    assert [decision for _, decision in first.verdicts] == [decision for _, decision in second.verdicts]


@given(post_hooks, post_scripts, outcomes)
def test_post_lanes(hook: Hook, planned: list[Planned], outcome: Outcome) -> None:
    lane = simulate(hook, planned, outcome)
    assert [one for one, _ in lane.verdicts] == planned
    assert lane.outcome is None, "a post lane never changes the outcome"
    for (one, decision), state in zip(lane.verdicts, lane.states, strict=False):
        assert decision.run == (decision.reason is None), "a script that does not run has its reason, and only that"
        if one.policy.run_on.always:
            assert decision.run, "always means always"
        elif state.stopped_by is not None or outcome is Outcome.SKIPPED:
            assert not decision.run
        else:
            assert decision.run == one.policy.run_on.matches(outcome)


@given(post_hooks, post_scripts, outcomes)
def test_a_post_lane_stays_stopped_by_the_first(hook: Hook, planned: list[Planned], outcome: Outcome) -> None:
    lane = simulate(hook, planned, outcome)
    words = [state.stopped_by for state in lane.states]
    first = next((word for word in words if word is not None), None)
    assert words == [None] * words.count(None) + [first] * (len(words) - words.count(None))


@given(st.integers(0, 255), pre_scripts, post_scripts, post_scripts)
def test_a_whole_run(code: int, before: list[Planned], after: list[Planned], last: list[Planned]) -> None:
    pre = simulate(Hook.PRE_BACKUP, before, None)
    borg = outcome_of_exit_code(code)
    outcome = pre.outcome or settled_outcome(borg, tainted=pre.tainted)
    post = simulate(Hook.POST_BACKUP, after, outcome)
    run = simulate(Hook.POST_RUN, last, outcome)
    status = final_status(outcome, tainted=pre.tainted or post.tainted or run.tainted)
    if status.value != outcome.value:
        assert (outcome, status) == (Outcome.SUCCESS, RunStatus.WARNING), "the status is never worse than that"
    if pre.outcome is None and borg is Outcome.FAILURE:
        assert status is RunStatus.FAILURE, "nothing hides an error of Borg"
    if pre.outcome is None and borg.made_archive:
        assert status in SEVERITY, "no script turns a good backup into a failure"
    if pre.tainted:
        assert outcome is not Outcome.SUCCESS
