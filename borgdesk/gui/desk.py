"""The open window at work: what each part asks for is done by another. Made once the store is open."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from borgdesk.domain.events import RunEnded
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, RunStatus
from borgdesk.engine import autostart
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.background import Background
from borgdesk.gui.dialogs.quitting import ask_to_quit
from borgdesk.gui.executor import Executor
from borgdesk.gui.main_window import MainWindow, PageEntry
from borgdesk.gui.notifications import Notifications
from borgdesk.gui.overview_data import Overview
from borgdesk.gui.pages.history import HistoryPage
from borgdesk.gui.pages.overview import OverviewPage
from borgdesk.gui.pages.settings import SettingsPage
from borgdesk.gui.preferences import Preferences
from borgdesk.gui.tray import Tray
from borgdesk.gui.widgets.run_bar import RunBar

if TYPE_CHECKING:
    from borgdesk.gui.pages.repositories import RepositoriesPage
    from borgdesk.gui.pages.scripts import ScriptsPage

_SESSION_PATIENCE = 120.0
"""Seconds the session may have to wait for what is owed; the guardian does what is left then."""

_IDLE = 1000
"""Milliseconds after which the window is there and nobody has clicked much yet."""

_BREATH = 10
"""Milliseconds in which the window hears its user between two things that both take their time."""

_BAD = (RunStatus.FAILURE, RunStatus.INTERRUPTED)


class Desk(QObject):
    """Pages, runs, tray and notifications, joined."""

    ended = Signal()
    """Nothing is under way any more and the user wants to quit."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        preferences: Preferences,
        window: MainWindow,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._preferences, self.window = preferences, window
        self.executor = Executor(workspace, self)
        self.tray = Tray(QApplication.windowIcon(), self) if Tray.is_available() else None
        self.notifications = Notifications(workspace, background, preferences, self.tray, self)
        self._quitting = False
        self._told_of_tray = False
        self._question: QMessageBox | None = None
        self._show_next: int | None = None
        """The repository whose next run shall be opened when it began."""
        self._connect()
        bar = RunBar(self.executor, window)
        bar.show_asked.connect(self.show_run)
        bar.stop_asked.connect(self.executor.stop)
        window.set_bar(bar)
        window.show_entries(self._entries())
        self._use_wishes()
        self.executor.recover()
        QTimer.singleShot(_IDLE, self, self._warm_up)
        background.do(lambda: autostart.install(workspace.environment))

    # what can be asked for

    def back_up(self, repository_id: int) -> None:
        """Back up a repository now."""
        if self._quitting:
            return
        get = self._workspace.store.repositories.get
        self._background.ask(lambda: get(repository_id), self._start, owner=self)

    def run_again(self, repository_id: int) -> None:
        """Back up again, and watch it."""
        self._show_next = repository_id
        self.back_up(repository_id)

    def show_run(self, run_id: int) -> None:
        """Open a run in the history."""
        if self.window.open_page("history"):
            self._history().show_run(run_id)

    def show_history(self, repository_id: int) -> None:
        """Open the history of a repository."""
        if self.window.open_page("history"):
            self._history().show_repository(repository_id)

    def show_script(self, script_id: int) -> None:
        """Open a script of the library."""
        if self.window.open_page("scripts"):
            self._scripts().show_script(script_id)

    def show_revision(self, script_id: int, sha256: str) -> None:
        """Open a script of the library, with what it was when it had that revision."""
        if self.window.open_page("scripts"):
            page = self._scripts()
            if sha256:
                page.show_revision(script_id, sha256)
            else:
                page.show_script(script_id)

    def import_files(self, paths: list[Path]) -> None:
        """Make scripts of files."""
        if self.window.open_page("scripts"):
            self._scripts().actions_on_scripts.import_files(paths)

    def show_repository(self, repository_id: int) -> None:
        """Open a repository."""
        if self.window.open_page("repositories"):
            self._repositories().show_repository(repository_id)

    def show_lanes(self, repository_id: int) -> None:
        """Open a repository where its scripts are assigned."""
        if self.window.open_page("repositories"):
            self._repositories().show_scripts_of(repository_id)

    def add_repository(self) -> None:
        """Ask for a new repository."""
        if self.window.open_page("repositories"):
            self._repositories().ask_for_new()

    def close_window(self) -> None:
        """The user closed the window: backups and the tray go on, where there is a tray."""
        if self.tray is not None and self._preferences.wishes.close_to_tray:
            self.window.hide()
            if not self._told_of_tray:
                self._told_of_tray = True
                self.notifications.tell(
                    self.tr("BorgDesk is still there"), self.tr("Quit it from its icon in the tray.")
                )
        elif self.tray is None and self.executor.is_busy:
            self.window.showMinimized()
        else:
            self.quit()

    def quit(self) -> None:
        """End, after a question when something is under way."""
        if self._question is not None or not self.window.can_leave():
            return
        if not self.executor.is_busy:
            self._end()
            return
        self.window.come_forward()
        running = [live.repository for live in self.executor.active()]
        self._question = ask_to_quit(self.window, running, self.stop_and_quit)
        self._question.finished.connect(self._forget_question)

    def stop_and_quit(self) -> None:
        """Stop all runs, wait for what is owed, and end."""
        self._quitting = True
        self.executor.stop_all()
        if not self.executor.is_busy:
            self._end()

    def end_session(self) -> None:
        """The session ends: hold it up until what is owed is done, as long as it lets us."""
        self.stop_and_quit()
        self._wait(_SESSION_PATIENCE)

    def finish(self) -> None:
        """The program ends, whoever wanted it: nothing may be left running in it."""
        self.executor.stop_all()
        if self.window.has_made("scripts"):
            self._scripts().shut_down()
        while not self.executor.wait(1.0):
            QApplication.processEvents()
        if self.tray is not None:
            self.tray.hide()

    # parts

    def _connect(self) -> None:
        executor, window = self.executor, self.window
        executor.run_began.connect(self._see_begin)
        executor.run_ended.connect(self._see_end)
        executor.run_refused.connect(lambda _, sentence: window.tell_problem(sentence))
        executor.recovered.connect(self._see_recovered)
        executor.defect_met.connect(self._raise)
        executor.idle.connect(self._see_idle)
        self._background.problem.connect(window.tell_problem)
        self._preferences.changed.connect(self._use_wishes)
        window.close_asked.connect(self.close_window)
        window.quit_asked.connect(self.quit)
        window.files_dropped.connect(self.import_files)
        if self.tray is not None:
            self.tray.open_asked.connect(window.come_forward)
            self.tray.quit_asked.connect(self.quit)
            self.tray.backup_asked.connect(self.back_up)
            self.tray.stop_all_asked.connect(executor.stop_all)
            self.tray.message_clicked.connect(self._open_last_told)
            for changed in (executor.run_began, executor.events_arrived, executor.run_ended):
                changed.connect(self._update_tray)
            executor.idle.connect(self._update_tray)

    def _warm_up(self) -> None:
        """Load what the next pages need, while nobody waits for it and no backup competes for Python's lock."""
        self._background.do(_import_pages)
        self._history().warm_up()

    def _entries(self) -> list[PageEntry]:
        return [
            PageEntry("overview", self.tr("Overview"), "overview", self._make_overview),
            PageEntry("repositories", self.tr("Repositories"), "repositories", self._make_repositories),
            PageEntry("scripts", self.tr("Scripts"), "scripts", self._make_scripts),
            PageEntry("history", self.tr("History"), "history", self._make_history),
            PageEntry("settings", self.tr("Settings"), "settings", self._make_settings),
        ]

    def _make_overview(self) -> QWidget:
        page = OverviewPage(self._workspace, self._background, self.executor)
        page.backup_asked.connect(self.back_up)
        page.stop_asked.connect(self.executor.stop_repository)
        page.history_asked.connect(self.show_history)
        page.repository_asked.connect(self.show_repository)
        page.repositories_asked.connect(self.add_repository)
        page.scripts_asked.connect(partial(self.window.open_page, "scripts"))
        page.owed_run_asked.connect(self.executor.recover)
        page.overview_read.connect(self._see_overview)
        return page

    def _make_repositories(self) -> QWidget:
        from borgdesk.gui.pages.repositories import RepositoriesPage

        page = RepositoriesPage(self._workspace, self._background)
        page.backup_asked.connect(self.back_up)
        page.history_asked.connect(self.show_history)
        page.script_asked.connect(self.show_script)
        page.changed.connect(self._overview().refresh)
        return page

    def _make_scripts(self) -> QWidget:
        from borgdesk.gui.pages.scripts import ScriptsPage

        page = ScriptsPage(self._workspace, self._background)
        page.open_repository_asked.connect(self.show_lanes)
        page.open_run_asked.connect(self.show_run)
        return page

    def _make_history(self) -> QWidget:
        page = HistoryPage(self._workspace, self._background, self.executor)
        page.run_again_asked.connect(self.run_again)
        page.stop_asked.connect(self.executor.stop)
        page.script_asked.connect(self.show_revision)
        return page

    def _make_settings(self) -> QWidget:
        return SettingsPage(self._preferences, self._workspace.paths, has_tray=self.tray is not None)

    def _overview(self) -> OverviewPage:
        page = self.window.page("overview")
        assert isinstance(page, OverviewPage)
        return page

    def _repositories(self) -> RepositoriesPage:
        from borgdesk.gui.pages.repositories import RepositoriesPage

        page = self.window.page("repositories")
        assert isinstance(page, RepositoriesPage)
        return page

    def _scripts(self) -> ScriptsPage:
        from borgdesk.gui.pages.scripts import ScriptsPage

        page = self.window.page("scripts")
        assert isinstance(page, ScriptsPage)
        return page

    def _history(self) -> HistoryPage:
        page = self.window.page("history")
        assert isinstance(page, HistoryPage)
        return page

    # what happened

    def _start(self, repository: Repository) -> None:
        if not self._quitting and not self.executor.start(repository):
            live = self.executor.live_of(repository.id)
            if live is not None:
                self.show_run(live.run_id)

    def _see_begin(self, run_id: int) -> None:
        live = self.executor.live(run_id)
        if live is not None and live.repository_id == self._show_next:
            self._show_next = None
            QTimer.singleShot(_BREATH, self, partial(self._prepare_run, run_id))

    def _prepare_run(self, run_id: int) -> None:
        """Open a run where nobody sees it yet: filling the view and laying it out both take their time."""
        self._history().show_run(run_id)
        QTimer.singleShot(_BREATH, self, partial(self.window.open_page, "history"))

    def _see_end(self, ended: RunEnded) -> None:
        self.notifications.tell_end(ended)

    def _see_recovered(self, runs: list[Run]) -> None:
        for run in runs:
            if not any(one.status is ExecutionStatus.PENDING for one in run.executions):
                self._overview().show_recovered(run)

    def _see_overview(self, overview: Overview) -> None:
        if self.tray is None:
            return
        repositories = [state.repository for state in overview.repositories]
        self.tray.show_repositories(repositories)
        bad = any(repository.last_status in _BAD for repository in repositories)
        self.tray.show_attention(needed=bad or bool(overview.owing))

    def _see_idle(self) -> None:
        if self._quitting:
            self._end()

    def _update_tray(self, *_: object) -> None:
        if self.tray is not None:
            self.tray.show_active(self.executor.active())

    def _open_last_told(self) -> None:
        self.window.come_forward()
        if self.notifications.last_run_id is not None:
            self.show_run(self.notifications.last_run_id)

    def _use_wishes(self) -> None:
        self.executor.keep_checkpoint = self._preferences.wishes.keep_checkpoint

    def _raise(self, error: Exception) -> None:
        raise error

    def _forget_question(self) -> None:
        self._question = None

    def _end(self) -> None:
        self._quitting = True
        self.ended.emit()

    def _wait(self, patience: float) -> None:
        end = time.monotonic() + patience
        while self.executor.is_busy and time.monotonic() < end:
            loop = QEventLoop()
            self.executor.idle.connect(loop.quit)
            QTimer.singleShot(1000, loop.quit)
            loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)


def _import_pages() -> None:
    """Import the pages that bring the editor with them: 100 ms each."""
    import borgdesk.gui.pages.repositories
    import borgdesk.gui.pages.scripts  # noqa: F401
