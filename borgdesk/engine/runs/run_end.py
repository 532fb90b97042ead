"""The end of every run, shared by recipe and recovery: runs the owed scripts in order and sets the final status."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from borgdesk.domain.decisions import final_status
from borgdesk.domain.downtime import left_down
from borgdesk.domain.events import OutcomeSettled, RunEnded
from borgdesk.domain.history import Run
from borgdesk.domain.reasons import Code, Reason, in_words
from borgdesk.domain.run import ExecutionStatus, Hook, Outcome, RunStatus, Step
from borgdesk.domain.sentences import run_sentence
from borgdesk.engine.processes.script_records import forget_records
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.foreign_processes import wait_for_what_is_left
from borgdesk.engine.runs.hooks import run_lane
from borgdesk.engine.runs.shared_execution import settle_holds
from borgdesk.engine.secrets.secret_lifetime import forget_soon
from borgdesk.translation import _

_log = logging.getLogger(__name__)


def settle(active: ActiveRun, outcome: Outcome) -> None:
    """Record the outcome, which is final from now on, even if this process dies."""
    active.outcome = outcome
    active.errors = tuple(map(active.masked, active.errors))
    runs, run_id = active.workspace.store.runs, active.run.id
    code, archive, statistics, errors = active.borg_exit_code, active.archive, active.statistics, active.errors
    active.log.line(f"== outcome: {outcome}" + (f": {in_words(errors, ' ')}" if errors else ""))
    active.tell(
        OutcomeSettled(run_id, outcome, errors, archive, statistics, at=active.clock.now()),
        lambda: runs.settle(
            run_id, outcome, borg_exit_code=code, archive=archive, statistics=statistics, errors=errors
        ),
    )


def do_what_is_owed(active: ActiveRun, between: Callable[[ActiveRun], None]) -> None:
    """Run the post lanes, with *between* (retention) after the first of them."""
    wait_for_what_is_left(active)
    lanes = [hook for hook in active.run.kind.lanes if hook.is_post]
    for hook in lanes[:1]:
        _enter_and_run(active, hook)
    between(active)
    for hook in lanes[1:]:
        _enter_and_run(active, hook)


def _enter_and_run(active: ActiveRun, hook: Hook) -> None:
    active.enter(Step(hook))
    run_lane(active, hook)


def finish(active: ActiveRun, *, owes_nothing: bool = True) -> Run:
    """Give the run its final status, and return it as recorded. Nothing is raised, since its scripts have run.

    If the history cannot be written for long, that continues in the background, and the run is returned as known here.
    The notes of its scripts are deleted, unless a script that may need them is still owed, or could not start again
    what had been stopped. The user is told of the latter until they have seen it.
    """
    assert active.outcome is not None
    active.supervisor.close()
    runs, run_id = active.workspace.store.runs, active.run.id
    status, ended = final_status(active.outcome, tainted=active.tainted), active.clock.now()
    active.log.line(f"== finished: {status}")
    if active.log.error is not None:
        active.note(Reason(Code.LOG_INCOMPLETE, {"error": str(active.log.error.strerror)}))
    active.log.close()
    down = left_down(replace(one, status=active.ended.get(one.id, one.status)) for one in active.executions)
    to_tell = bool(down) and not active.recovered
    active.recorder.write(lambda: runs.finish(run_id, status, ended, to_tell=to_tell))
    written = active.recorder.flush()
    run = (_from_history(active) if written else None) or _from_memory(active, status, ended)
    if written:
        forget_records(active.folder)
        settle_holds(active)
    else:
        active.recorder.flush_later()
    if owes_nothing and not down and ExecutionStatus.PENDING not in active.ended.values():
        active.forget_notes()
    active.tell(RunEnded(run.id, run.repository, status, run_sentence(run), at=ended))
    active.events.close()
    forget_soon(active.workspace)
    return run


def _from_history(active: ActiveRun) -> Run | None:
    try:
        return active.workspace.store.runs.get(active.run.id)
    except Exception:
        # Another file was put in the database's place, which is no reason to run owed scripts again.
        _log.exception("history of run %d cannot be read", active.run.id)
        return None


def _from_memory(active: ActiveRun, status: RunStatus, ended: datetime) -> Run:
    trouble = active.recorder.trouble or _("its database has changed")
    return replace(
        active.run,
        status=status,
        step=Step.DONE,
        outcome=active.outcome,
        tainted=active.tainted,
        borg_exit_code=active.borg_exit_code,
        archive=active.archive,
        statistics=active.statistics,
        report=active.report,
        errors=active.errors,
        notes=(*active.run.notes, Reason(Code.HISTORY_UNWRITTEN, {"error": str(trouble)})),
        finished_at=ended,
        executions=tuple(replace(one, status=active.ended.get(one.id, one.status)) for one in active.executions),
    )
