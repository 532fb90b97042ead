"""Foresees a run in which one thing goes wrong: which scripts would run, and whether Borg would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from borgdesk.domain.assignment import Assignment
from borgdesk.domain.decisions import Decision, LaneState, ScriptEnd, consequence, decide, settled_outcome
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.run import LANES, ExecutionStatus, Hook, Outcome, RunKind
from borgdesk.engine.lanes.arrangement import expected, lane


@dataclass(frozen=True, slots=True)
class Scenario:
    """How a run goes: with an outcome of Borg's work, or with a script that fails before it."""

    outcome: Outcome = Outcome.SUCCESS
    """The outcome of Borg's work, if it starts."""
    failing: AssignmentId | None = None
    """A script before the work that does not succeed."""
    says_not_now: bool = False
    """Whether that script says "not now" instead of failing."""


@dataclass(frozen=True, slots=True)
class Foresight:
    """What becomes of a run."""

    outcome: Outcome
    decisions: Mapping[AssignmentId, Decision]
    """By assignment; none for the lanes of runs of another kind."""
    culprit: ScriptEnd | None = None
    """The end of the script that did not succeed."""
    works: bool = True
    """Whether Borg's work starts."""
    lanes: tuple[Hook, ...] = LANES
    """The lanes that are concerned."""
    failing: AssignmentId | None = None
    """The script that does not succeed."""


def foresee(assignments: Sequence[Assignment], scenario: Scenario) -> Foresight:
    """Return what a run would do in a scenario if nothing else goes wrong."""
    failing = next((one for one in assignments if one.id == scenario.failing), None)
    if failing is None:
        return Foresight(scenario.outcome, {one.id: expected(one, scenario.outcome) for one in assignments})
    status = ExecutionStatus.SKIPPED if scenario.says_not_now else ExecutionStatus.FAILED
    end = ScriptEnd(failing.script, status)
    effect = consequence(failing.hook, LaneState(), end, failing.effective.on_failure)
    outcome = effect.outcome or settled_outcome(scenario.outcome, tainted=effect.taints)
    kind = next(kind for kind in RunKind if failing.hook in kind.lanes)
    decisions = _before(lane(assignments, failing.hook), failing, effect.lane)
    for hook in kind.lanes[1:]:
        decisions |= {one.id: expected(one, outcome) for one in lane(assignments, hook)}
    return Foresight(outcome, decisions, end, effect.outcome is None, kind.lanes, failing.id)


def _before(scripts: Sequence[Assignment], failing: Assignment, afterwards: LaneState) -> dict[AssignmentId, Decision]:
    """Return the decisions in the lane of the failing script, after which the lane is in the state *afterwards*."""
    found, state = {}, LaneState()
    for one in scripts:
        off = Decision(run=False, reason=Reason(Code.SWITCHED_OFF))
        found[one.id] = decide(one.hook, one.effective, state, None) if one.enabled else off
        if one.id == failing.id:
            state = afterwards
    return found
