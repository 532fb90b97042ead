"""The rules by which the end of a script, and the outcome, decide what else of a run happens."""

from __future__ import annotations

from dataclasses import dataclass

from borgdesk.domain.reasons import SCRIPT_ENDS, Code, Reason
from borgdesk.domain.run import NOT_NOW, ExecutionStatus, Hook, OnFailure, Outcome, RunOn, RunStatus
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class Policy:
    """The effective values for one script of a run, after overrides and defaults."""

    run_on: RunOn
    on_failure: OnFailure
    timeout: int
    """Seconds."""


@dataclass(frozen=True, slots=True)
class LaneState:
    """The state of a lane as far as it matters to its remaining scripts."""

    stopped_by: Reason | None = None
    """Why the remaining scripts are not run; None while the lane continues."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to run a script, or the reason for skipping it."""

    run: bool
    reason: Reason | None = None


RUN = Decision(run=True)


def status_so_far(outcome: Outcome, *, tainted: bool) -> Outcome:
    """Return the outcome, with *warning* instead of *success* once something after the backup has failed."""
    return Outcome.WARNING if tainted and outcome is Outcome.SUCCESS else outcome


def compared(hook: Hook, outcome: Outcome, *, tainted: bool) -> Outcome:
    """Return what the conditions of a post lane are compared with.

    In the post-run lane that is the status so far, so that an alarm there sees every failure; in the post-backup lane
    it is the outcome.
    """
    return status_so_far(outcome, tainted=tainted) if hook is Hook.POST_RUN else outcome


def decide(hook: Hook, policy: Policy, lane: LaneState, outcome: Outcome | None, *, tainted: bool = False) -> Decision:
    """Decide whether the next script of a lane runs.

    *outcome* is the settled outcome; it does not matter in pre-backup, where scripts run until one stops the lane.
    *tainted* says whether something after the backup has failed so far: a post-backup script, retention, or an earlier
    post-run script.
    """
    if hook.is_pre:
        return RUN if lane.stopped_by is None else Decision(run=False, reason=lane.stopped_by)
    if outcome is None:
        raise ValueError("a post lane needs a settled outcome")
    status = compared(hook, outcome, tainted=tainted)
    if not policy.run_on.matches(status):
        condition = str(policy.run_on)
        if status is outcome:
            reason = Reason(Code.CONDITION_OF_OUTCOME, {"condition": condition, "outcome": outcome.value})
        else:
            reason = Reason(Code.CONDITION_OF_STATUS, {"condition": condition, "status": status.value})
        return Decision(run=False, reason=reason)
    if lane.stopped_by is not None and not policy.run_on.always:
        return Decision(run=False, reason=lane.stopped_by)
    return RUN


@dataclass(frozen=True, slots=True)
class ScriptEnd:
    """The end of a script, as far as policies depend on it."""

    name: str
    status: ExecutionStatus
    exit_code: int | None = None
    last_words: str = ""
    """The last line of its error output, if it failed."""

    def in_words(self) -> str:
        """Return, for example, "Mount disk failed" or "Check disk said not now"."""
        return _(SCRIPT_ENDS[self.status]).format(script=self.name)


def status_of_exit(hook: Hook, exit_code: int) -> ExecutionStatus:
    """Return the status of a script that exited by itself; 75 means "not now" only in lanes before the work."""
    if exit_code == 0:
        return ExecutionStatus.SUCCESS
    if exit_code == NOT_NOW and hook.is_pre:
        return ExecutionStatus.SKIPPED
    return ExecutionStatus.FAILED


@dataclass(frozen=True, slots=True)
class Consequence:
    """The effect of a script's end on its lane and, in pre-backup, on the run."""

    lane: LaneState
    outcome: Outcome | None = None
    """The outcome that the run gets without calling Borg; None to continue."""
    taints: bool = False
    """Whether a failure was tolerated by policy, so that the outcome is at best a warning."""


def consequence(hook: Hook, lane: LaneState, end: ScriptEnd, on_failure: OnFailure) -> Consequence:
    """Return the consequence of the end of a script that was started when its lane was in the state *lane*.

    A lane stays stopped by whatever stopped it first.
    """
    if end.status is ExecutionStatus.SUCCESS:
        return Consequence(lane)
    stopped = (
        lane
        if lane.stopped_by
        else LaneState(Reason(Code.SCRIPT_BEFORE, {"script": end.name, "status": end.status.value}))
    )
    if not hook.is_pre:
        return Consequence(stopped if on_failure is OnFailure.STOP else lane, taints=True)
    if end.status is ExecutionStatus.CANCELLED:
        return Consequence(stopped, Outcome.CANCELLED)
    if end.status is ExecutionStatus.INTERRUPTED:
        return Consequence(stopped, Outcome.INTERRUPTED)
    if end.status is ExecutionStatus.SKIPPED or on_failure is OnFailure.SKIP:
        return Consequence(stopped, Outcome.SKIPPED)
    if on_failure is OnFailure.CONTINUE:
        return Consequence(lane, taints=True)
    return Consequence(stopped, Outcome.FAILURE)


def settled_outcome(borg: Outcome, *, tainted: bool) -> Outcome:
    """Return the outcome after Borg ended: a tolerated pre-backup failure turns success into a warning."""
    return status_so_far(borg, tainted=tainted)


def final_status(outcome: Outcome, *, tainted: bool) -> RunStatus:
    """Return the status of a finished run: a failing post script or retention turns success into a warning."""
    return RunStatus(status_so_far(outcome, tainted=tainted).value)
