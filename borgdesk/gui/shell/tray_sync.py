"""Keeps the tray icon up to date with runs and the store, and handles its actions."""

from __future__ import annotations

from PySide6.QtCore import QObject

from borgdesk.gui.overview.overview_data import Overview
from borgdesk.gui.schedule import schedule_words
from borgdesk.gui.shell.backup_requests import BackupRequests
from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.shell.tray import Tray
from borgdesk.gui.workers.executor import Executor
from borgdesk.store.clock import now


class TraySync(QObject):
    """Created only where there is a tray."""

    def __init__(self, tray: Tray, executor: Executor, requests: BackupRequests, window: MainWindow) -> None:
        super().__init__(tray)
        self._tray, self._executor = tray, executor
        tray.open_requested.connect(window.come_forward)
        tray.backup_requested.connect(requests.back_up)
        tray.stop_all_requested.connect(executor.stop_all)
        for changed in (executor.run_began, executor.events_arrived, executor.run_ended, executor.became_idle):
            changed.connect(self._show_active)

    def show_overview(self, overview: Overview) -> None:
        """Show the repositories of the store and the runs of other processes."""
        repositories = [state.repository for state in overview.repositories]
        bad = any(one.last_status is not None and one.last_status.is_bad for one in repositories)
        self._tray.show_others(overview.elsewhere)
        self._tray.show_repositories(repositories)
        dues = [state.due for state in overview.repositories if state.due is not None]
        late = any(due.assessment.overdue for due in dues)
        self._tray.show_attention(needed=bad or late or bool(overview.owing))
        self._tray.show_schedules(schedule_words.summary(dues, now()))

    def _show_active(self, *_: object) -> None:
        self._tray.show_active(self._executor.active())
