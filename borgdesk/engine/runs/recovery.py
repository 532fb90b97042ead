"""Finishes runs whose process died: the first process to claim such a run executes what it owes, once."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial

from borgdesk import logs
from borgdesk.domain.downtime import left_down
from borgdesk.domain.errors import BorgDeskError, Defect, InUse, StoreUnusable
from borgdesk.domain.events import ExecutionEnded, RecoveryBegan, StillOwed, Tell
from borgdesk.domain.history import Execution, Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.run import ExecutionStatus, Outcome, RunKind, RunStatus, Step
from borgdesk.domain.sentences import interrupted, subject
from borgdesk.engine.desktop.session import awake
from borgdesk.engine.notices import of_recovery, send_without_window
from borgdesk.engine.processes import process, procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.markers import execution_marker, mark_of
from borgdesk.engine.repositories.queue import Turn, wake_guardians
from borgdesk.engine.repositories.shared_services import reading_meanwhile
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.borg_in_run import clear_stale_locks
from borgdesk.engine.runs.event_delivery import NOBODY, Backlog, delivered
from borgdesk.engine.runs.event_log import EventLog
from borgdesk.engine.runs.foreign_processes import not_ended
from borgdesk.engine.runs.hooks import was_not_started
from borgdesk.engine.runs.output_capture import Masker
from borgdesk.engine.runs.recorder import patiently
from borgdesk.engine.runs.recovery_secrets import SoughtSecrets
from borgdesk.engine.runs.remains import is_dead
from borgdesk.engine.runs.restore_end import finish_or_roll_back
from borgdesk.engine.runs.retention import retention_is_unfinished
from borgdesk.engine.runs.run_end import do_what_is_owed, finish, settle
from borgdesk.engine.runs.run_folders import log_in, notes_in, now, run_folder, test_folder
from borgdesk.engine.runs.run_log import RunLog
from borgdesk.engine.runs.script_execution import run_script, skip
from borgdesk.engine.runs.script_states import ORPHAN_GRACE, ScriptStates
from borgdesk.engine.runs.shared_execution import forget_holds
from borgdesk.engine.runs.stop_requests import StopRequests
from borgdesk.engine.runs.story import fold
from borgdesk.engine.runs.story_reader import read_events
from borgdesk.engine.secrets.added_secrets import forget_never_added
from borgdesk.engine.secrets.secret_lifetime import forget_unneeded
from borgdesk.engine.workspace import Workspace
from borgdesk.paths import Paths
from borgdesk.store.faults import StoreDamaged
from borgdesk.translation import _

_log = logging.getLogger(__name__)

_TURN_PATIENCE = 60.0
"""Seconds to wait for the location of a dead run; whoever holds it then is not recovering this run."""

_GLANCE = 0.2

_BUSY_TIMEOUT = 500
"""Milliseconds that the guardian waits for other programs that write to the database. Its turn at the location is claim
enough, and the history can wait."""

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
"""Seconds between two attempts; each pause is twice as long as the one before it."""

_RETENTION_LEFT = Reason(Code.RETENTION_INTERRUPTED)
_CUT_SHORT = Reason(Code.CUT_SHORT)


def recover_all(workspace: Workspace, tell: Tell = NOBODY, cancel: Cancel | None = None) -> list[Run]:
    """Finish every dead run once, oldest first, except for those that another process has claimed."""
    runs = workspace.store.run_reader
    dead = [run for run in runs.unfinished() if is_dead(run)]
    with delivered(tell) as backlog:
        recovered = [_recovered(workspace, run, backlog, cancel or Cancel()) for run in (*dead, *runs.owing())]
    _end_dead_tests(workspace)
    forget_unneeded(workspace)
    forget_never_added(workspace)
    return [run for run in recovered if run is not None]


def left_undone(workspace: Workspace) -> list[Run]:
    """Return dead runs and those that owe a script; another process may be working on them."""
    runs = workspace.store.run_reader
    return [*(run for run in runs.unfinished() if is_dead(run)), *runs.owing()]


def _recovered(workspace: Workspace, run: Run, tell: Backlog, cancel: Cancel) -> Run | None:
    """As :func:`recover_run`, with retries while the system lacks resources."""
    end, pauses = time.monotonic() + _TURN_PATIENCE, _pauses()
    while True:
        try:
            return recover_run(workspace, run, tell, cancel)
        except Exception as error:
            if not process.is_shortage(error) or time.monotonic() >= end or cancel.wait(next(pauses)):
                raise
            _log.warning("run %d is tried again: %s", run.id, error)
            run = workspace.store.runs.get(run.id, with_output=False)


def _pauses() -> Iterator[float]:
    """Yield the pauses, in seconds, between attempts."""
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE)


def recover_as_guardian(run_id: RunId, texts: Sequence[bytes] = ()) -> str | None:
    """Recover a run for the guardian after the application has died; return why it failed, or None.

    *texts* are those of the owed scripts, in case their copies on disk are gone. If the system lacks resources, it
    retries with growing pauses.
    """
    logs.start(Paths.from_environment(os.environ).state)
    _log.warning("the application died during run %d", run_id)
    pauses = _pauses()
    try:
        while not _recover_for_user(Workspace.open(busy_timeout=_BUSY_TIMEOUT), run_id, texts):
            time.sleep(next(pauses))
    except Exception as error:
        _log.exception("run %d could not be recovered", run_id)
        return str(error if isinstance(error, BorgDeskError) else Defect())
    return None


def _recover_for_user(workspace: Workspace, run_id: RunId, texts: Sequence[bytes]) -> bool:
    """Execute what a run owes, and notify the user; return False if it should be retried."""
    with closing(workspace.store):
        run = patiently(lambda: workspace.store.runs.get(run_id, with_output=False), Cancel())
        # The guardian has inherited the turn at the location, so it need not acquire it.
        if run.status.is_final and not _owes_for_shortage(run):
            return True
        with awake(subject(run.kind, run.repository), wait=False):
            recovered = _claim_and_finish(workspace, run, NOBODY, Cancel(), texts)
        if recovered is None:
            return True
        send_without_window(workspace, of_recovery(recovered))
        return not _owes_for_shortage(recovered)


def _owes_for_shortage(run: Run) -> bool:
    """Return whether a script is still owed for lack of resources, which may become available at any time."""
    return any(was_not_started(one) for one in run.executions)


def recover_run(workspace: Workspace, run: Run, tell: Tell = NOBODY, cancel: Cancel | None = None) -> Run | None:
    """Finish a dead run and return it; None if another process does.

    A script that fails stays owed: the run is finished without it, and it is retried at the next start.
    """
    turn = _take_turn(workspace, run)
    if turn is None:
        return None
    with delivered(tell) as backlog, turn, awake(subject(run.kind, run.repository), wait=False):
        return _claim_and_finish(workspace, run, backlog, cancel or Cancel())


def _take_turn(workspace: Workspace, run: Run) -> Turn | None:
    """Acquire the turn. Wait for it while a dead run's guardian has it; scripts that are still owed can wait longer."""
    end = time.monotonic() + (0 if run.status.is_final else _TURN_PATIENCE)
    while (turn := Turn.try_take(workspace, run.turn)) is None:
        wake_guardians(workspace, run.turn)
        if time.monotonic() >= end:
            break
        time.sleep(_GLANCE)
    return turn


def _claim_and_finish(
    workspace: Workspace, run: Run, tell: Tell, cancel: Cancel, texts: Sequence[bytes] = ()
) -> Run | None:
    runs = workspace.store.runs
    claim = partial(runs.claim, run.id, run.owner, procfs.identity())
    claimed = _claim(claim)
    if claimed is False:
        _log.debug("run %d is somebody else's to recover", run.id)
        return None
    known, run = run, runs.get(run.id, with_output=False)
    if claimed is None and (run.owner, run.status) != (known.owner, known.status):
        return None
    secrets = SoughtSecrets(workspace, run)
    folder = run_folder(workspace, run.id)
    standing = ScriptStates(folder, mark_of(run.token, notes_in(folder)), run.executions)
    found = standing.settle()
    _log.debug(
        "recovering run %d, which died in %s as %s; scripts found: %s; still running: %s",
        run.id, run.step, run.status, dict(found), sorted(standing.left_running),
    )  # fmt: skip
    active = _reactivate(workspace, run, tell, cancel, secrets)
    active.found, active.left_running = found, standing.left_running
    active.texts.know(texts)
    with StopRequests(folder, run.id, cancel, tell), active.supervisor:
        return _finish(active, claim if claimed is None else None)


def _finish(active: ActiveRun, unclaimed: Callable[[], bool] | None) -> Run:
    run = active.run
    active.log.line("== recovery")
    active.tell(RecoveryBegan(run.id, at=active.clock.now()))
    if unclaimed is not None:
        active.recorder.put_aside(unclaimed)
    _close_before_backup(active)
    _close_borg(active)
    if run.outcome is None:
        never_began = run.step is Step.QUEUED
        active.errors = run.errors or (interrupted(run.kind, before_start=never_began),)
        settle(active, _outcome_of_dead(active))
    do_what_is_owed(active, between=partial(_instead_of_retention, died_in=run.step))
    return finish(active, owes_nothing=not _keep_what_failed(active))


def _outcome_of_dead(active: ActiveRun) -> Outcome:
    """What became of the work that nobody settled. A restore is finished, or rolled back, before services start."""
    if active.run.kind is not RunKind.RESTORE:
        return Outcome.INTERRUPTED
    errors, active.errors = active.errors, ()
    outcome = finish_or_roll_back(active)
    if outcome is Outcome.INTERRUPTED:
        active.errors = errors
    return outcome


def _claim(claim: Callable[[], bool]) -> bool | None:
    """Return whether the run is ours now; None if that cannot be written.

    Then the turn at the location decides, which only one process has at a time: services must not stay stopped because
    another program has locked the database, or its disk is full.
    """
    try:
        return claim()
    except StoreDamaged:
        raise
    except StoreUnusable as error:
        _log.warning("a run is recovered before it could be claimed: %s", error)
        return None


_BORG_WORKS_IN = (
    *(Step.CREATE, Step.RESTORE, Step.CHECK, Step.PRUNE, Step.COMPACT, Step.BREAK_LOCK, Step.INFO, Step.RETENTION),
)


def _instead_of_retention(active: ActiveRun, died_in: Step) -> None:
    """Record that a recovery does not begin retention; clean up if Borg was killed during it."""
    if died_in in _BORG_WORKS_IN:
        clear_stale_locks(active)
    if _owed_retention(active):
        active.note(_RETENTION_LEFT)


def _owed_retention(active: ActiveRun) -> bool:
    """Return whether retention was due and is incomplete, judging by what Borg did, not by where the run died."""
    run = active.run
    if run.kind is not RunKind.BACKUP:
        return False
    if active.outcome is None or not active.outcome.made_archive or run.repository_id is None or run.status.is_final:
        return False
    try:
        repository = active.workspace.store.repositories.get(run.repository_id)
    except BorgDeskError:
        return False
    return bool(repository.retention) and retention_is_unfinished(run)


def _reactivate(workspace: Workspace, run: Run, tell: Tell, cancel: Cancel, sought: SoughtSecrets) -> ActiveRun:
    secrets, passphrase = sought.found()
    masker = Masker([*secrets.values(), *([passphrase] if passphrase else [])])
    # A running script was interrupted, unless it is found alive: it may have run partly, so it runs again from its
    # beginning.
    executions = tuple(
        replace(e, status=ExecutionStatus.PENDING)
        if e.planned.hook.is_post and e.status is ExecutionStatus.RUNNING
        else e
        for e in run.executions
    )
    folder = run_folder(workspace, run.id)
    active = ActiveRun(
        workspace, run, executions, folder, RunLog(log_in(folder)), masker, secrets, cancel, tell, recovered=True
    )
    active.before = fold(read_events(folder))
    active.outcome, active.tainted, active.errors = run.outcome, run.tainted, run.errors
    active.archive, active.statistics, active.borg_exit_code = run.archive, run.statistics, run.borg_exit_code
    active.report = dict(run.report)
    return active


def _close_before_backup(active: ActiveRun) -> None:
    """Record the final status of pre-backup scripts: they are not run again."""
    executions, ended = active.workspace.store.executions, active.clock.now()
    for execution in active.executions:
        if not execution.planned.hook.is_pre:
            continue
        if execution.id in active.found:
            run_script(active, execution)
        elif execution.status is ExecutionStatus.RUNNING:
            tree = active.left_running.get(execution.id)
            left = (not_ended(found),) if tree is not None and (found := tree.look()) else ()
            event = _interrupted(execution, (_CUT_SHORT, *left), ended)
            end = partial(
                executions.end, execution.id, ExecutionStatus.INTERRUPTED, reasons=event.reasons, finished_at=ended
            )
            active.tell(event, end)
        elif execution.status is ExecutionStatus.PENDING:
            skip(active, execution, Reason(Code.DIED_BEFORE))


def _interrupted(execution: Execution, reasons: tuple[Reason, ...], ended: datetime) -> ExecutionEnded:
    planned, status = execution.planned, ExecutionStatus.INTERRUPTED
    return ExecutionEnded(execution.run_id, execution.id, planned.hook, planned.name, status, reasons, at=ended)


def _close_borg(active: ActiveRun) -> None:
    """Record the end of a Borg call that was running when its process died."""
    for call in active.run.borg:
        if call.status is RunStatus.RUNNING:
            active.end_borg(
                replace(call, status=RunStatus.INTERRUPTED, errors=(_CUT_SHORT,), finished_at=active.clock.now())
            )


def _keep_what_failed(active: ActiveRun) -> bool:
    """Keep scripts owed that failed in a recovery; return whether there are any.

    A script that was started before and ended by itself has had its turn, as in a run that goes on.
    """
    executions, failed = active.workspace.store.executions, False
    for execution in active.executions:
        status = active.ended.get(execution.id)
        here = execution.id in active.started_here or status is ExecutionStatus.TIMED_OUT
        if execution.planned.hook.is_post and status is not None and status.is_bad and here:
            owed = StillOwed(active.run.id, execution.id, at=active.clock.now())
            active.tell(owed, partial(executions.still_owed, execution.id))
            active.note(Reason(Code.STILL_OWED, {"script": execution.planned.name}))
            failed = True
    return failed


def settle_by_hand(workspace: Workspace, run_id: RunId) -> None:
    """Record that the user did what a run still owes, so that it is not retried."""
    executions = workspace.store.executions
    with EventLog(run_folder(workspace, run_id)) as events:
        for execution in executions.of_run(run_id):
            if execution.status is ExecutionStatus.PENDING:
                planned, done = execution.planned, Reason(Code.DONE_BY_HAND)
                skipped = ExecutionStatus.SKIPPED
                events.append(
                    ExecutionEnded(run_id, execution.id, planned.hook, planned.name, skipped, (done,), at=now())
                )
                executions.skip(execution.id, done)
    forget_holds(workspace, run_id, executions.of_run(run_id))


def owe_again(workspace: Workspace, run_id: RunId) -> None:
    """Owe once more what failed to start again what a run had stopped, because the user wants it to be tried again.

    Raises:
        InUse: another run has stopped the same and still reads it; it starts it at its end.
    """
    store = workspace.store
    run = store.runs.get(run_id, with_output=False)
    failed = left_down(run.executions)
    alive = [one for one in store.runs.unfinished() if one.status is not RunStatus.QUEUED and not is_dead(one)]
    if reading := reading_meanwhile(store, run, {one.id for one in failed}, alive):
        raise InUse(
            _(
                "“{repository}” is being backed up, and needs the same services stopped. "
                "They are started again when that backup ends."
            ).format(repository=reading[0].repository)
        )
    with EventLog(run_folder(workspace, run_id)) as events:
        for execution in failed:
            events.append(StillOwed(run_id, execution.id, at=now()))
            store.executions.still_owed(execution.id)
    store.runs.mark_told([run_id])


def _end_dead_tests(workspace: Workspace) -> None:
    """End tests whose process died: they owe nothing, but must not appear as running for ever."""
    for execution in workspace.store.execution_reader.unfinished_tests():
        if execution.owner is None or not procfs.is_alive(execution.owner):
            mark = mark_of(execution.token, notes_in(test_folder(workspace, execution.id)))
            marker = execution_marker(mark, execution.id)
            process.end_families([marker], ORPHAN_GRACE)
            ended = max(now(), execution.started_at or now())
            executions = workspace.store.executions
            executions.end(execution.id, ExecutionStatus.INTERRUPTED, reasons=(_CUT_SHORT,), finished_at=ended)
