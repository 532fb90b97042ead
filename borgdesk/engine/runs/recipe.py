"""The recipe: the steps common to runs of every kind, from the turn in the queue to the last script.

Every failure between the first script and the end of the work becomes an outcome, after which the owed scripts run in
any case. The work itself is defined by a :class:`~borgdesk.engine.runs.task.Task`.
"""

from __future__ import annotations

import contextlib
import logging

from borgdesk import private
from borgdesk.domain.decisions import settled_outcome
from borgdesk.domain.errors import BorgDeskError, NotFound, RunRefused, Stopped, StoreUnusable
from borgdesk.domain.events import OutcomeSettled, RunArmed, RunEnded, RunQueued, StepBegan, Tell, TurnAwaited
from borgdesk.domain.history import Run
from borgdesk.domain.reasons import Code, Reason, text
from borgdesk.domain.repository import Repository, is_local, local_path
from borgdesk.domain.run import Outcome, RunStatus, Step, Trigger
from borgdesk.domain.sentences import subject
from borgdesk.engine.desktop import autostart
from borgdesk.engine.desktop.session import awake
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_probes import NoAnswer, probe
from borgdesk.engine.processes.markers import mark_of
from borgdesk.engine.processes.process import StartFailed, check_platform
from borgdesk.engine.repositories.queue import Turn, wait_for_turn
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.engine.runs import recovery
from borgdesk.engine.runs.active_run import ActiveRun, supervisor_for
from borgdesk.engine.runs.borg_in_run import clear_stale_locks
from borgdesk.engine.runs.event_delivery import delivered, tell
from borgdesk.engine.runs.event_log import EventLog
from borgdesk.engine.runs.guardian_client import GuardianClient
from borgdesk.engine.runs.guardian_handover import handed_over
from borgdesk.engine.runs.hooks import run_lane
from borgdesk.engine.runs.output_capture import Masker
from borgdesk.engine.runs.past_events import armed_script
from borgdesk.engine.runs.planning import Plan, read_plan, start_checked
from borgdesk.engine.runs.preflight import Preflight
from borgdesk.engine.runs.recorder import Recorder, patiently
from borgdesk.engine.runs.run_end import do_what_is_owed, finish, settle
from borgdesk.engine.runs.run_folders import log_in, notes_in, now, run_folder
from borgdesk.engine.runs.run_log import RunLog
from borgdesk.engine.runs.script_execution import skip
from borgdesk.engine.runs.stop_requests import StopRequests
from borgdesk.engine.runs.task import Setting, Task
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_log = logging.getLogger(__name__)


def run(
    workspace: Workspace, repository: Repository, task: Task, trigger: Trigger, listener: Tell, cancel: Cancel
) -> Run:
    """Run *task* for *repository* now and return the finished run.

    The run never waits for *listener*; at its end, the listener has some seconds to catch up.

    Raises:
        AlreadyStarted: another process does what the task claims; nothing was started.
        StoreUnusable: the history cannot be written; nothing was started.
    """
    with delivered(listener) as backlog:
        return _run(workspace, repository, task, trigger, backlog, cancel)


def _run(
    workspace: Workspace, repository: Repository, task: Task, trigger: Trigger, listener: Tell, cancel: Cancel
) -> Run:
    autostart.install(workspace.environment)
    runs, turn = workspace.store.runs, _turn(repository, cancel)
    owner, about = procfs.identity(), (task.kind, task.archive, task.report)

    def queue() -> Run:
        with workspace.store.database.together():
            queued = runs.queue(repository, trigger, owner, now(), turn, *about)
            task.claim(workspace.store, queued)
        return queued

    queued = patiently(queue, cancel)
    _tell_queued(workspace, RunQueued(queued.id, repository.name, task.kind, at=queued.queued_at), listener)
    try:
        with StopRequests(run_folder(workspace, queued.id), queued.id, cancel, listener):
            return _run_queued(workspace, _Attempt(workspace, repository, task, queued, listener, cancel))
    except StoreUnusable as error:
        _give_up_later(workspace, queued, text(str(error)))
        raise


def _tell_queued(workspace: Workspace, event: RunQueued | TurnAwaited, listener: Tell) -> None:
    """Send an event of a run that does not have its turn yet."""
    with EventLog(run_folder(workspace, event.run_id)) as events:
        events.append(event)
    tell(listener, event)


def _turn(repository: Repository, cancel: Cancel) -> str:
    """Return the turn of the run; by location if a repository that is new to us cannot be accessed."""
    if not repository.borg_id and is_local(repository.location):
        try:
            if probe([("repository", local_path(repository.location))], cancel) == [NoAnswer]:
                return repository.location
        except BorgDeskError:
            return repository.location
    return turn_of(repository)


def _run_queued(workspace: Workspace, attempt: _Attempt) -> Run:
    queued, listener = attempt.queued, attempt.listener
    try:
        turn = wait_for_turn(
            workspace,
            queued,
            attempt.cancel,
            ahead=lambda count: _tell_queued(workspace, TurnAwaited(queued.id, count, at=now()), listener),
            recover=lambda dead: recovery.recover_run(workspace, dead, listener),
        )
    except Exception as error:
        # If it stayed in the queue while this process lives, it would block all later runs at the location.
        _log.exception("run %d could not take its turn", queued.id)
        return attempt.never_began(Reason(Code.NOT_BEGUN, {"error": str(error)}), Outcome.FAILURE)
    if turn is None:
        return attempt.never_began(Reason(Code.CANCELLED_BEFORE_TURN), Outcome.CANCELLED)
    try:
        return _in_turn(workspace, attempt, turn)
    except RunRefused as error:
        return attempt.never_began(text(str(error)), Outcome.FAILURE)


def _in_turn(workspace: Workspace, attempt: _Attempt, turn: Turn) -> Run:
    queued = attempt.queued
    why = subject(queued.kind, queued.repository)
    with turn, GuardianClient(workspace, queued.id, turn) as watch, awake(why), attempt.supervisor:
        try:
            attempt.look_again()
            armed, active = attempt.arm()
        except (RunRefused, StoreUnusable) as error:
            # Nothing was started, so the guardian need not be told.
            refused = error
        else:
            return attempt.run(armed, active, watch)
    raise refused


def _give_up_later(workspace: Workspace, queued: Run, reason: Reason) -> None:
    """End a run that could not be armed as soon as the database is writable: later runs in the queue wait for that."""
    runs, recorder, ended = workspace.store.runs, Recorder(), now()
    recorder.put_aside(lambda: runs.settle(queued.id, Outcome.FAILURE, errors=(reason,)))
    recorder.put_aside(lambda: runs.finish(queued.id, RunStatus.FAILURE, ended))
    recorder.flush_later()
    with EventLog(run_folder(workspace, queued.id)) as events:
        events.append(OutcomeSettled(queued.id, Outcome.FAILURE, (reason,), at=ended))
        events.append(RunEnded(queued.id, queued.repository, RunStatus.FAILURE, reason.in_words(), at=ended))


class _Attempt:
    """One execution of the recipe."""

    def __init__(
        self, workspace: Workspace, repository: Repository, task: Task, queued: Run, listener: Tell, cancel: Cancel
    ) -> None:
        self._workspace = workspace
        self._repository = repository
        self._task = task
        self.queued = queued
        self.listener = listener
        self.cancel = cancel
        self.supervisor = supervisor_for(workspace, mark_of(queued.token, notes_in(run_folder(workspace, queued.id))))
        """The supervisor of its scripts, closed at the end of the run."""
        self._setting: Setting | None = None

    def look_again(self) -> None:
        """Reload the repository: anybody may have changed it while the run waited for its turn.

        Raises:
            RunRefused: it was removed, or is at another location now, so that this turn is the wrong one.
            StoreUnusable: it cannot be read.
        """
        before = self._repository
        try:
            stored = patiently(lambda: self._workspace.store.repositories.get(before.id), self.cancel)
        except NotFound:
            raise RunRefused(
                _("“{repository}” was removed while its run was waiting.").format(repository=before.name)
            ) from None
        if stored.location != before.location:
            raise RunRefused(
                _("The location of “{repository}” was changed while its run was waiting. Start it again.").format(
                    repository=before.name
                )
            )
        self._repository = stored

    def arm(self) -> tuple[Plan, ActiveRun]:
        """Record durably what the run owes.

        Raises:
            StoreUnusable: it cannot be written.
            RunRefused: the run is not queued any more.
        """
        read = self._read_plan()
        if read.scripts:
            # If it cannot be started, :meth:`confirm` reports why; meanwhile there is other work.
            with contextlib.suppress(StartFailed):
                self.supervisor.prepare()
        location = self._repository.location
        asked = is_local(location) and any(script.hook.is_pre for script in read.scripts)
        armed = start_checked(self._workspace, read, self.cancel, local_path(location) if asked else None)
        active = self._arm(armed)
        active.supervisor = self.supervisor
        return armed, active

    def _read_plan(self) -> Plan:
        workspace, kind, cancel = self._workspace, self._task.kind, self.cancel
        return patiently(lambda: read_plan(workspace, self._repository, cancel, kind), cancel)

    def run(self, armed: Plan, active: ActiveRun, watch: GuardianClient) -> Run:
        """Execute steps 2 to 6, with the guardian watching."""
        # It has its turn, but its first activity, contacting a host that may be slow, is not a recorded step.
        active.tell(StepBegan(active.run.id, Step.ARMING, at=active.clock.now()))
        if armed.missing:
            return self._do_nothing(active, text(" ".join(armed.missing)), Outcome.FAILURE)
        try:
            self._confirm(active, watch)
        except (RunRefused, StartFailed) as error:
            return self._do_nothing(active, text(str(error)), Outcome.FAILURE)
        self._settle(active, self._until_settled(active, armed))
        watch.hand_over(handed_over(active))
        do_what_is_owed(active, self._follow_up)
        return finish(active)

    def _confirm(self, active: ActiveRun, watch: GuardianClient) -> None:
        """Check that guardian and supervisor are ready. Nothing may be stopped before.

        Raises:
            RunRefused: nobody would execute what is owed if this process died.
            StartFailed: this system lacks what it takes to start and watch a script.
        """
        check_platform()
        if active.executions:
            active.supervisor.prepare()
        watch.confirm()
        active.guardian = watch.pid
        if active.executions:
            active.supervisor.confirm()
        if any(one.planned.hold is not None for one in active.executions):
            watch.announce_holds()
        if not watch.hand_over(handed_over(active)):
            raise RunRefused(_("The guardian of the run is not responding, so nothing was stopped. See guardian.log."))

    def never_began(self, reason: Reason, outcome: Outcome) -> Run:
        """Record a run in which nothing was started."""
        return self._do_nothing(self._arm(self._read_plan()), reason, outcome)

    def _do_nothing(self, active: ActiveRun, reason: Reason, outcome: Outcome) -> Run:
        for execution in active.executions:
            skip(active, execution, reason)
        active.errors = () if outcome is Outcome.CANCELLED else (reason,)
        self._settle(active, outcome)
        return finish(active)

    def _settle(self, active: ActiveRun, outcome: Outcome) -> None:
        if outcome is Outcome.CANCELLED and self.cancel.by_system and active.run.trigger is Trigger.SCHEDULE:
            active.note(Reason(Code.STOPPED_BY_SYSTEM))
        settle(active, outcome)

    def _arm(self, armed: Plan) -> ActiveRun:
        workspace, run_id = self._workspace, self.queued.id
        began = now()
        run = patiently(lambda: workspace.store.runs.arm(run_id, began, armed.scripts), self.cancel)
        folder = run_folder(workspace, run_id)
        log = RunLog(log_in(folder))
        log.line(f"== {run.kind} of {run.repository} at {run.location}")
        masker = Masker(armed.all_secrets)
        active = ActiveRun(
            workspace, run, run.executions, folder, log, masker, armed.secrets, self.cancel, self.listener
        )
        active.surroundings, active.texts = armed.surroundings, armed.texts
        active.recover = lambda dead: recovery.recover_run(workspace, dead, self.listener)
        active.archive, active.report = run.archive, dict(run.report)
        active.tell(RunArmed(run_id, tuple(map(armed_script, run.executions)), self._task.borg_steps, at=began))
        return active

    def _until_settled(self, active: ActiveRun, armed: Plan) -> Outcome:
        """Execute steps 2 and 3. Any exception, even a bug of ours, is a failure of the work."""
        try:
            return self._try(active, armed)
        except Exception as error:
            if isinstance(error, BorgDeskError):
                why = text(str(error))
            else:
                _log.exception("run %d met a defect", active.run.id)
                why = Reason(Code.DEFECT_MET, {"error": repr(error)[:500]})
            active.errors = active.errors or (why,)
            for execution in active.executions:
                if execution.planned.hook.is_pre and execution.id not in active.ended:
                    skip(active, execution, Reason(Code.RUN_STOPPED_BEFORE, {"error": why.in_words()}))
            return Outcome.FAILURE

    def _try(self, active: ActiveRun, armed: Plan) -> Outcome:
        # First of all: the owed scripts run in any case, and need it.
        self._make_notes_folder(active)
        task, repository = self._task, self._repository
        if armed.problems and task.opens and not self.cancel.asked:
            raise RunRefused(" ".join(armed.problems))
        way = Preflight(active, repository, armed.passphrase, armed.all_secrets)
        setting = self._setting = Setting(active, repository, way)
        with contextlib.suppress(Stopped):  # the lane records what was not run
            if task.opens:
                way.ask()
            task.prepare(setting)
        for hook in task.kind.lanes:
            if hook.is_pre:
                active.enter(Step(hook))
                settled = run_lane(active, hook)
                if settled is not None:
                    return settled
        active.enter(task.step)
        if self.cancel.asked:
            return Outcome.CANCELLED
        try:
            outcome = task.work(setting)
        except Stopped:
            return Outcome.CANCELLED
        return settled_outcome(outcome, tainted=active.tainted)

    def _make_notes_folder(self, active: ActiveRun) -> None:
        folder = active.notes
        try:
            private.make_missing(folder)
        except OSError as error:
            raise RunRefused(
                _("The folder {folder} cannot be created: {error}.").format(folder=folder, error=error.strerror)
            ) from error

    def _follow_up(self, active: ActiveRun) -> None:
        """Execute step 5, and clean up after a killed Borg."""
        if self._setting is None:
            return
        try:
            self._task.follow_up(self._setting)
            if active.borg_was_killed:
                clear_stale_locks(active, self._setting.way.access())
        except Exception as error:
            _log.exception("what follows run %d failed", active.run.id)
            active.taint(Reason(Code.DEFECT_MET, {"error": str(error)}))
