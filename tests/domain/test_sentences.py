"""What is said about a finished run: calm, and with the names of the scripts."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from borgdesk.domain.history import Execution, PlannedScript, Run
from borgdesk.domain.run import ALWAYS, ExecutionStatus, Hook, OnFailure, Policy, RunStatus, Step, Trigger
from borgdesk.domain.sentences import run_sentence

T0 = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
_ids = count(1)
GOOD, FAILED, PENDING, SKIPPED = (
    ExecutionStatus.SUCCESS,
    ExecutionStatus.FAILED,
    ExecutionStatus.PENDING,
    ExecutionStatus.SKIPPED,
)


def execution(name: str, hook: Hook, status: ExecutionStatus, **more: Any) -> Execution:
    planned = PlannedScript(name, hook, 1, Policy(ALWAYS, OnFailure.STOP, 300), "0" * 64)
    return Execution(next(_ids), 1, planned, status, **more)


def run(status: RunStatus, *executions: Execution, error: str | None = None) -> Run:
    return Run(1, 1, "Docs", "/r", Trigger.USER, status, Step.DONE, T0, error=error, executions=executions)


def post(name: str, status: ExecutionStatus) -> Execution:
    return execution(name, Hook.POST_BACKUP, status)


def test_success_is_short() -> None:
    assert run_sentence(run(RunStatus.SUCCESS, post("Start", GOOD))) == "Backup of Docs finished."


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (RunStatus.WARNING, "Backup of Docs finished with warnings."),
        (RunStatus.FAILURE, "Backup of Docs failed."),
        (RunStatus.CANCELLED, "Backup of Docs was cancelled."),
        (RunStatus.INTERRUPTED, "Backup of Docs was interrupted."),
        (RunStatus.SKIPPED, "Backup of Docs was skipped."),
        (RunStatus.QUEUED, "Backup of Docs waits for its turn."),
        (RunStatus.RUNNING, "Backup of Docs is running."),
    ],
)
def test_beginnings(status: RunStatus, sentence: str) -> None:
    assert run_sentence(run(status)) == sentence


@pytest.mark.parametrize("status", RunStatus)
def test_nothing_is_shouted(status: RunStatus) -> None:
    said = run_sentence(run(status, post("Start", GOOD), post("Report", FAILED), error="The disk is full."))
    assert "!" not in said
    assert said.endswith(".")
    assert not any(word.isupper() and len(word) > 1 for word in said.split())


def test_a_failure_says_why_and_what_ran_afterwards() -> None:
    failed = run(
        RunStatus.FAILURE,
        post("Start containers", GOOD),
        post("Unmount", GOOD),
        post("Report", GOOD),
        post("Only after success", SKIPPED),
        error="The disk is full.",
    )
    assert run_sentence(failed) == (
        "Backup of Docs failed. The disk is full. “Start containers”, “Unmount” and “Report” ran afterwards."
    )


def test_what_did_not_work_and_what_is_still_owed_is_named() -> None:
    interrupted = run(RunStatus.INTERRUPTED, post("Start", FAILED), post("Unmount", PENDING))
    assert run_sentence(interrupted) == (
        "Backup of Docs was interrupted. “Start” did not work: look at it. Still owed: “Unmount”."
    )


def test_a_skip_says_who_asked_for_it() -> None:
    skipped = run(
        RunStatus.SKIPPED,
        execution("Check power", Hook.PRE_BACKUP, GOOD, started_at=T0),
        execution("Check disk", Hook.PRE_BACKUP, SKIPPED, started_at=T0, reason="said not now (exit 75)"),
        execution("Stop", Hook.PRE_BACKUP, SKIPPED, reason="Check disk said not now before it"),
        post("Start", GOOD),
    )
    assert run_sentence(skipped) == (
        "Backup of Docs was skipped. The script “Check disk”: said not now (exit 75). “Start” ran afterwards."
    )
