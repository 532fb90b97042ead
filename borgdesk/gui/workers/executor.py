"""Executes runs, each in its own thread, and delivers their events in batches."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from borgdesk.domain.errors import AlreadyStarted, BorgDeskError
from borgdesk.domain.events import Event, RunEnded, RunQueued, StopAsked, Tell
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunKind, Trigger
from borgdesk.domain.schedule import Slot
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.queue import Place
from borgdesk.engine.runs import remains
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.engine_thread import INTERVAL, EngineCall, EngineThread
from borgdesk.gui.workers.foreign_runs import ForeignRuns
from borgdesk.gui.workers.live_run import LiveRun
from borgdesk.gui.workers.usual_reader import UsualReader

if TYPE_CHECKING:
    from borgdesk.engine.runs.task import Task

_log = logging.getLogger(__name__)


class _Job:
    """A run, or the recovery of dead runs, from its start to the end of its thread."""

    def __init__(
        self, thread: EngineThread, repository: Repository | None, kind: RunKind, trigger: Trigger = Trigger.USER
    ) -> None:
        self.thread = thread
        self.repository = repository
        """None for a recovery."""
        self.kind = kind
        self.trigger = trigger
        self.live: LiveRun | None = None
        """Set while the run is recorded in the history and has not ended."""
        self.is_recorded = False
        """Whether the run has ended and is recorded, although the thread is still disconnecting from its guardian."""
        self.has_events = False
        """Whether any event has occurred."""
        self.next: Callable[[], object] | None = None
        """Called after the job has ended, to run it once more."""

    def stop(self, *, by_system: bool = False) -> StopAsked | None:
        """Ask the job to stop and return what was asked of its run; None if there is no run yet."""
        self.thread.cancel.ask(by_system=by_system)
        if self.live is None:
            return None
        event = StopAsked(self.live.run_id, self.thread.cancel.hurried)
        self.live.take(event)
        return event

    def take_events(self) -> list[Event]:
        """Return the events since the last call, after updating the live run with them."""
        events = self.thread.batch.take()
        self.has_events = self.has_events or bool(events)
        for event in events:
            if isinstance(event, RunQueued) and self.repository is not None:
                self.live = LiveRun(self.repository.id, event.repository, event.run_id)
            if self.live is not None:
                self.live.take(event)
        return events

    def end_run(self, event: RunEnded) -> None:
        """Handle a run that is now in the history: the job's own, or a dead one that had to be recovered first."""
        if self.live is not None and self.live.run_id == event.run_id:
            self.live = None
            self.is_recorded = True


class Executor(QObject):
    """All runs of this window. Different repositories run in parallel; the engine queues runs at the same location."""

    run_began = Signal(int)
    """Id of a run that was recorded in the history."""
    events_arrived = Signal(list)
    """List of events since the last emission, in order."""
    run_ended = Signal(object)
    """A RunEnded event: the run is in the history with its final status."""
    refused = Signal(str)
    """A sentence that says why a run could not be recorded in the history."""
    schedule_refused = Signal(object, str)
    """A Repository, and why the run that its schedule started could not be recorded in the history."""
    recovered = Signal(list)
    """The recovered runs, as recorded in the history."""
    defect_met = Signal(object)
    """An internal error in a run's thread."""
    queue_changed = Signal()
    """:attr:`queue` was read again."""
    became_idle = Signal()
    """The last run or recovery has ended and its thread has finished."""

    def __init__(self, workspace: Workspace, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.elsewhere = ForeignRuns(workspace, background, self)
        """The runs of other processes."""
        self.elsewhere.events_arrived.connect(self.events_arrived)
        usual = UsualReader(workspace, background, self.live, self)
        self.run_began.connect(usual.read)
        self.elsewhere.run_found.connect(usual.read)
        self._jobs: list[_Job] = []
        self.queue: tuple[Place, ...] = ()
        """The active runs of all processes, as they were last read, and what each waits for."""
        for found in (self.run_began, self.elsewhere.run_found):
            found.connect(self._tell_what_it_waits_for)
        self.keep_checkpoint = True
        """Whether Borg saves a checkpoint of what it has read when a run is stopped."""
        self._pulse = QTimer(self, interval=INTERVAL)
        self._pulse.timeout.connect(self._on_pulse)

    def follow_queue(self, queue: tuple[Place, ...]) -> None:
        """Take in what the store says of the queue."""
        self.queue = queue
        for place in queue:
            self._tell_what_it_waits_for(place.run.id)
        self.queue_changed.emit()

    def start(self, repository: Repository, slot: Slot | None = None) -> bool:
        """Start a backup, by the user or for a *slot* of the schedule; else as :meth:`start_task`."""
        trigger = Trigger.USER if slot is None else Trigger.SCHEDULE
        return self.start_made(repository, RunKind.BACKUP, partial(_backup, slot), trigger)

    def start_task(self, repository: Repository, task: Task, trigger: Trigger = Trigger.USER) -> bool:
        """Start a task on a repository; return False if a run of the same kind is already active on it here.

        Runs of different kinds are queued by the engine.
        """
        return self.start_made(repository, task.kind, lambda: task, trigger)

    def start_made(self, repository: Repository, kind: RunKind, make: Callable[[], Task], trigger: Trigger) -> bool:
        """As :meth:`start_task`; *make* imports and makes the task in the run's thread, as it would stall this one."""
        job = self._job_of(repository.id, kind)
        if job is not None:
            if not job.is_recorded:
                return False
            job.next = partial(self.start_made, repository, kind, make, trigger)
            return True
        self._begin(partial(_run, self._workspace, repository, make, trigger), repository, kind, trigger)
        return True

    def recover(self, run_id: RunId | None = None) -> bool:
        """Recover all dead runs, or only the given one; return False if that is already in progress."""
        if self._recovery is not None:
            return False
        workspace = self._workspace

        def work(tell: Tell, stop: Cancel) -> list[Run]:
            if run_id is None and not remains.are_there(workspace):
                return []
            from borgdesk.engine.runs import recovery

            if run_id is None:
                return recovery.recover_all(workspace, tell, stop)
            finished = recovery.recover_run(workspace, workspace.store.runs.get(run_id), tell, stop)
            return [] if finished is None else [finished]

        self._begin(work, None, RunKind.BACKUP)
        return True

    def stop(self, run_id: RunId) -> None:
        """Ask a run of any process to stop, or to hurry if asked before. It finishes what it owes in any case."""
        if not self._stop_first(lambda job: job.live is not None and job.live.run_id == run_id):
            self.elsewhere.stop(run_id)

    def stop_repository(self, repository_id: RepositoryId) -> None:
        """As :meth:`stop`, but also for a run that is not yet in the history."""
        is_meant = self._stop_first(lambda job: job.repository is not None and job.repository.id == repository_id)
        if not is_meant and (foreign := self.elsewhere.live_of(repository_id)) is not None:
            self.elsewhere.stop(foreign.run_id)

    def stop_all(self, *, by_system: bool = False) -> None:
        """Ask all runs to stop, except those that were asked before; queued runs never begin.

        A scheduled run that is stopped *by_system*, because the session ends, is tried again later.
        """
        for job in self._jobs:
            job.next = None
            if not job.thread.cancel.asked:
                self._stop(job, by_system=by_system)

    def active(self) -> tuple[LiveRun, ...]:
        """Return the active runs of this process, oldest first."""
        lives = (job.live for job in self._jobs if job.live is not None)
        return tuple(sorted(lives, key=lambda live: live.run_id))

    def live(self, run_id: RunId) -> LiveRun | None:
        """Return the live state of an active run, here or in another process."""
        own = next((live for live in self.active() if live.run_id == run_id), None)
        return own or self.elsewhere.live(run_id)

    def live_of(self, repository_id: RepositoryId) -> LiveRun | None:
        """Return the active run of a repository, here or in another process."""
        job = self._job_of(repository_id)
        return self.elsewhere.live_of(repository_id) if job is None else job.live

    def _tell_what_it_waits_for(self, run_id: int) -> None:
        live = self.live(RunId(run_id))
        if live is not None:
            live.waits_for = next((place.waits_for for place in self.queue if place.run.id == run_id), ())

    @property
    def is_busy(self) -> bool:
        """Whether any run is active or about to be recorded in the history."""
        return bool(self._jobs)

    @property
    def is_recovering(self) -> bool:
        """Whether a recovery of dead runs is in progress."""
        return self._recovery is not None

    @property
    def has_found_dead_runs(self) -> bool:
        """Whether the recovery is working on a run; usually it finds none and ends."""
        return self._recovery is not None and self._recovery.has_events

    def under_way(self) -> list[tuple[RunKind, str]]:
        """Return kind and repository name of each run that is not in the history yet."""
        return sorted(
            (job.kind, job.repository.name) for job in self._jobs if job.repository is not None and not job.is_recorded
        )

    def waits_to_begin(self, repository_id: RepositoryId) -> bool:
        """Return whether a run was started but not recorded yet: another program may be locking the database."""
        job = self._job_of(repository_id, RunKind.BACKUP)
        return job is not None and job.live is None and not job.is_recorded

    def wait(self, patience: float) -> bool:
        """Block until all threads have finished, at most *patience* seconds; for the end of the session only."""
        end = time.monotonic() + patience
        gone = [job.thread.wait(max(0, int((end - time.monotonic()) * 1000))) for job in self._jobs]
        return all(gone)

    @property
    def _recovery(self) -> _Job | None:
        return next((job for job in self._jobs if job.repository is None), None)

    def _job_of(self, repository_id: RepositoryId, kind: RunKind | None = None) -> _Job | None:
        own = (job for job in self._jobs if job.repository is not None and job.repository.id == repository_id)
        return next((job for job in own if kind in (None, job.kind)), None)

    def _begin(
        self, call: EngineCall, repository: Repository | None, kind: RunKind, trigger: Trigger = Trigger.USER
    ) -> None:
        cancel = Cancel()
        cancel.keep_checkpoint = self.keep_checkpoint
        job = _Job(EngineThread(call, cancel), repository, kind, trigger)
        job.thread.finished.connect(lambda: self._on_finished(job))
        self._jobs.append(job)
        job.thread.start()
        self._pulse.start()

    def _stop_first(self, is_meant: Callable[[_Job], bool]) -> bool:
        """Stop the first matching job of this process and return whether there was one."""
        job = next(filter(is_meant, self._jobs), None)
        if job is not None:
            self._stop(job)
        return job is not None

    def _stop(self, job: _Job, *, by_system: bool = False) -> None:
        if (event := job.stop(by_system=by_system)) is not None:
            self.events_arrived.emit([event])

    def _on_pulse(self) -> None:
        for job in [*self._jobs]:
            self._deliver(job)

    def _deliver(self, job: _Job) -> None:
        before = job.live
        events = job.take_events()
        if not events:
            return
        if job.live is not None and job.live is not before:
            self.run_began.emit(job.live.run_id)
        self.events_arrived.emit(events)
        for event in events:
            if isinstance(event, RunEnded):
                job.end_run(event)
                self.run_ended.emit(event)

    def _on_finished(self, job: _Job) -> None:
        """Deliver the last events of a finished thread, and report the exception that ended it, if any."""
        self._deliver(job)
        self._jobs.remove(job)
        thread = job.thread
        if isinstance(thread.error, BorgDeskError):
            self._refuse(job, thread.error)
        elif thread.error is not None:
            self.defect_met.emit(thread.error)
        if isinstance(thread.result, list):
            self.recovered.emit(thread.result)
        thread.deleteLater()
        if job.next is not None:
            job.next()
        if not self._jobs:
            self._pulse.stop()
            self.became_idle.emit()

    def _refuse(self, job: _Job, error: BorgDeskError) -> None:
        name = job.repository and job.repository.name
        if isinstance(error, AlreadyStarted):
            _log.debug("no run of %s here: %s", name, error)
            return
        _log.warning("no run of %s: %s", name, error)
        if job.trigger is Trigger.SCHEDULE:
            self.schedule_refused.emit(job.repository, error.sentence)
        else:
            self.refused.emit(error.sentence)


def _run(
    workspace: Workspace,
    repository: Repository,
    make: Callable[[], Task],
    trigger: Trigger,
    tell: Tell,
    cancel: Cancel,
) -> Run:
    # Imported here: an idle window has no use for what runs need.
    from borgdesk.engine.runs import recipe

    return recipe.run(workspace, repository, make(), trigger, tell, cancel)


def _backup(slot: Slot | None) -> Task:
    from borgdesk.engine.runs.backup import Backup

    return Backup(slot)
