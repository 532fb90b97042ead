"""Runs the scripts of shared pairs: the first run stops the service, and the last one starts it again.

What a run may do is decided by :mod:`borgdesk.engine.runs.hold_file`; here it waits, runs the script, or records why it
was not run.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from borgdesk import private
from borgdesk.domain.decisions import ScriptEnd
from borgdesk.domain.downtime import found_stopped
from borgdesk.domain.errors import NotFound, StoreUnusable
from borgdesk.domain.events import ExecutionEnded
from borgdesk.domain.history import Execution, Run
from borgdesk.domain.holding import HoldKey
from borgdesk.domain.ids import RunId
from borgdesk.domain.reasons import Code, Reason, text
from borgdesk.domain.run import ExecutionStatus
from borgdesk.engine.processes import process, procfs
from borgdesk.engine.processes.markers import borg_marker
from borgdesk.engine.processes.process_tree import ProcessTree
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.runs import hold_file, hold_process
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.hold_file import Hold, Member, Wish
from borgdesk.engine.runs.script_execution import Shortage, run_script, skip
from borgdesk.engine.runs.script_states import ORPHAN_GRACE
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_log = logging.getLogger(__name__)

_GLANCE = 0.1
"""Seconds between two looks at a service that another run is stopping or starting."""

_LOOK_AFTER = 1.0
"""Seconds between two looks at the runs that one waits for: they may have died."""

_BUSY = {
    hold_file.TAKING: "is stopping it",
    hold_file.HELD: "has stopped it, and is not done with it",
    hold_file.FAILED: "failed to stop it",
    hold_file.RELEASING: "is starting it again",
}
"""What a run that has to be waited for does with a service, for the log."""


def run_shared(active: ActiveRun, execution: Execution) -> ScriptEnd | None:
    """Run a script of a shared pair to its end, once this run may; None if it is not up to this run.

    All errors become a failure of the script, never an exception.
    """
    hold = execution.planned.hold
    assert hold is not None
    return _stop(active, execution, hold) if execution.planned.hook.is_pre else _start(active, execution, hold)


def _stop(active: ActiveRun, execution: Execution, key: HoldKey) -> ScriptEnd | None:
    try:
        answer, hold = _take(active, execution, key)
        if answer == hold_file.TAKEN:
            _make_notes(active, execution, anew=True)
    except OSError as error:
        _took(active, key, stopped=False)
        reason = text(_("the stop could not be prepared: {error}").format(error=error.strerror))
        return _not_started(active, execution, ExecutionStatus.FAILED, reason)
    if answer == hold_file.WAIT:
        if active.cancel.asked:
            return _not_started(active, execution, ExecutionStatus.CANCELLED, Reason(Code.CANCELLED_BEFORE_START))
        return _not_started(active, execution, ExecutionStatus.FAILED, Reason(Code.HOLD_BUSY, {"run": hold.run}))
    active.held.add(key.key)
    if answer == hold_file.JOINED:
        skip(active, execution, Reason(Code.ALREADY_STOPPED, {"run": hold.run}))
        return None
    end = run_script(active, execution)
    _took(active, key, stopped=end.status is ExecutionStatus.SUCCESS)
    return end


def _take(active: ActiveRun, execution: Execution, key: HoldKey) -> tuple[str, Hold]:
    """Wait until the service is down, or this run may stop it; at most for the script's timeout."""
    wish, at = Wish(key.key, key.place, key.name), active.clock.now().isoformat()
    member = Member(active.run.id, active.mark, _processes(active))
    end, look_after, told = time.monotonic() + execution.planned.policy.timeout, 0.0, 0
    while True:
        answer, hold = hold_file.take(_folder(active), wish, member, at)
        if answer != hold_file.WAIT or active.cancel.asked or time.monotonic() >= end:
            _forget_old(active, hold)
            return answer, hold
        if hold.run != told:
            told = hold.run
            active.log.line(f"-- {execution.planned.name}: waits for run {told}, which {_BUSY[hold.state]}")
        if time.monotonic() >= look_after:
            _look_after(active, hold)
            look_after = time.monotonic() + _LOOK_AFTER
        active.cancel.wait(_GLANCE)


def _processes(active: ActiveRun) -> list[str]:
    """Return who will give back what this run holds: its own process, and its guardian."""
    found = [hold_process.this_process()]
    if active.guardian is not None:
        with contextlib.suppress(OSError):
            found.append(hold_process.who_is(active.guardian))
    return found


def _look_after(active: ActiveRun, hold: Hold) -> None:
    """Finish dead runs that hold the service, and forget those that do not owe its start any more."""
    for member in hold.members.values():
        try:
            run = _run_of(active, member.run)
        except StoreUnusable:
            return
        if run is None and member.is_alive:
            continue  # its history is another one
        if run is None or not _owes(run, hold.key):
            _log.warning("run %d holds %s, but owes nothing", member.run, hold.name)
            _quietly(partial(hold_file.forget, _folder(active), hold.key, [member.run]))
        elif not member.is_alive and active.recover is not None and run.id != active.run.id:
            _recover(active, run)


def _recover(active: ActiveRun, run: Run) -> None:
    try:
        turn = Turn.try_take(active.workspace, run.turn)
        if turn is None:
            return  # somebody does it already
        with turn:
            pass
        assert active.recover is not None
        active.recover(run)
    except Exception:
        _log.exception("run %d, which holds what run %d needs, could not be recovered", run.id, active.run.id)


def _run_of(active: ActiveRun, run_id: int) -> Run | None:
    try:
        return active.workspace.store.runs.get(RunId(run_id), with_output=False)
    except NotFound:
        return None


def _owes(run: Run, key: str) -> bool:
    """Return whether a run may still start again what it holds by this key."""
    open_ones = (ExecutionStatus.PENDING, ExecutionStatus.RUNNING)
    starts = (one for one in run.executions if one.planned.hook.is_post and one.status in open_ones)
    return not run.status.is_final or any(one.planned.hold and one.planned.hold.key == key for one in starts)


def _forget_old(active: ActiveRun, hold: Hold) -> None:
    """Forget traces of runs that are over, but could not remove them themselves."""
    with contextlib.suppress(StoreUnusable):
        over = [number for number in hold.gone if (run := _run_of(active, number)) is None or run.status.is_final]
        if over:
            _quietly(partial(hold_file.settled, _folder(active), hold.key, over))


def _took(active: ActiveRun, key: HoldKey, *, stopped: bool) -> None:
    _quietly(partial(hold_file.took, _folder(active), key.key, active.run.id, stopped=stopped))


def _start(active: ActiveRun, execution: Execution, key: HoldKey) -> ScriptEnd | None:
    if execution.id in active.found:
        end = run_script(active, execution)
        _gave_back(active, execution, key, active.ended[execution.id])
        return end
    try:
        answer, run, marks = _give_back(active, execution, key)
    except OSError as error:
        reason = Reason(Code.NOT_STARTED_YET, {"error": str(error.strerror)})
        return _not_started(active, execution, ExecutionStatus.PENDING, reason)
    if answer == hold_file.BUSY:
        return _not_started(active, execution, ExecutionStatus.PENDING, Reason(Code.HOLD_NEEDED, {"run": run}))
    if answer not in (hold_file.LAST, hold_file.AGAIN):
        skip(active, execution, _why_not(answer, run))
        return None
    process.end_trees([ProcessTree(borg_marker(mark)) for mark in marks if mark], ORPHAN_GRACE)
    if answer == hold_file.AGAIN:
        active.with_own_notes.add(execution.id)
    with contextlib.suppress(OSError):
        _make_notes(active, execution)
    end = run_script(active, execution)
    _gave_back(active, execution, key, active.ended[execution.id])
    return end


def _why_not(answer: str, run: int) -> Reason:
    if answer == hold_file.NEVER:
        return Reason(Code.NOT_STOPPED_HERE)
    return Reason(Code.LEFT_TO_RUN if answer == hold_file.LEFT else Code.ALREADY_STARTED, {"run": run})


def _give_back(active: ActiveRun, execution: Execution, key: HoldKey) -> tuple[str, int, list[str]]:
    """Give the service back, and try again while the files cannot be written.

    Raises:
        OSError: they could not be written in the time that the script may take.
    """
    folder, patience = _folder(active), Shortage(active, execution)
    while True:
        try:
            hold = hold_file.read(folder, key.key)
            _forget_finished(active, hold)
            return hold_file.give_back(
                folder, key.key, active.run.id, hold_process.this_process(), stopped=_has_stopped(active, key)
            )
        except OSError as error:
            _log.warning("what run %d holds cannot be given back: %s", active.run.id, error)
            _wake(active)
            if not patience.may_try_again():
                raise


def _forget_finished(active: ActiveRun, hold: Hold) -> None:
    """Forget other members that are over: nobody must leave the start to them."""
    with contextlib.suppress(StoreUnusable):
        over = [
            one.run
            for one in hold.others(active.run.id)
            if (run := _run_of(active, one.run)) is not None and not _owes(run, hold.key)
        ]
        if over:
            hold_file.forget(_folder(active), hold.key, over)


def _has_stopped(active: ActiveRun, key: HoldKey) -> bool:
    """Return whether this run has begun to stop the service, or relied on another run having stopped it."""
    stops = (one for one in active.executions if one.planned.hook.is_pre and one.planned.hold == key)
    return key.key in active.held or any(has_stopped(one) for one in stops)


def has_stopped(execution: Execution) -> bool:
    """Return whether a script has begun to stop something, or found it stopped by another run."""
    return execution.started_at is not None or found_stopped(execution)


def _wake(active: ActiveRun) -> None:
    """Resume processes that were stopped (SIGSTOP) while they had the lock."""
    for holder in procfs.frozen_holders(active.workspace.paths.holds / "lock"):
        procfs.send(holder, signal.SIGCONT)


def _gave_back(active: ActiveRun, execution: Execution, key: HoldKey, status: ExecutionStatus) -> None:
    """Record how the start ended. After a failure, the notes are kept with the run, for when it is tried again."""
    started = status is ExecutionStatus.SUCCESS
    # Nobody else uses the notes until it is recorded.
    _quietly(partial(_clear_notes, active, execution, key, keep=not started))
    _quietly(partial(hold_file.gave_back, _folder(active), key.key, active.run.id, started=started))


def _clear_notes(active: ActiveRun, execution: Execution, key: HoldKey, *, keep: bool) -> None:
    """Remove the notes of a service that this run starts again, or copy them to those of the run to *keep* them.

    Raises:
        OSError: the hold cannot be read, or the notes cannot be copied.
    """
    folder = _folder(active)
    notes, hold = Path(hold_file.notes(folder, key.key)), hold_file.read(folder, key.key)
    if hold.state != hold_file.RELEASING or hold.run != active.run.id:
        return
    if not keep:
        private.remove(notes.parent, notes.name)
    elif execution.id not in active.with_own_notes:
        shutil.copytree(notes, active.notes, dirs_exist_ok=True)


def over(active: ActiveRun, execution: Execution) -> None:
    """Record the end of a script that is in the history, but perhaps not in the files of its hold."""
    key, status = execution.planned.hold, execution.status
    if key is not None and execution.planned.hook.is_post and status is not ExecutionStatus.SKIPPED:
        _gave_back(active, execution, key, status)


def settle_holds(active: ActiveRun) -> None:
    """Forget that this run left a start to others, now that its history says so."""
    for key in {one.planned.hold.key for one in active.executions if one.planned.hold is not None}:
        _quietly(partial(hold_file.settled, _folder(active), key, [active.run.id]))


def forget_holds(workspace: Workspace, run_id: RunId, executions: tuple[Execution, ...]) -> None:
    """Forget a run whose start the user has done by hand."""
    for key in {one.planned.hold.key for one in executions if one.planned.hold is not None}:
        _quietly(partial(hold_file.forget, str(workspace.paths.holds), key, [run_id]))


def _make_notes(active: ActiveRun, execution: Execution, *, anew: bool = False) -> None:
    notes = active.notes_of(execution)
    if anew:
        private.remove(notes.parent, notes.name)
    private.make_folder(notes)


def _not_started(active: ActiveRun, execution: Execution, status: ExecutionStatus, reason: Reason) -> ScriptEnd:
    """Record a script that could not be started; for the lane, one that stays owed has failed."""
    executions, planned, ended = active.workspace.store.executions, execution.planned, active.clock.now()
    reason = active.masked(reason)
    active.log.line(f"-- {planned.name}: {reason.in_words()}")
    active.ended[execution.id] = status
    event = ExecutionEnded(active.run_id, execution.id, planned.hook, planned.name, status, (reason,), at=ended)
    active.tell(event, partial(executions.end, execution.id, status, reasons=(reason,), finished_at=ended))
    return ScriptEnd(planned.name, ExecutionStatus.FAILED if status is ExecutionStatus.PENDING else status)


def _folder(active: ActiveRun) -> str:
    return str(active.workspace.paths.holds)


def _quietly(record: Callable[[], object]) -> None:
    """Record something that a later look at the history would find, too."""
    try:
        record()
    except OSError as error:
        _log.warning("a hold could not be recorded: %s", error)
