"""Runs the scripts of a lane: decides which run, and what the end of one means for those after it."""

from __future__ import annotations

from collections.abc import Sequence

from borgdesk.domain.decisions import RUN, LaneState, ScriptEnd, consequence, decide
from borgdesk.domain.history import Execution
from borgdesk.domain.reasons import Code, Reason, Value
from borgdesk.domain.run import ExecutionStatus, Hook, Outcome
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.script_execution import run_script, skip
from borgdesk.engine.runs.shared_execution import over, run_shared


def run_lane(active: ActiveRun, hook: Hook) -> Outcome | None:
    """Run the scripts of a lane, or record why they are skipped.

    Returns the outcome that the lane settled, which only scripts before the work and a cancel during them do. In a
    recovery, scripts with a final status are not run again, but their consequences for the lane still apply.
    """
    lane = LaneState()
    outcome: Outcome | None = None
    scripts = active.lane(hook)
    for place, execution in enumerate(scripts, 1):
        planned = execution.planned
        if execution.status.is_final:
            recorded = ScriptEnd(planned.name, execution.status, execution.exit_code)
            if execution.status.is_bad:
                lane = consequence(hook, lane, recorded, planned.policy.on_failure).lane
                if hook.is_post and not active.tainted:
                    # The process died between the script's end and recording its consequence for the run.
                    active.taint(_error(planned.name, recorded))
            over(active, execution)
            continue
        if hook.is_pre and active.cancel.asked and outcome is None:
            lane, outcome = LaneState(Reason(Code.CANCELLED_BEFORE)), Outcome.CANCELLED
        if execution.id in active.found:
            # The decision was made when it was started, and cannot be undone.
            decision = RUN
        else:
            decision = decide(hook, planned.policy, lane, active.outcome, tainted=active.tainted)
        if decision.reason is not None:
            skip(active, execution, decision.reason)
            continue
        end = _run(active, execution, scripts[place : place + 1])
        if end is None:
            continue
        result = consequence(hook, lane, end, planned.policy.on_failure)
        lane, outcome = result.lane, outcome or result.outcome
        if result.taints or result.outcome is Outcome.FAILURE:
            not_started = active.ended[execution.id] is ExecutionStatus.PENDING
            active.taint(_not_started(planned.name) if not_started else _error(planned.name, end))
    return outcome


def _run(active: ActiveRun, execution: Execution, following: Sequence[Execution]) -> ScriptEnd | None:
    """Run a script to its end; None if another run has stopped the service, or will start it again."""
    if execution.planned.hold is not None:
        return run_shared(active, execution)
    return run_script(active, execution, next((one for one in following if one.planned.hold is None), None))


def was_not_started(execution: Execution) -> bool:
    """Return whether an owed script was postponed because the system lacked resources."""
    for_shortage = any(reason.code is Code.NOT_STARTED_YET for reason in execution.reasons)
    return execution.status is ExecutionStatus.PENDING and for_shortage


def _error(name: str, end: ScriptEnd) -> Reason:
    values: dict[str, Value] = {"script": name, "status": end.status, "words": end.last_words}
    if end.status is ExecutionStatus.FAILED and end.exit_code is not None:
        values["exit_code"] = end.exit_code
    return Reason(Code.SCRIPT_FAILED, values)


def _not_started(name: str) -> Reason:
    return Reason(Code.SCRIPT_STILL_OWED, {"script": name})
