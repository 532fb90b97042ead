"""What is said about a run when it is over: one or two sentences, the same in a terminal, a window, a notification."""

from __future__ import annotations

from borgdesk.domain.history import Execution, Run
from borgdesk.domain.run import ExecutionStatus, Hook, RunStatus

_BEGINNINGS = {
    RunStatus.SUCCESS: "Backup of {name} finished.",
    RunStatus.WARNING: "Backup of {name} finished with warnings.",
    RunStatus.FAILURE: "Backup of {name} failed.",
    RunStatus.CANCELLED: "Backup of {name} was cancelled.",
    RunStatus.INTERRUPTED: "Backup of {name} was interrupted.",
    RunStatus.SKIPPED: "Backup of {name} was skipped.",
    RunStatus.QUEUED: "Backup of {name} waits for its turn.",
    RunStatus.RUNNING: "Backup of {name} is running.",
}


def run_sentence(run: Run) -> str:
    """What happened and, after trouble, what became of the scripts that put things back."""
    parts = [_BEGINNINGS[run.status].format(name=run.repository)]
    reason = run.error or _skip_reason(run)
    if reason and run.status is not RunStatus.SUCCESS:
        parts.append(reason)
    if run.status not in (RunStatus.SUCCESS, RunStatus.QUEUED, RunStatus.RUNNING):
        parts += _cleanup(run)
    return " ".join(parts)


def _skip_reason(run: Run) -> str:
    """Why a pre-backup script let the backup be skipped."""
    if run.status is not RunStatus.SKIPPED:
        return ""
    started = [e for e in run.executions if e.planned.hook is Hook.PRE_BACKUP and e.started_at is not None]
    said_no = [e for e in started if e.status is not ExecutionStatus.SUCCESS]
    return f"The script “{said_no[-1].planned.name}”: {said_no[-1].reason}." if said_no else ""


def _cleanup(run: Run) -> list[str]:
    post = [execution for execution in run.executions if execution.planned.hook.is_post]
    good = [execution for execution in post if execution.status is ExecutionStatus.SUCCESS]
    bad = [execution for execution in post if execution.status.is_bad]
    owed = [execution for execution in post if execution.status is ExecutionStatus.PENDING]
    sentences = []
    if good:
        sentences.append(f"{_names(good)} ran afterwards.")
    if bad:
        sentences.append(f"{_names(bad)} did not work: look at it.")
    if owed:
        sentences.append(f"Still owed: {_names(owed)}.")
    return sentences


def _names(executions: list[Execution]) -> str:
    names = [f"“{execution.planned.name}”" for execution in executions]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
