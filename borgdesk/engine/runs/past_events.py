"""Reconstructs the events of a run from its database rows, for runs whose event file is missing or incomplete."""

from __future__ import annotations

from collections.abc import Iterator

from borgdesk.domain.events import (
    ArmedScript,
    BorgBegan,
    BorgEnded,
    Event,
    ExecutionEnded,
    ExecutionStarted,
    OutcomeSettled,
    RecoveryBegan,
    RunArmed,
    RunEnded,
    RunQueued,
    StepBegan,
)
from borgdesk.domain.history import BorgCall, Execution, Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import BorgStep, ExecutionStatus, RunKind, RunStatus, Step
from borgdesk.domain.sentences import run_sentence


def past_events(run: Run) -> Iterator[Event]:
    """Yield the events that must have led to the recorded history."""
    yield RunQueued(run.id, run.repository, run.kind, at=run.queued_at)
    if run.started_at is not None or run.executions:
        steps = (BorgStep.CREATE,) if run.kind is RunKind.BACKUP else ()
        yield RunArmed(run.id, tuple(map(armed_script, run.executions)), steps, at=run.started_at)
    if run.status is not RunStatus.QUEUED:
        yield StepBegan(run.id, run.step, at=run.started_at)
    if run.recovered:
        yield RecoveryBegan(run.id)
    for execution in run.executions:
        yield from _of_script(execution)
    for call in run.borg or _unrecorded(run):
        yield from _of_borg(run.id, call)
    if run.outcome is not None:
        yield OutcomeSettled(run.id, run.outcome, run.errors, run.archive, run.statistics)
    if run.status.is_final:
        yield RunEnded(run.id, run.repository, run.status, run_sentence(run), at=run.finished_at)


def armed_script(execution: Execution) -> ArmedScript:
    """Return the form of an armed script in events."""
    planned = execution.planned
    return ArmedScript(execution.id, planned.hook, planned.order, planned.name, planned.script_id, planned.revision)


def _of_script(execution: Execution) -> Iterator[Event]:
    run_id, planned = execution.run_id, execution.planned
    if execution.started_at is not None:
        yield ExecutionStarted(
            run_id, execution.id, planned.hook, planned.name, execution.recovered, at=execution.started_at
        )
    if execution.status is not ExecutionStatus.RUNNING and (execution.status.is_final or execution.reasons):
        yield ExecutionEnded(
            run_id,
            execution.id,
            planned.hook,
            planned.name,
            execution.status,
            execution.reasons,
            execution.exit_code,
            execution.duration,
            at=execution.finished_at,
        )


def _of_borg(run_id: RunId, call: BorgCall) -> Iterator[Event]:
    yield BorgBegan(run_id, call.step, at=call.started_at)
    if call.status is not RunStatus.RUNNING:
        yield BorgEnded(run_id, call.step, call.status, call.exit_code, call.errors, at=call.finished_at)


def _unrecorded(run: Run) -> tuple[BorgCall, ...]:
    """Return the backup step of a run by an older version, which did not record Borg's steps."""
    called = run.borg_exit_code is not None or run.archive is not None
    if run.outcome is None or not called or run.step is Step.QUEUED:
        return ()
    began = run.started_at or run.queued_at
    return (BorgCall(BorgStep.CREATE, RunStatus(run.outcome.value), began, exit_code=run.borg_exit_code),)
