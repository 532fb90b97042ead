"""Starts scheduled backups while the program is running."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunKind, Trigger
from borgdesk.engine.desktop.resume_watch import ResumeWatch
from borgdesk.engine.schedule import due as due_now
from borgdesk.engine.schedule.disks import DiskWatch
from borgdesk.engine.schedule.due import Due
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.shell.notifications import Notifications
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.gui.workers.thread_emitter import ThreadEmitter
from borgdesk.store.clock import now as now_utc
from borgdesk.translation import _

if TYPE_CHECKING:
    from borgdesk.engine.runs.task import Task

_log = logging.getLogger(__name__)

_INTERVAL = 30_000
"""Milliseconds between two looks."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look found and recorded."""

    dues: list[Due]
    failed: list[Due]
    """Those whose slot has just failed, after its last attempt, with that slot."""
    overdue: list[Due]
    """Those of which the user has not been told today."""
    unchecked: list[Due]
    """As above, for those that were not checked for too long."""


class ScheduleTicker(QObject):
    """Asks nobody and shows no dialog: what goes wrong becomes a notification, or is in the history."""

    looked = Signal()
    """A look has ended, and what it found was started."""
    _resumed = Signal()
    """The computer has woken up; from another thread."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        executor: Executor,
        notifications: Notifications,
        is_ending: Callable[[], bool],
        parent: QObject | None = None,
        *,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        """*is_ending* returns whether nothing may start any more."""
        super().__init__(parent)
        self._workspace, self._background, self._executor = workspace, background, executor
        self._notifications, self._is_ending, self._clock = notifications, is_ending, clock
        self._looking, self._disks = False, DiskWatch()
        self._recorded: object = None
        """What the last look found and recorded."""
        self._refused: dict[RepositoryId, str] = {}
        """The sentences that the user was told, so that the next look does not repeat them."""
        executor.schedule_refused.connect(self._on_refused)
        executor.run_began.connect(self._on_run_began)
        self._timer = QTimer(self, interval=_INTERVAL)
        self._timer.timeout.connect(self.look)
        self._resumed.connect(self.look)
        self._resume_watch = ResumeWatch(ThreadEmitter(self._resumed))

    def start(self) -> None:
        """Look now, then every half minute, and whenever the computer has woken up."""
        self._timer.start()
        self._resume_watch.start()
        self.look()

    def close(self) -> None:
        """Look no more."""
        self._timer.stop()
        self._resume_watch.close()

    def look(self) -> None:
        """Look for what is due, unless that is in progress: a silent host delays it by seconds."""
        if not self._looking and not self._is_ending():
            self._looking = True
            self._background.ask(self._look, self._on_looked, self._on_failed, owner=self)

    def _look(self) -> _Look:
        now = self._clock()
        self._disks.look(self._workspace, now)
        dues = due_now.look_at_all(self._workspace, now)
        found = [(due.schedule, due.slot, due.next_at, due.assessment.closed, due.start, due.check) for due in dues]
        if found == self._recorded or not dues:
            # Each commit makes every window read again.
            return self._told(dues, [], now)
        failed = due_now.record(self._workspace, dues, now)
        self._recorded = found
        return self._told(dues, failed, now)

    def _told(self, dues: list[Due], failed: list[Due], now: datetime) -> _Look:
        overdue = due_now.tell_overdue(self._workspace, dues, now)
        return _Look(dues, failed, overdue, due_now.tell_overdue_checks(self._workspace, dues, now))

    def _on_looked(self, found: _Look) -> None:
        self._looking = False
        for due in found.failed:
            self._notifications.show_failed_slot(due)
        for due in found.overdue:
            self._notifications.show_overdue(due)
        for due in found.unchecked:
            self._notifications.show_overdue_check(due)
        if not self._is_ending():
            self._start(found.dues)
        self.looked.emit()

    def _start(self, dues: list[Due]) -> None:
        if any(due.died for due in dues):
            # It has to be put back in order first; the next look finds the retry.
            self._executor.recover()
        for due in dues:
            if due.start and not due.died and due.slot is not None:
                _log.info("the schedule starts a backup of %s", due.repository.name)
                self._executor.start(due.repository, due.slot)
            elif due.check_starts:
                _log.info("the schedule starts a check of %s", due.repository.name)
                make = partial(_check, due, self._workspace.environment)
                self._executor.start_made(due.repository, RunKind.CHECK, make, Trigger.SCHEDULE)

    def _on_failed(self, error: BorgDeskError) -> None:
        self._looking = False
        _log.warning("the schedules could not be looked at: %s", error)
        self.looked.emit()

    def _on_refused(self, repository: Repository, sentence: str) -> None:
        if self._refused.get(repository.id) != sentence:
            self._refused[repository.id] = sentence
            title = _("The backup of “{name}” could not start").format(name=repository.name)
            self._notifications.show(title, sentence, urgent=True)

    def _on_run_began(self, run_id: int) -> None:
        live = next((one for one in self._executor.active() if one.run_id == run_id), None)
        if live is not None:
            self._refused.pop(live.repository_id, None)


def _check(due: Due, environment: Mapping[str, str]) -> Task:
    # Imported here, in the run's thread: it would stall the window.
    from borgdesk.engine.runs.scheduled_check import check_for

    return check_for(due, environment)
