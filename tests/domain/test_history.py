"""Properties of finished and unfinished history records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from borgdesk.domain.decisions import Policy
from borgdesk.domain.history import BorgCall, Execution, PlannedScript, Run
from borgdesk.domain.ids import ExecutionId, RepositoryId, RunId
from borgdesk.domain.run import ALWAYS, BorgStep, ExecutionStatus, Hook, OnFailure, RunStatus, Step, Trigger

BEGAN = datetime(2026, 11, 26, 13, tzinfo=UTC)
ENDED = BEGAN + timedelta(minutes=1, milliseconds=500)
PLANNED = PlannedScript("Stop", Hook.PRE_BACKUP, 1, Policy(ALWAYS, OnFailure.STOP, 60), revision=None)


def test_a_script_takes_no_time_before_it_has_ended() -> None:
    waiting = Execution(ExecutionId(1), RunId(1), PLANNED, ExecutionStatus.PENDING)
    under_way = replace(waiting, started_at=BEGAN)
    skipped = replace(waiting, finished_at=ENDED)
    assert [one.duration for one in (waiting, under_way, skipped)] == [None, None, None]
    assert replace(under_way, finished_at=ENDED).duration == 60.5


def test_a_call_of_borg_takes_no_time_before_it_has_ended() -> None:
    call = BorgCall(BorgStep.CREATE, RunStatus.RUNNING, BEGAN)
    assert call.duration is None
    assert replace(call, finished_at=ENDED).duration == 60.5


def test_what_became_of_a_step_of_borg() -> None:
    create, prune = (BorgCall(step, RunStatus.SUCCESS, BEGAN) for step in (BorgStep.CREATE, BorgStep.PRUNE))
    run = Run(
        RunId(1),
        RepositoryId(1),
        "Docs",
        "/backup",
        Trigger.USER,
        RunStatus.RUNNING,
        Step.RETENTION,
        BEGAN,
        borg=(create, prune),
    )
    assert run.borg_call(BorgStep.PRUNE) is prune
    assert run.borg_call(BorgStep.COMPACT) is None


def test_what_nobody_said_otherwise_of_is_whole_and_was_not_recovered() -> None:
    run = Run(RunId(1), RepositoryId(1), "Docs", "/backup", Trigger.USER, RunStatus.QUEUED, Step.QUEUED, BEGAN)
    script, call = (
        Execution(ExecutionId(1), RunId(1), PLANNED, ExecutionStatus.PENDING),
        BorgCall(BorgStep.CREATE, RunStatus.RUNNING, BEGAN),
    )
    assert not any((run.recovered, run.tainted, script.recovered))
    assert not any((script.truncated, call.truncated))
    assert not any((run.executions, run.borg, PLANNED.values, PLANNED.secrets))
