"""Follows runs of other processes (command line, guardian) through the files in their run folders."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, QTimer, Signal

from borgdesk.domain.events import Event, StopAsked
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.engine.runs.run_folders import run_folder
from borgdesk.engine.runs.story import Story
from borgdesk.engine.runs.story_reader import StoryReader
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.engine_thread import as_shown
from borgdesk.gui.workers.live_run import KEPT_LINES, LiveRun
from borgdesk.translation import _

_PAUSE = 150
"""Milliseconds between two looks at the files of active runs."""


class ForeignRuns(QObject):
    """Follows the given runs until they end."""

    run_found = Signal(int)
    """Id of a run that is now being followed."""
    events_arrived = Signal(list)
    """List of events since the last emission, in order."""
    run_left = Signal(int)
    """Id of a run that has ended, or whose process has."""

    def __init__(self, workspace: Workspace, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._lives: dict[RunId, LiveRun] = {}
        self._readers: dict[RunId, StoryReader] = {}
        self._gone: set[RunId] = set()
        """Runs that ended while the history still had them as active."""
        self._reading = False
        self._pulse = QTimer(self, interval=_PAUSE)
        self._pulse.timeout.connect(self._look)

    def follow(self, runs: Iterable[Run]) -> None:
        """Follow exactly these runs."""
        wanted = {run.id: run for run in runs}
        self._gone &= wanted.keys()
        for run_id in self._lives.keys() - wanted.keys():
            self._leave(run_id)
        for run in wanted.values():
            if run.id not in self._lives and run.id not in self._gone:
                self._find(run)

    def active(self) -> tuple[LiveRun, ...]:
        """Return the followed runs, oldest first."""
        return tuple(sorted(self._lives.values(), key=lambda live: live.run_id))

    def live(self, run_id: RunId) -> LiveRun | None:
        """Return the live state of a followed run."""
        return self._lives.get(run_id)

    def live_of(self, repository_id: RepositoryId) -> LiveRun | None:
        """Return the live state of the repository's run."""
        return next((live for live in self.active() if live.repository_id == repository_id), None)

    def stop(self, run_id: RunId) -> None:
        """Ask the process of a run to stop it, or to hurry if it was asked before."""
        live = self._lives.get(run_id)
        if live is not None:
            folder = run_folder(self._workspace, run_id)
            from borgdesk.engine.runs.stop_requests import ask_to_stop

            self._background.ask(lambda: ask_to_stop(folder), lambda heard: self._see_asked(run_id, heard), owner=self)

    def _see_asked(self, run_id: RunId, was_heard: bool) -> None:
        live = self._lives.get(run_id)
        if live is None:
            return
        if not was_heard:
            self._background.problem_met.emit(_not_heard())
            return
        event = StopAsked(run_id, hurried=live.story.stopping)
        live.take(event)
        self.events_arrived.emit([event])

    def _find(self, run: Run) -> None:
        began = run.started_at or run.queued_at
        self._lives[run.id] = LiveRun(
            run.repository_id or RepositoryId(0),
            run.repository,
            run.id,
            began_at=began,
            trigger=run.trigger,
            story=Story(kind=run.kind),
        )
        self._readers[run.id] = StoryReader(run_folder(self._workspace, run.id), KEPT_LINES)
        self.run_found.emit(run.id)
        self._pulse.start()
        self._look()

    def _leave(self, run_id: RunId) -> None:
        del self._lives[run_id], self._readers[run_id]
        if not self._lives:
            self._pulse.stop()
        self.run_left.emit(run_id)

    def _look(self) -> None:
        if self._reading or not self._readers:
            return
        self._reading = True
        readers = dict(self._readers)
        self._background.ask(
            lambda: {run_id: [*map(as_shown, reader.read())] for run_id, reader in readers.items()},
            self._take,
            owner=self,
        )

    def _take(self, found: dict[RunId, list[Event]]) -> None:
        self._reading = False
        for run_id, events in found.items():
            live = self._lives.get(run_id)
            if live is None or not events:
                continue
            for event in events:
                live.take(event)
            self.events_arrived.emit(events)
            if live.story.is_over:
                self._gone.add(run_id)
                self._leave(run_id)


def _not_heard() -> str:
    return _("The program that runs this backup cannot be told to stop. Stop it where you started it.")
