"""Finishing runs whose process died: what they owe is done, once, by whoever claims them first."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from threading import Thread

from borgdesk import logs
from borgdesk.domain.errors import BorgDeskError, SecretsUnavailable, StoreUnusable
from borgdesk.domain.events import Event, Tell
from borgdesk.domain.history import PlannedScript, Run
from borgdesk.domain.run import ExecutionStatus, Hook, Outcome, Step
from borgdesk.domain.sentences import run_sentence
from borgdesk.engine import process, procfs
from borgdesk.engine.active_run import ActiveRun, SecretValues, log_in, notes_in, now, run_folder, test_folder
from borgdesk.engine.arming import PASSPHRASE, passphrase_owner, secret_values
from borgdesk.engine.borg_process import borg_marker
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.closing import do_what_is_owed, finish, settle
from borgdesk.engine.desktop import awake, notify
from borgdesk.engine.hooks import execution_marker, skip
from borgdesk.engine.maintain import clear_stale_locks
from borgdesk.engine.output import Masker, RunLog
from borgdesk.engine.queue import Turn
from borgdesk.engine.recorder import patiently
from borgdesk.engine.workspace import Workspace
from borgdesk.paths import Paths
from borgdesk.store.faults import StoreDamaged

_log = logging.getLogger(__name__)

_TURN_PATIENCE = 60.0
"""Seconds to wait for the location of a dead run; who has it then is not working for this run."""

_ORPHAN_GRACE = 1.0
"""Seconds that orphans get to end by themselves: what was stopped waits to be started again. A Borg that is killed then
loses what it had not committed, and no more; its locks are cleared."""

_BUSY_TIMEOUT = 500
"""Milliseconds for which the guardian waits for another program that writes to the database. Its turn at the location
is claim enough, and history can wait."""

_KEYRING_PATIENCE = 60.0
"""Seconds more for a keyring that has not answered when the orphans have ended: enough to type its password."""

_KEYRING_PATIENCE_FOR_MASKS = 1.0
"""The same where no script that is owed needs a secret, so that they are only to be masked in what is printed."""

_RETENTION_LEFT = "Retention was left for the next run, because this one was interrupted."
_CUT_SHORT = "BorgDesk was ended while it ran"
_INTERRUPTED = "BorgDesk was ended while the backup was under way."
_DIED = "BorgDesk was ended during a backup"
_NOT_DONE = "What the run owes could not be done; look whether all services are up."
_NEVER_BEGAN = "BorgDesk was ended before the backup began; nothing was stopped."


def _silent(_: Event) -> None:
    pass


def is_dead(run: Run) -> bool:
    """Whether the process that is responsible for *run* is gone. A pid alone would not tell: it is used again."""
    return run.owner is None or not procfs.is_alive(run.owner)


def recover_all(workspace: Workspace, tell: Tell = _silent, cancel: Cancel | None = None) -> list[Run]:
    """Finish every dead run once, oldest first. Runs that somebody else has claimed are left to them."""
    runs = workspace.store.runs
    dead = [run for run in runs.unfinished() if is_dead(run)]
    recovered = [recover_run(workspace, run, tell, cancel) for run in (*dead, *runs.owing())]
    _end_dead_tests(workspace)
    return [run for run in recovered if run is not None]


def recover_as_guardian(run_id: int) -> int:
    """What the guardian does when the application has died: the exit code of its process."""
    logs.start(Paths.from_environment(os.environ).state)
    _log.warning("the application died during run %d", run_id)
    try:
        return _recover_for_user(Workspace.open(busy_timeout=_BUSY_TIMEOUT), run_id)
    except Exception as error:
        _log.exception("run %d could not be recovered", run_id)
        why = error if isinstance(error, BorgDeskError) else "BorgDesk itself failed; its log says more."
        notify(os.environ, _DIED, f"{_NOT_DONE} {why}", urgent=True)
        return 1


def _recover_for_user(workspace: Workspace, run_id: int) -> int:
    run = patiently(lambda: workspace.store.runs.get(run_id, with_output=False), Cancel())
    # The guardian has inherited the turn at the location, so it need not take it.
    if run.status.is_final:
        return 0
    with awake(f"Backup of {run.repository}", wait=False):
        recovered = _claim_and_finish(workspace, run, _silent, Cancel())
    if recovered is None:
        return 1
    notify(workspace.environment, _DIED, run_sentence(recovered), urgent=True)
    return 0


def recover_run(workspace: Workspace, run: Run, tell: Tell = _silent, cancel: Cancel | None = None) -> Run | None:
    """Finish a dead run, unless somebody else does; the finished run, or None.

    A script that fails here stays owed: the run is finished without it, and it is tried again at the next start.
    """
    turn = _take_turn(workspace, run)
    if turn is None:
        return None
    with turn, awake(f"Backup of {run.repository}", wait=False):
        return _claim_and_finish(workspace, run, tell, cancel or Cancel())


def _take_turn(workspace: Workspace, run: Run) -> Turn | None:
    """The location's turn. We wait while a dead run's guardian has it; what is still owed can wait for another time."""
    end = time.monotonic() + (0 if run.status.is_final else _TURN_PATIENCE)
    while (turn := Turn.try_take(workspace, run.location)) is None and time.monotonic() < end:
        time.sleep(0.1)
    return turn


def _claim_and_finish(workspace: Workspace, run: Run, tell: Tell, cancel: Cancel) -> Run | None:
    runs = workspace.store.runs
    claim = partial(runs.claim, run.id, run.owner, procfs.identity())
    claimed = _claim(claim)
    if claimed is False:
        return None
    known, run = run, runs.get(run.id, with_output=False)
    if claimed is None and (run.owner, run.status) != (known.owner, known.status):
        return None
    secrets = _SoughtSecrets(workspace, run)
    _end_orphans(workspace, run)
    active = _reactivate(workspace, run, tell, cancel, secrets)
    active.log.line("== recovery")
    if claimed is None:
        active.recorder.put_aside(claim)
    _close_before_backup(active)
    if run.outcome is None:
        active.error = run.error or (_NEVER_BEGAN if run.step is Step.QUEUED else _INTERRUPTED)
        settle(active, Outcome.INTERRUPTED)
    do_what_is_owed(active, between=partial(_instead_of_retention, died_in=run.step))
    return finish(active, owes_nothing=not _keep_what_failed(active))


def _claim(claim: Callable[[], bool]) -> bool | None:
    """Whether the run is ours now; None where that cannot be written.

    Then we go by the turn at its location, which one recoverer has at a time: services must not stay stopped because
    another program holds the database, or its disk is full.
    """
    try:
        return claim()
    except StoreDamaged:
        raise
    except StoreUnusable as error:
        _log.warning("a run is recovered before it could be claimed: %s", error)
        return None


def _instead_of_retention(active: ActiveRun, died_in: Step) -> None:
    """Retention is not begun in a recovery; what Borg left when it was ended in the middle is tidied up."""
    if died_in in (Step.CREATE, Step.RETENTION):
        clear_stale_locks(active)
    if active.outcome is not None and active.outcome.made_archive and died_in in (Step.POST_BACKUP, Step.RETENTION):
        active.note(_RETENTION_LEFT)


def _end_orphans(workspace: Workspace, run: Run) -> None:
    """End what the dead process left running: the script that had its turn, and Borg.

    Scripts that had ended are left alone with all they started: a service is up again because of them.
    """
    state_dir = notes_in(run_folder(workspace, run.id))
    markers = [execution_marker(state_dir, e.id) for e in run.executions if e.status is ExecutionStatus.RUNNING]
    ended = process.end_families([*markers, borg_marker(state_dir)], _ORPHAN_GRACE)
    if ended:
        _log.warning("run %d: ended %d orphaned processes", run.id, ended)


def _reactivate(workspace: Workspace, run: Run, tell: Tell, cancel: Cancel, sought: _SoughtSecrets) -> ActiveRun:
    secrets, passphrase = sought.found()
    masker = Masker([*secrets.values(), *([passphrase] if passphrase else [])])
    # What was running had its turn cut short. It may have run partly, so it runs again from its beginning.
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
    active.outcome, active.tainted, active.error = run.outcome, run.tainted, run.error
    active.archive, active.statistics, active.borg_exit_code = run.archive, run.statistics, run.borg_exit_code
    return active


class _SoughtSecrets:
    """What the keyring has, asked for in the background: it may take its time, or wait to be unlocked for ever.

    A locked one keeps only those runs waiting of which a script that is owed needs a secret, and stops only that one.
    """

    def __init__(self, workspace: Workspace, run: Run) -> None:
        self._workspace = workspace
        self._values: dict[tuple[int | None, str], str] = {}
        self._passphrase: str | None = None
        owed = any(e.planned.secrets and e.planned.hook.is_post and not e.status.is_final for e in run.executions)
        self._patience = _KEYRING_PATIENCE if owed else _KEYRING_PATIENCE_FOR_MASKS
        self._search = Thread(target=self._seek, args=(run,), name="secrets", daemon=True)
        self._search.start()

    def found(self) -> tuple[SecretValues, str | None]:
        """Values and passphrase, as far as they are known by now."""
        self._search.join(self._patience)
        return dict(self._values), self._passphrase

    def _seek(self, run: Run) -> None:
        for execution in sorted(run.executions, key=lambda e: not e.planned.hook.is_post):
            with self._missing_ones_told(run):
                self._seek_values(execution.planned)
        if run.repository_id is not None:
            with self._missing_ones_told(run):
                self._passphrase = self._workspace.secrets.get(passphrase_owner(run.repository_id), PASSPHRASE)

    def _seek_values(self, planned: PlannedScript) -> None:
        if planned.assignment_id is not None:
            found = secret_values(self._workspace, planned.assignment_id, planned.secrets)
            self._values |= {(planned.assignment_id, name): value for name, value in found.items()}

    @contextmanager
    def _missing_ones_told(self, run: Run) -> Iterator[None]:
        try:
            yield
        except SecretsUnavailable as error:
            _log.warning("run %d is recovered without a secret: %s", run.id, error)


def _close_before_backup(active: ActiveRun) -> None:
    """Give the pre-backup scripts their last word: they are not run again."""
    runs, ended = active.workspace.store.runs, active.clock.now()
    for execution in active.lane(Hook.PRE_BACKUP):
        if execution.status is ExecutionStatus.RUNNING:
            end = partial(runs.end, execution.id, ExecutionStatus.INTERRUPTED, reason=_CUT_SHORT, finished_at=ended)
            active.recorder.write(end)
        elif execution.status is ExecutionStatus.PENDING:
            skip(active, execution, "BorgDesk was ended before it")


def _keep_what_failed(active: ActiveRun) -> bool:
    """What failed in a recovery stays owed; says whether anything did."""
    runs, failed = active.workspace.store.runs, False
    for execution in active.executions:
        status = active.ended.get(execution.id)
        if execution.planned.hook.is_post and status is not None and status.is_bad:
            active.recorder.write(partial(runs.still_owed, execution.id))
            active.note(f"Still owed: “{execution.planned.name}” did not work when it was tried again.")
            failed = True
    return failed


def settle_by_hand(workspace: Workspace, run_id: int) -> None:
    """The user did what a run still owes: record that, so that it is not tried again."""
    runs = workspace.store.runs
    for execution in runs.executions(run_id):
        if execution.status is ExecutionStatus.PENDING:
            runs.skip(execution.id, "done by hand")


def _end_dead_tests(workspace: Workspace) -> None:
    """Tests of scripts owe nothing, but must not seem to run for ever."""
    runs = workspace.store.runs
    for execution in runs.unfinished_tests():
        if execution.owner is None or not procfs.is_alive(execution.owner):
            marker = execution_marker(notes_in(test_folder(workspace, execution.id)), execution.id)
            process.end_families([marker], _ORPHAN_GRACE)
            ended = max(now(), execution.started_at or now())
            runs.end(execution.id, ExecutionStatus.INTERRUPTED, reason=_CUT_SHORT, finished_at=ended)
