"""Starts the backups and other runs that the user requests, or explains why one cannot start."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunKind
from borgdesk.gui.shell.lifetime import Lifetime
from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.shell.navigation import Navigation
from borgdesk.gui.shell.notifications import Notifications
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.store.store import Store
from borgdesk.translation import _

if TYPE_CHECKING:
    from borgdesk.engine.runs.task import Task

_SOON = 3000
"""Milliseconds within which a requested backup should have started."""

_BREATH = 10
"""Milliseconds left to the event loop between two slow steps."""


class BackupRequests(QObject):
    """Handles requests from every part of the window (cards, tray, notifications) in the same way."""

    def __init__(
        self,
        store: Store,
        background: Background,
        executor: Executor,
        window: MainWindow,
        navigation: Navigation,
        lifetime: Lifetime,
        notifications: Notifications,
    ) -> None:
        super().__init__(window)
        self._store, self._background, self._executor = store, background, executor
        self._window, self._navigation = window, navigation
        self._lifetime, self._notifications = lifetime, notifications
        self._show_next: RepositoryId | None = None
        """The repository whose next run is opened as soon as it has begun."""
        self._said = ""
        """Why nothing was started, as long as it is true."""
        executor.run_began.connect(self._on_run_began)
        executor.run_ended.connect(self._on_run_ended)
        executor.refused.connect(self._refuse)

    def back_up(self, repository_id: RepositoryId) -> None:
        """Back up a repository now, or say why not."""
        if self._lifetime.is_ending:
            self._refuse_at_end()
            return
        start = partial(self._back_up_as_saved, repository_id)
        if not self._navigation.asks_before_backup(repository_id, start):
            start()

    def back_up_all(self) -> None:
        """Back up all repositories now, or say why not."""
        self._background.ask(self._all_repositories, self._back_up_each, self._on_failed, self)

    def _all_repositories(self) -> Sequence[Repository]:
        # In another thread also as far as the store imports what lists them.
        return self._store.repositories.list()

    def _back_up_each(self, repositories: Sequence[Repository]) -> None:
        if not repositories:
            self._refuse(_("There is nothing to back up yet. Add a repository first."))
            return
        idle = [one for one in repositories if not self._is_backing_up(one)]
        if not idle:
            self._say_for_now(_("All repositories are being backed up already, or wait for their turn."))
        for repository in idle:
            self.back_up(repository.id)

    def _say_for_now(self, sentence: str) -> None:
        """Say why nothing is started, until a run has ended."""
        self._said = sentence
        self._window.show_waiting(sentence)
        self._notify_hidden(sentence)

    def _on_run_ended(self) -> None:
        """Say no more what was true while the run was under way."""
        if self._said and self._window.problem.text == self._said:
            self._window.show_waiting("")

    def _is_backing_up(self, repository: Repository) -> bool:
        live = self._executor.live_of(repository.id)
        return live is not None and live.ended is None and live.story.kind is RunKind.BACKUP

    def start_task(self, repository: Repository, task: Task) -> None:
        """Start another task on a repository now, or say why not."""
        if self._lifetime.is_ending:
            self._refuse_at_end()
        elif not self._executor.start_task(repository, task):
            self._refuse(_("“{name}” is already busy with this.").format(name=repository.name))

    def run_again(self, repository_id: RepositoryId) -> None:
        """Back up a repository again and open the run."""
        self._show_next = repository_id
        self.back_up(repository_id)

    def recover(self, run_id: RunId) -> None:
        """Recover a run now, or say why not."""
        if self._lifetime.is_ending:
            self._refuse_at_end()
        elif not self._executor.recover(run_id):
            self._refuse(_("BorgDesk is already cleaning up after interrupted backups. Wait until it has finished."))

    def _back_up_as_saved(self, repository_id: RepositoryId) -> None:
        self._background.ask(lambda: self._store.repositories.get(repository_id), self._start, self._on_failed, self)

    def _start(self, repository: Repository) -> None:
        if self._lifetime.is_ending:
            self._refuse_at_end()
        elif not self._executor.start(repository):
            self._say_for_now(_("A backup of “{name}” is already running.").format(name=repository.name))
            live = self._executor.live_of(repository.id)
            if live is not None:
                self._navigation.show_run(live.run_id)
        else:
            QTimer.singleShot(_SOON, self, partial(self._show_waiting, repository))

    def _show_waiting(self, repository: Repository) -> None:
        """Tell the user that a backup has not started yet, so that the request does not seem ignored."""
        if self._executor.waits_to_begin(repository.id) and not self._lifetime.is_ending:
            self._window.show_waiting(
                _(
                    "The backup of “{name}” has not started yet, because it cannot be recorded in the history. "
                    "Another program may be using BorgDesk's database."
                ).format(name=repository.name)
            )

    def _on_run_began(self, run_id: RunId) -> None:
        if not self._lifetime.is_ending:
            self._window.show_waiting("")
        live = self._executor.live(run_id)
        if live is not None and live.repository_id == self._show_next:
            self._show_next = None
            QTimer.singleShot(_BREATH, self, partial(self._load_run, run_id))

    def _load_run(self, run_id: RunId) -> None:
        """Load the run before its page is shown: filling the view and laying it out are both slow."""

        def load() -> None:
            self._navigation.load_run(run_id)
            QTimer.singleShot(_BREATH, self, self._navigation.open_history)

        self._window.prepare(load)

    def _on_failed(self, error: BorgDeskError) -> None:
        self._refuse(error.sentence)

    def _refuse_at_end(self) -> None:
        self._refuse(_("BorgDesk is quitting, so no new backup can be started."))

    def _refuse(self, sentence: str) -> None:
        """Show why a request was refused, also as a notification when the window is hidden."""
        self._window.show_problem(sentence)
        self._notify_hidden(sentence)

    def _notify_hidden(self, sentence: str) -> None:
        if not self._window.isVisible() or self._window.isMinimized():
            self._notifications.show(_("Backup not started"), sentence)
