"""Runs backups beside the window: a thread a run, and what happens in it in batches the window can keep up with."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QThread, QTimer, Signal

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.events import BorgProgressed, Event, OutputPrinted, RunEnded, RunQueued, StopAsked, Tell
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Trigger
from borgdesk.engine import backup, recovery
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.live_run import KEPT_LINES, LiveRun, OutputLeftOut, Told

_RECOVERY = 0
"""Stands among repository ids for the thread that finishes dead runs."""

_log = logging.getLogger(__name__)

INTERVAL = 100
"""Milliseconds between two deliveries to the window: at most 10 a second, whatever is printed."""

LONGEST_SHOWN = 2000
"""Characters of a line that the window is told; the log file has the whole line."""


Work = Callable[[Tell, Cancel], object]


class Batch:
    """Events between two deliveries. Lines are kept together and capped; of Borg's progress the last word counts.

    The engine's threads put in, the window takes out.
    """

    def __init__(self, kept: int = KEPT_LINES) -> None:
        self._lock = threading.Lock()
        self._kept = kept
        self._events: deque[Told] = deque()
        self._progress: BorgProgressed | None = None
        self._lines = 0

    def put(self, event: Event) -> None:
        """Add what happened."""
        with self._lock:
            if isinstance(event, BorgProgressed):
                self._progress = event
            elif isinstance(event, OutputPrinted):
                self._put_lines(event)
            else:
                self._events.append(event)

    def take(self) -> list[Told]:
        """All since the last time, in order."""
        with self._lock:
            events = list(self._events)
            if self._progress is not None:
                events.append(self._progress)
            self._events, self._progress, self._lines = deque(), None, 0
            return events

    def _put_lines(self, event: OutputPrinted) -> None:
        if any(len(line) > LONGEST_SHOWN for line in event.lines):
            lines = tuple(line if len(line) <= LONGEST_SHOWN else line[:LONGEST_SHOWN] + "…" for line in event.lines)
            event = replace(event, lines=lines)
        self._events.append(event)
        self._lines += len(event.lines)
        if self._lines > 2 * self._kept:
            self._drop_oldest_lines()

    def _drop_oldest_lines(self) -> None:
        """Of lines that nobody will see in time, the oldest go; how many is told where they stood."""
        kept: deque[Told] = deque()
        enough = False
        for event in self._events:
            if isinstance(event, OutputPrinted):
                enough = enough or self._lines - len(event.lines) < self._kept
                if not enough:
                    self._lines -= len(event.lines)
                    _leave_out(kept, OutputLeftOut(event.run_id, event.execution_id, len(event.lines)))
                    continue
            if isinstance(event, OutputLeftOut):
                _leave_out(kept, event)
            else:
                kept.append(event)
        self._events = kept


def _leave_out(kept: deque[Told], left_out: OutputLeftOut) -> None:
    """Append what was left out, to the number before it where that is of the same script."""
    last = kept[-1] if kept else None
    if isinstance(last, OutputLeftOut) and last.execution_id == left_out.execution_id:
        left_out = replace(left_out, count=last.count + left_out.count)
        kept.pop()
    kept.append(left_out)


class _RunThread(QThread):
    """One call of the engine."""

    def __init__(self, work: Work, cancel: Cancel) -> None:
        super().__init__()
        self._work = work
        self.cancel = cancel
        self.batch = Batch()
        self.result: object = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.result = self._work(self.batch.put, self.cancel)
        except Exception as error:
            self.error = error


class Executor(QObject):
    """All runs of this window. Different repositories run side by side; the engine queues those at one location."""

    run_began = Signal(int)
    """A run has its place in history; its id."""
    events_arrived = Signal(list)
    """What happened since the last time, in order: a list of Told."""
    run_ended = Signal(object)
    """A RunEnded event: the run is in history with its final status."""
    run_refused = Signal(int, str)
    """Repository id and sentence: a run could not even get its place in history."""
    recovered = Signal(list)
    """The dead runs that were finished now, as history has them."""
    defect_met = Signal(object)
    """An exception of ours in a run's thread."""
    idle = Signal()
    """The last run, or recovery, has ended and its thread is gone."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._threads: dict[int, _RunThread] = {}
        self._lives: dict[int, LiveRun] = {}
        self._ended: set[int] = set()
        """Repositories whose run is in history while its thread still takes leave of its guardian."""
        self._again: dict[int, Repository] = {}
        """What to start once that is over."""
        self._names: dict[int, str] = {}
        self.keep_checkpoint = True
        """Whether Borg saves what it has read when a run is stopped."""
        self._pulse = QTimer(self)
        self._pulse.setInterval(INTERVAL)
        self._pulse.timeout.connect(self._deliver)

    def start(self, repository: Repository) -> bool:
        """Back up now; False when a run of this repository is under way here already."""
        if repository.id in self._threads:
            if repository.id not in self._ended:
                return False
            self._again[repository.id] = repository
            return True
        workspace = self._workspace
        self._names[repository.id] = repository.name
        self._begin(repository.id, lambda tell, stop: backup.run(workspace, repository, Trigger.USER, tell, stop))
        return True

    def recover(self, run_id: int | None = None) -> bool:
        """Finish all dead runs, or do what the run with that id still owes; False while that is under way already."""
        if _RECOVERY in self._threads:
            return False
        workspace = self._workspace

        def work(tell: Tell, stop: Cancel) -> list[Run]:
            if run_id is None:
                return recovery.recover_all(workspace, tell, stop)
            finished = recovery.recover_run(workspace, workspace.store.runs.get(run_id), tell, stop)
            return [] if finished is None else [finished]

        self._begin(_RECOVERY, work)
        return True

    @property
    def is_recovering(self) -> bool:
        """Whether dead runs are being finished."""
        return _RECOVERY in self._threads

    def _begin(self, key: int, work: Work) -> None:
        cancel = Cancel()
        cancel.keep_checkpoint = self.keep_checkpoint
        thread = _RunThread(work, cancel)
        thread.finished.connect(lambda: self._finish(key))
        self._threads[key] = thread
        thread.start()
        self._pulse.start()

    def stop(self, run_id: int) -> None:
        """Ask a run to stop; a second time, to hurry. What it owes is done in any case."""
        live = self.live(run_id)
        if live is not None:
            self.stop_repository(live.repository_id)

    def stop_repository(self, repository_id: int) -> None:
        """As :meth:`stop`, also for a run that has no place in history yet."""
        thread = self._threads.get(repository_id)
        if thread is None:
            return
        thread.cancel.ask()
        live = self._lives.get(repository_id)
        if live is not None:
            event = StopAsked(live.run_id, thread.cancel.hurried)
            live.take(event)
            self.events_arrived.emit([event])

    def stop_all(self) -> None:
        """Ask all runs to stop, those that were asked before not a second time."""
        for repository_id, thread in self._threads.items():
            if not thread.cancel.asked:
                self.stop_repository(repository_id)

    def active(self) -> tuple[LiveRun, ...]:
        """The runs under way, oldest first."""
        return tuple(sorted(self._lives.values(), key=lambda live: live.run_id))

    @property
    def is_busy(self) -> bool:
        """Whether anything runs, be it only on its way into history."""
        return bool(self._threads)

    def live(self, run_id: int) -> LiveRun | None:
        """What is known of a run under way."""
        return next((live for live in self._lives.values() if live.run_id == run_id), None)

    def live_of(self, repository_id: int) -> LiveRun | None:
        """The run of a repository that is under way."""
        return self._lives.get(repository_id)

    def wait(self, patience: float) -> bool:
        """Block until all threads are gone, at most *patience* seconds: for the end of the session only."""
        end = time.monotonic() + patience
        gone = [thread.wait(max(0, int((end - time.monotonic()) * 1000))) for thread in self._threads.values()]
        return all(gone)

    def _deliver(self) -> None:
        for repository_id, thread in [*self._threads.items()]:
            self._deliver_one(repository_id, thread)

    def _deliver_one(self, repository_id: int, thread: _RunThread) -> None:
        events = thread.batch.take()
        if not events:
            return
        began: int | None = None
        ended: list[RunEnded] = []
        for event in events:
            if isinstance(event, RunQueued) and repository_id != _RECOVERY:
                self._lives[repository_id] = LiveRun(repository_id, event.repository, event.run_id)
                began = event.run_id
            if (live := self._lives.get(repository_id)) is not None:
                live.take(event)
            if isinstance(event, RunEnded):
                ended.append(event)
        if began is not None:
            self.run_began.emit(began)
        self.events_arrived.emit(events)
        for event in ended:
            self._end(repository_id, event)

    def _end(self, repository_id: int, event: RunEnded) -> None:
        """A run is in history: ours, or a dead one that had to be finished before it."""
        live = self._lives.get(repository_id)
        if live is not None and live.run_id == event.run_id:
            del self._lives[repository_id]
            self._ended.add(repository_id)
        self.run_ended.emit(event)

    def _finish(self, repository_id: int) -> None:
        """The thread is over: deliver its last words, and tell what it died of, if it did."""
        thread = self._threads[repository_id]
        self._deliver_one(repository_id, thread)
        del self._threads[repository_id]
        self._lives.pop(repository_id, None)
        self._ended.discard(repository_id)
        if isinstance(thread.error, BorgDeskError):
            _log.warning("no run of %s: %s", self._names.get(repository_id), thread.error)
            self.run_refused.emit(repository_id, thread.error.sentence)
        elif thread.error is not None:
            self.defect_met.emit(thread.error)
        if isinstance(thread.result, list):
            self.recovered.emit(thread.result)
        thread.deleteLater()
        if (repository := self._again.pop(repository_id, None)) is not None:
            self.start(repository)
        if not self._threads:
            self._pulse.stop()
            self.idle.emit()
