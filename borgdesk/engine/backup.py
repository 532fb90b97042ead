"""The recipe: one backup of one repository, from its turn in the queue to its last script.

Everything that can go wrong between the first pre-backup script and the end of Borg becomes an outcome; what is owed
then follows in any case.
"""

from __future__ import annotations

import logging
import os

from borgdesk.borg.command import CreateOptions
from borgdesk.borg.replies import parse_create
from borgdesk.domain.errors import BorgDeskError, RunRefused, StoreUnusable
from borgdesk.domain.events import RunQueued, Tell, TurnAwaited
from borgdesk.domain.history import ArchiveStatistics, Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, Outcome, RunStatus, Step, Trigger, settled_outcome
from borgdesk.engine import autostart, procfs, recovery
from borgdesk.engine.active_run import ActiveRun, log_in, now, run_folder, tell
from borgdesk.engine.arming import Plan, plan
from borgdesk.engine.borg_process import BorgAnswer, access_to, usable_version
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.closing import do_what_is_owed, finish, settle
from borgdesk.engine.desktop import awake
from borgdesk.engine.hooks import run_lane, skip
from borgdesk.engine.maintain import apply_retention, call_in_run, clear_stale_locks
from borgdesk.engine.output import Masker, RunLog
from borgdesk.engine.queue import Turn, canonical, wait_for_turn
from borgdesk.engine.recorder import Recorder, patiently
from borgdesk.engine.watch import Watch
from borgdesk.engine.workspace import Workspace

_log = logging.getLogger(__name__)

_NAME_TAKEN = "Archive.AlreadyExists"


def run(workspace: Workspace, repository: Repository, trigger: Trigger, listener: Tell, cancel: Cancel) -> Run:
    """Back up *repository* now and return the finished run.

    Raises:
        StoreUnusable: history cannot be written; nothing was started then.
    """
    autostart.install(workspace.environment)
    runs, location = workspace.store.runs, canonical(repository.location)
    queued = patiently(lambda: runs.queue(repository, trigger, procfs.identity(), now(), location), cancel)
    tell(listener, RunQueued(queued.id, repository.name))
    try:
        return _run_queued(workspace, repository, queued, listener, cancel)
    except StoreUnusable as error:
        _give_up_later(workspace, queued, str(error))
        raise


def _run_queued(workspace: Workspace, repository: Repository, queued: Run, listener: Tell, cancel: Cancel) -> Run:
    backup = _Backup(workspace, repository, queued, listener, cancel)
    try:
        turn = wait_for_turn(
            workspace,
            queued,
            cancel,
            ahead=lambda count: tell(listener, TurnAwaited(queued.id, count)),
            recover=lambda dead: recovery.recover_run(workspace, dead, listener),
        )
    except Exception as error:
        # Left in the queue while this process lives, it would keep every later run at the location waiting.
        _log.exception("run %d could not take its turn", queued.id)
        return backup.never_began(f"The run could not take its turn: {error}", Outcome.FAILURE)
    if turn is None:
        return backup.never_began("The run was cancelled before its turn came", Outcome.CANCELLED)
    try:
        return _in_turn(workspace, backup, turn, queued.id, f"Backup of {repository.name}")
    except RunRefused as error:
        return backup.never_began(str(error), Outcome.FAILURE)


def _in_turn(workspace: Workspace, backup: _Backup, turn: Turn, run_id: int, why: str) -> Run:
    with turn, Watch(workspace, run_id, turn) as watch, awake(why):
        try:
            armed, active = backup.arm()
        except (RunRefused, StoreUnusable) as error:
            # Nothing was started, so the guardian need not know of it.
            refused = error
        else:
            return backup.run(armed, active, watch)
    raise refused


def _give_up_later(workspace: Workspace, queued: Run, reason: str) -> None:
    """End a run whose arming could not be written, once it can be: those behind it in the queue wait for that."""
    runs, recorder, ended = workspace.store.runs, Recorder(), now()
    recorder.put_aside(lambda: runs.settle(queued.id, Outcome.FAILURE, error=reason))
    recorder.put_aside(lambda: runs.finish(queued.id, RunStatus.FAILURE, ended))
    recorder.flush_later()


class _Backup:
    """One run of the recipe."""

    def __init__(
        self, workspace: Workspace, repository: Repository, queued: Run, listener: Tell, cancel: Cancel
    ) -> None:
        self._workspace = workspace
        self._repository = repository
        self._queued = queued
        self._listener = listener
        self._cancel = cancel
        self._passphrase: str | None = None

    def arm(self) -> tuple[Plan, ActiveRun]:
        """Write down what is owed. When this returns, it is on the disk.

        Raises:
            StoreUnusable: it cannot be written.
            RunRefused: the run is not queued any more.
        """
        armed = patiently(lambda: plan(self._workspace, self._repository), self._cancel)
        return armed, self._arm(armed)

    def run(self, armed: Plan, active: ActiveRun, watch: Watch) -> Run:
        """Steps 2 to 6, with the guardian on duty."""
        if armed.missing:
            return self._do_nothing(active, " ".join(armed.missing), Outcome.FAILURE)
        try:
            watch.confirm()
        except RunRefused as error:
            return self._do_nothing(active, str(error), Outcome.FAILURE)
        settle(active, self._until_settled(active, armed))
        do_what_is_owed(active, self._retain)
        return finish(active)

    def never_began(self, reason: str, outcome: Outcome) -> Run:
        """Record a run that nothing was started for."""
        _, active = self.arm()
        return self._do_nothing(active, reason, outcome)

    def _do_nothing(self, active: ActiveRun, reason: str, outcome: Outcome) -> Run:
        for execution in active.executions:
            skip(active, execution, reason)
        active.error = None if outcome is Outcome.CANCELLED else reason
        settle(active, outcome)
        return finish(active)

    def _arm(self, armed: Plan) -> ActiveRun:
        workspace, run_id = self._workspace, self._queued.id
        began = now()
        run = patiently(lambda: workspace.store.runs.arm(run_id, began, armed.scripts), self._cancel)
        self._passphrase = armed.passphrase
        folder = run_folder(workspace, run_id)
        log = RunLog(log_in(folder))
        log.line(f"== backup of {run.repository} to {run.location}")
        masker = Masker(armed.all_secrets)
        return ActiveRun(
            workspace, run, run.executions, folder, log, masker, armed.secrets, self._cancel, self._listener
        )

    def _until_settled(self, active: ActiveRun, armed: Plan) -> Outcome:
        """Steps 2 and 3. Whatever is raised in them, a defect of ours included, is a failure of the backup."""
        try:
            return self._attempt(active, armed)
        except Exception as error:
            if not isinstance(error, BorgDeskError):
                _log.exception("run %d met a defect", active.run.id)
                error = BorgDeskError(f"BorgDesk itself failed: {error!r}")
            active.error = active.error or str(error)
            for execution in active.lane(Hook.PRE_BACKUP):
                if execution.id not in active.ended:
                    skip(active, execution, f"The run stopped before it: {error}")
            return Outcome.FAILURE

    def _attempt(self, active: ActiveRun, armed: Plan) -> Outcome:
        # First of all: the scripts afterwards run in any case, and expect it.
        self._make_notes_folder(active)
        if armed.problems:
            raise RunRefused(" ".join(armed.problems))
        usable_version(self._workspace)
        options = create_options(self._repository)
        active.enter(Step.PRE_BACKUP)
        settled = run_lane(active, Hook.PRE_BACKUP)
        if settled is not None:
            return settled
        active.enter(Step.CREATE)
        if self._cancel.asked:
            return Outcome.CANCELLED
        check_sources(self._repository)
        return settled_outcome(self._create(active, options), tainted=active.tainted)

    def _make_notes_folder(self, active: ActiveRun) -> None:
        folder = active.notes
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise RunRefused(f"The folder {folder} cannot be made: {error.strerror}.") from error

    def _create(self, active: ActiveRun, options: CreateOptions) -> Outcome:
        answer = self._call_create(active, options)
        if answer.result.msgid == _NAME_TAKEN and not self._cancel.wait(1.0):
            # Names made of the time have seconds: two backups in one second are one too many.
            answer = self._call_create(active, options)
        active.borg_exit_code = answer.result.exit_code
        reply = parse_create(answer.stdout)
        if reply is not None:
            stats = reply.stats
            active.archive = reply.archive_name
            active.statistics = ArchiveStatistics(stats.original_size, stats.deduplicated_size, stats.files)
        if answer.cancelled:
            return Outcome.CANCELLED
        active.error = active.error or answer.result.sentence or None
        return answer.result.outcome

    def _call_create(self, active: ActiveRun, options: CreateOptions) -> BorgAnswer:
        access = access_to(self._repository, self._passphrase)
        return call_in_run(active, access, lambda borg: borg.create(self._repository.location, options))

    def _retain(self, active: ActiveRun) -> None:
        """Step 5, and what a Borg that was killed makes necessary."""
        try:
            if active.outcome is not None and active.outcome.made_archive and self._repository.retention:
                active.enter(Step.RETENTION)
                apply_retention(active, self._repository, access_to(self._repository, self._passphrase))
            if active.borg_was_killed:
                clear_stale_locks(active)
        except Exception as error:
            _log.exception("retention of run %d failed", active.run.id)
            active.taint(f"Retention failed: {error}")


def create_options(repository: Repository) -> CreateOptions:
    """What Borg is to do for *repository*.

    Raises:
        InvalidInput: something about it is not possible, such as an empty list of sources.
    """
    return CreateOptions(
        archive_name=repository.archive_name,
        sources=repository.sources,
        compression=repository.compression,
        excludes=repository.excludes,
        exclude_caches=repository.exclude_caches,
        one_file_system=repository.one_file_system,
    )


def check_sources(repository: Repository) -> None:
    """Refuse to back up what is not there: an unplugged disk must not look like deleted files.

    Raises:
        RunRefused: a source is missing; all that are, are named.
    """
    missing = [source for source in repository.sources if not os.path.lexists(source)]
    if missing:
        names = ", ".join(f"“{source}”" for source in missing)
        raise RunRefused(f"{names} {'is' if len(missing) == 1 else 'are'} not there, so nothing was backed up.")
