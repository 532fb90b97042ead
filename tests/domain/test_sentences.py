"""Sentences about finished runs: factual, and with the names of the scripts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from borgdesk.domain.decisions import Policy
from borgdesk.domain.history import Execution, PlannedScript, Run
from borgdesk.domain.ids import ExecutionId, RepositoryId, RunId
from borgdesk.domain.reasons import text
from borgdesk.domain.run import ALWAYS, ExecutionStatus, Hook, OnFailure, RunStatus, Step, Trigger
from borgdesk.domain.sentences import recovery_sentence, run_sentence

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
    return Execution(ExecutionId(next(_ids)), RunId(1), planned, status, **more)


def run(status: RunStatus, *executions: Execution, error: str | None = None) -> Run:
    errors = () if error is None else (text(error),)
    return Run(
        RunId(1),
        RepositoryId(1),
        "Docs",
        "/r",
        Trigger.USER,
        status,
        Step.DONE,
        T0,
        errors=errors,
        executions=executions,
    )


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
        (RunStatus.QUEUED, "Backup of Docs is waiting."),
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
        "Backup of Docs was interrupted. “Start” failed and may need your attention. Still owed: “Unmount”."
    )


def test_a_script_that_failed_is_named_once() -> None:
    error = "The script “Start” failed (exit 3): no such container."
    one = run(RunStatus.WARNING, post("Start", FAILED), post("Report", GOOD), error=error)
    assert run_sentence(one) == (
        f"Backup of Docs finished with warnings. {error} It may need your attention. “Report” ran afterwards."
    )
    two = run(RunStatus.WARNING, post("Start", FAILED), post("Unmount", FAILED), error=error)
    assert run_sentence(two) == (
        f"Backup of Docs finished with warnings. {error} It may need your attention. “Unmount” failed and may need "
        "your attention."
    )


def test_what_may_still_be_down_is_said() -> None:
    stop = execution("Stop web", Hook.PRE_BACKUP, GOOD)
    error = "The script “Start web” failed (exit 3): no such container."
    failed = run(RunStatus.WARNING, stop, post("Start web", FAILED), error=error)
    assert run_sentence(failed) == (f"Backup of Docs finished with warnings. {error} What it starts may still be down.")
    assert recovery_sentence(failed, lambda _: "02:30") == (
        "“Start web” failed after the backup of “Docs”, at 02:30. What it starts may still be down."
    )
    untouched = execution("Stop web", Hook.PRE_BACKUP, SKIPPED)
    assert "down" not in run_sentence(run(RunStatus.WARNING, untouched, post("Start web", FAILED), error=error))


def test_a_skip_says_who_asked_for_it() -> None:
    skipped = run(
        RunStatus.SKIPPED,
        execution("Check power", Hook.PRE_BACKUP, GOOD, started_at=T0),
        execution("Tidy", Hook.PRE_BACKUP, FAILED, started_at=T0, reasons=(text("failed with exit code 1"),)),
        execution("Check disk", Hook.PRE_BACKUP, SKIPPED, started_at=T0, reasons=(text("said not now (exit 75)"),)),
        execution("Stop", Hook.PRE_BACKUP, SKIPPED, reasons=(text("Check disk said not now before it"),)),
        post("Start", GOOD),
    )
    assert run_sentence(skipped) == (
        "Backup of Docs was skipped. The script “Check disk” said “not now”. “Start” ran afterwards."
    )


def test_a_skip_by_policy_says_what_failed() -> None:
    skipped = run(
        RunStatus.SKIPPED,
        execution("Mount", Hook.PRE_BACKUP, FAILED, started_at=T0, reasons=(text("exit 1"),)),
        execution("Stop", Hook.PRE_BACKUP, SKIPPED, reasons=(text("Mount failed before it"),)),
    )
    assert run_sentence(skipped) == "Backup of Docs was skipped. The script “Mount” failed (exit 1)."


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.RUNNING])
def test_of_a_run_that_is_not_over_nothing_is_said_to_be_owed(status: RunStatus) -> None:
    said = run_sentence(run(status, post("Start", PENDING), post("Report", GOOD)))
    assert said == run_sentence(run(status))


def test_a_success_has_no_reason() -> None:
    assert run_sentence(run(RunStatus.SUCCESS, error="Some words.")) == "Backup of Docs finished."


def test_a_skip_that_no_script_asked_for() -> None:
    never_started = execution("Stop", Hook.PRE_BACKUP, SKIPPED, reasons=(text("no turn"),))
    started = execution("Check power", Hook.PRE_BACKUP, GOOD, started_at=T0)
    after = execution("Tidy", Hook.POST_RUN, SKIPPED, started_at=T0, reasons=(text("no matter"),))
    assert run_sentence(run(RunStatus.SKIPPED, never_started, started, after)) == "Backup of Docs was skipped."


class TestRecovery:
    def said(self, *executions: Execution) -> str:
        return recovery_sentence(run(RunStatus.INTERRUPTED, *executions), lambda moment: f"{moment:%H:%M}")

    def recovered(self, name: str, status: ExecutionStatus, minutes: int | None = None) -> Execution:
        finished = None if minutes is None else T0 + timedelta(minutes=minutes)
        return execution(name, Hook.POST_BACKUP, status, recovered=True, finished_at=finished)

    def test_what_ran_and_when_the_last_of_it_ended(self) -> None:
        assert self.said(self.recovered("Start", GOOD, 4), self.recovered("Unmount", GOOD, 2)) == (
            "BorgDesk was interrupted during the backup of “Docs”. “Start” and “Unmount” ran afterwards, at 02:34."
        )
        assert self.said(self.recovered("Start", GOOD)) == (
            "BorgDesk was interrupted during the backup of “Docs”. “Start” ran afterwards."
        )

    @pytest.mark.parametrize("status", [PENDING, FAILED])
    def test_what_did_not_work(self, status: ExecutionStatus) -> None:
        assert self.said(self.recovered("Start", GOOD, 0), self.recovered("Unmount", status)) == (
            "BorgDesk was interrupted during the backup of “Docs”. “Start” ran afterwards, at 02:30. "
            "“Unmount” failed and may need your attention."
        )

    def test_what_had_been_done_before_or_was_not_due_is_not_put_back(self) -> None:
        before = execution("Stop", Hook.PRE_BACKUP, GOOD, recovered=True, finished_at=T0)
        assert self.said(before, post("Start", GOOD)) == (
            "BorgDesk was interrupted during the backup of “Docs”. Nothing had to be put back."
        )
        assert self.said(self.recovered("Only after success", SKIPPED)) == (
            "BorgDesk was interrupted during the backup of “Docs”."
        )
