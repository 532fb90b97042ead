"""The end of every run: what is owed, in order, and the final word. The recipe and the recovery share it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from borgdesk.domain.events import OutcomeSettled, RunEnded
from borgdesk.domain.history import Run
from borgdesk.domain.run import Hook, Outcome, RunStatus, Step, final_status
from borgdesk.domain.sentences import run_sentence
from borgdesk.engine.active_run import ActiveRun
from borgdesk.engine.hooks import run_lane

_log = logging.getLogger(__name__)


def settle(active: ActiveRun, outcome: Outcome) -> None:
    """The outcome is known, and will not change any more, whatever happens to us."""
    active.outcome = outcome
    active.error = active.masker.mask_text(active.error) if active.error else None
    runs, run_id = active.workspace.store.runs, active.run.id
    code, archive, statistics, error = active.borg_exit_code, active.archive, active.statistics, active.error
    active.log.line(f"== outcome: {outcome}" + (f": {error}" if error else ""))
    active.recorder.write(
        lambda: runs.settle(run_id, outcome, borg_exit_code=code, archive=archive, statistics=statistics, error=error)
    )
    active.tell(OutcomeSettled(run_id, outcome, error, archive, statistics))


def do_what_is_owed(active: ActiveRun, between: Callable[[ActiveRun], None]) -> None:
    """The post lanes, with *between* (retention) between them."""
    active.enter(Step.POST_BACKUP)
    run_lane(active, Hook.POST_BACKUP)
    between(active)
    active.enter(Step.POST_RUN)
    run_lane(active, Hook.POST_RUN)


def finish(active: ActiveRun, *, owes_nothing: bool = True) -> Run:
    """Give the run its final status, and return it as history has it: what it owed is done, so nothing is raised.

    When history cannot be written for long, that goes on in the background, and the run is returned as we know it. The
    notes its scripts left each other go, unless a script that may need them is still owed.
    """
    assert active.outcome is not None
    runs, run_id = active.workspace.store.runs, active.run.id
    status, ended = final_status(active.outcome, tainted=active.tainted), active.clock.now()
    active.log.line(f"== finished: {status}")
    if active.log.error is not None:
        active.note(f"The log is incomplete: {active.log.error.strerror}.")
    active.log.close()
    active.recorder.write(lambda: runs.finish(run_id, status, ended))
    written = active.recorder.flush()
    run = (_from_history(active) if written else None) or _from_memory(active, status, ended)
    if not written:
        active.recorder.flush_later()
    if owes_nothing:
        shutil.rmtree(active.notes, ignore_errors=True)
    announce(active, run, status)
    return run


def _from_history(active: ActiveRun) -> Run | None:
    try:
        return active.workspace.store.runs.get(active.run.id)
    except Exception:
        # Somebody put another file in the database's place: no reason to do again what was owed.
        _log.exception("history of run %d cannot be read", active.run.id)
        return None


def _from_memory(active: ActiveRun, status: RunStatus, ended: datetime) -> Run:
    trouble = active.recorder.trouble or "its database has changed"
    return replace(
        active.run,
        status=status,
        step=Step.DONE,
        outcome=active.outcome,
        tainted=active.tainted,
        borg_exit_code=active.borg_exit_code,
        archive=active.archive,
        statistics=active.statistics,
        error=active.error,
        note=f"History could not be written: {trouble}",
        finished_at=ended,
        executions=tuple(replace(one, status=active.ended.get(one.id, one.status)) for one in active.executions),
    )


def announce(active: ActiveRun, run: Run, status: RunStatus) -> None:
    """Tell that the run is over."""
    active.tell(RunEnded(run.id, run.repository, status, run_sentence(run)))
