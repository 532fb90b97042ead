"""Creates and connects the parts of the window once the store is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from borgdesk.domain.enumeration import quoted
from borgdesk.domain.events import RunEnded
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.settings import CLOSE_TO_TRAY, COLOURS, KEEP_CHECKPOINT
from borgdesk.domain.window_request import Wanted, WindowRequest
from borgdesk.engine.borg_calls.getting_borg import is_missing
from borgdesk.engine.settings import borg_advice
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import accessible
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.overview.overview_data import Overview
from borgdesk.gui.runs.run_bar import RunBar
from borgdesk.gui.shell import quit_dialog
from borgdesk.gui.shell.backup_requests import BackupRequests
from borgdesk.gui.shell.chores import Chore, chores
from borgdesk.gui.shell.history_cleaner import HistoryCleaner
from borgdesk.gui.shell.history_indexer import HistoryIndexer
from borgdesk.gui.shell.interest import Interest
from borgdesk.gui.shell.lifetime import Lifetime, Work
from borgdesk.gui.shell.lost_edits import LostEdits
from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.shell.missing_borg import tell_how_to_get_borg
from borgdesk.gui.shell.navigation import Navigation
from borgdesk.gui.shell.notifications import Notifications
from borgdesk.gui.shell.pages import Pages, import_late_pages, late_pages_are_there
from borgdesk.gui.shell.schedule_ticker import ScheduleTicker
from borgdesk.gui.shell.taskbar import Taskbar
from borgdesk.gui.shell.tray import Tray
from borgdesk.gui.shell.tray_sync import TraySync
from borgdesk.gui.shell.window_settings import WindowSettings
from borgdesk.gui.workers.background import Background, leave_untold
from borgdesk.gui.workers.executor import Executor
from borgdesk.gui.workers.live_settings import LiveSettings
from borgdesk.translation import _

_IDLE = 1000
"""Milliseconds after which the window has probably become idle."""


def has_tray() -> bool:
    """Return whether the desktop has a tray now."""
    return Tray.is_available()


class Shell(QObject):
    """The pages, the executor, the tray and the notifications, connected with each other."""

    def __init__(
        self,
        workspace: Workspace,
        background: Background,
        settings: WindowSettings,
        window: MainWindow,
        lifetime: Lifetime,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window_settings, self._lifetime = settings, lifetime
        self.settings = LiveSettings(workspace, background, self)
        self.settings.adopt(settings.take_old())
        self.window = window
        self.executor = Executor(workspace, background, self)
        self.tray = Tray(QApplication.windowIcon(), self) if Tray.is_available() else None
        self.notifications = Notifications(workspace, background, self.settings, self.tray, self)
        self.navigation = Navigation(window)
        self.requests = BackupRequests(
            workspace.store,
            background,
            self.executor,
            window,
            self.navigation,
            lifetime,
            self.notifications,
        )
        self.ticker = ScheduleTicker(
            workspace, background, self.executor, self.notifications, lambda: lifetime.is_ending, self
        )
        self.cleaner = HistoryCleaner(workspace, background, self)
        self.indexer = HistoryIndexer(workspace.store.search_filler, background, self)
        self.executor.became_idle.connect(self.cleaner.look_soon)
        self.cleaner.looked.connect(self.indexer.start)
        self._workspace, self._background = workspace, background
        self._has_shown_tray_hint = False
        self._bar = RunBar(self.executor, window)
        self._lost_edits = LostEdits(workspace.paths.state)
        self._join_lifetime()
        self._join_tray()
        self._taskbar = Taskbar(workspace, self.executor, window)
        self._connect(background)
        window.set_bar(self._bar)
        self._pages = Pages(
            workspace, background, self.executor, self.settings, self.navigation, self.requests, lifetime
        )
        self._pages.overview_read.connect(self._on_overview_read)
        window.prepare = self._once_pages_are_loaded
        window.show_entries(self._pages.entries())
        self._apply_settings()
        self.executor.recover()
        self.ticker.start()
        self.cleaner.start()
        self.indexer.start()
        background.ask(self._lost_edits.take, self._on_lost_edits_read, owner=self)
        QTimer.singleShot(_IDLE, self, self._warm_up)

    def open(self, request: WindowRequest) -> None:
        """Show what another process, or a click on a notification, asks for."""
        self.window.come_forward()
        match request.wanted:
            case Wanted.RUN:
                self.navigation.show_run(RunId(request.number))
            case Wanted.REPOSITORY:
                self.navigation.show_repository(RepositoryId(request.number))
            case Wanted.BACKUP:
                self.requests.run_again(RepositoryId(request.number))
            case Wanted.ALL_BACKUPS:
                self.requests.back_up_all()
            case Wanted.HISTORY:
                self.navigation.open_history()
            case Wanted.PACK:
                self.navigation.import_files([Path(request.path)])

    def show_queue(self) -> None:
        """Open the list of active runs."""
        from borgdesk.gui.runs.queue_dialog import QueueDialog

        dialog = QueueDialog(self.executor, self.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show_requested.connect(self.navigation.show_run)
        dialog.open()

    def finish(self) -> None:
        """Shut everything down at the end of the program."""
        from borgdesk.engine.archives.mounts import unmount_ours

        self.executor.stop_all()
        self.navigation.shut_down()
        while not self.executor.wait(1.0):
            QApplication.processEvents()
        unmount_ours(self._workspace)
        self.ticker.close()
        self.notifications.close()
        self._taskbar.close()
        if self.tray is not None:
            self.tray.hide()

    def _join_lifetime(self) -> None:
        executor = self.executor
        self._lifetime.watch(
            Work(lambda: executor.is_busy, self._stop_runs, executor.became_idle, self._runs_under_way)
        )
        self._lifetime.hidden.connect(self._on_window_hidden)
        self._lifetime.edits_lost.connect(self._lost_edits.note)

    def _join_tray(self) -> None:
        self._tray_sync = None
        if self.tray is not None:
            self._tray_sync = TraySync(self.tray, self.executor, self.requests, self.window)
            self.tray.message_clicked.connect(self._on_message_clicked)
            self._lifetime.use_tray(self.tray, lambda: self.settings.values[CLOSE_TO_TRAY])

    def _connect(self, background: Background) -> None:
        executor, window = self.executor, self.window
        executor.run_ended.connect(self.notifications.show_end)
        executor.run_ended.connect(self._tell_end)
        executor.defect_met.connect(self._on_defect_met)
        self._bar.show_requested.connect(self.navigation.show_run)
        self._bar.stop_requested.connect(executor.stop)
        self._bar.queue_requested.connect(self.show_queue)
        background.problem_met.connect(window.show_problem)
        self.settings.changed.connect(self._apply_settings)
        window.files_dropped.connect(self.navigation.import_files)
        self.notifications.requested.connect(self.open)

    def _tell_end(self, ended: RunEnded) -> None:
        """Let a screen reader say what the window shows; it says notifications of the desktop, too."""
        if not self.notifications.is_worth_telling(ended):
            accessible.announce(self.window, _("{name}: {doing}").format(name=ended.repository, doing=ended.sentence))

    def _warm_up(self) -> None:
        """Do what can wait for the first content, while no backup competes for Python's lock."""
        workspace, background = self._workspace, self._background
        interest = Interest(self.window, self)
        interest.shown.connect(self._prepare_pages)
        self.notifications.listen()
        # Not when somebody begins to use the window: what they point at would move.
        self._look_for_borg()
        background.ask(lambda: chores(workspace), self._on_chores_found, owner=self)

    def _prepare_pages(self) -> None:
        """Load the other pages, with SQLAlchemy: 50 MB that a window in the tray does without."""
        self._background.ask(import_late_pages, lambda _: self.navigation.warm_up(), owner=self)

    def _once_pages_are_loaded(self, go_on: Callable[[], None]) -> None:
        """Call *go_on* at once, or later if somebody chose a page before all were loaded."""
        if late_pages_are_there():
            go_on()
        else:
            self._background.ask(import_late_pages, lambda _: go_on(), owner=self)

    def _on_chores_found(self, found: list[Chore]) -> None:
        for chore in found:
            self._background.do(chore)

    def _stop_runs(self) -> None:
        self.executor.stop_all(by_system=self._lifetime.is_end_by_system)

    def _runs_under_way(self) -> quit_dialog.UnderWay | None:
        if runs := self.executor.under_way():
            return quit_dialog.runs(runs)
        return quit_dialog.recovery() if self.executor.has_found_dead_runs else None

    def _apply_settings(self) -> None:
        self.executor.keep_checkpoint = self.settings.values[KEEP_CHECKPOINT]
        self._window_settings.keep_scheme(self.settings.values[COLOURS])

    def _on_overview_read(self, overview: Overview) -> None:
        self.executor.elsewhere.follow(overview.elsewhere)
        self.executor.follow_queue(overview.queue)
        if self._tray_sync is not None:
            self._tray_sync.show_overview(overview)

    def _look_for_borg(self) -> None:
        workspace = self._workspace
        self._background.ask(lambda: is_missing(workspace), self._on_borg_looked_for, owner=self)

    def _on_borg_looked_for(self, missing: bool) -> None:
        if missing:
            tell_how_to_get_borg(self.window.problem, self._look_for_borg)
            return
        workspace = self._workspace
        self._background.ask(lambda: _untold_advice(workspace), self._on_advice_found, leave_untold, owner=self)

    def _on_advice_found(self, advice: str) -> None:
        if advice and not self.window.problem.text:
            self.window.problem.show_message(advice, Tone.MUTED)
            self._background.do(lambda: borg_advice.mark_given(self._workspace))

    def _on_lost_edits_read(self, names: list[str]) -> None:
        if names:
            self.window.show_problem(
                _("BorgDesk closed while these had unsaved changes: {names}.").format(
                    names=", ".join(quoted(name) for name in names)
                )
            )

    def _on_window_hidden(self) -> None:
        if not self._has_shown_tray_hint:
            self._has_shown_tray_hint = True
            self.notifications.show(_("BorgDesk is still running"), _("To quit, use its icon in the tray."))

    def _on_message_clicked(self) -> None:
        self.window.come_forward()
        if self.notifications.last_request is not None:
            self.open(self.notifications.last_request)

    def _on_defect_met(self, error: Exception) -> None:
        raise error


def _untold_advice(workspace: Workspace) -> str:
    if borg_advice.was_given(workspace):
        return ""
    # Imported here: an idle window has no other use for what calls Borg.
    from borgdesk.engine.settings.borg_program import untold_advice

    return untold_advice(workspace)
