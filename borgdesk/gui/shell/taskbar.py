"""Shows the progress of runs, and a failure, in the task bar or dock."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject

from borgdesk.domain.events import RunEnded
from borgdesk.engine.desktop.launcher import Launcher, LauncherState
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.workers.executor import Executor


class Taskbar(QObject):
    """The progress is that of all runs together whose progress is known; without any there is none."""

    def __init__(self, workspace: Workspace, executor: Executor, window: MainWindow) -> None:
        super().__init__(window)
        self._executor, self._window = executor, window
        self._launcher = Launcher(workspace.environment)
        self._urgent = False
        """Whether a run has failed since the window was last active."""
        for changed in (executor.events_arrived, executor.became_idle, executor.elsewhere.run_left):
            changed.connect(self._show)
        executor.run_ended.connect(self._on_run_ended)
        window.installEventFilter(self)

    @property
    def state(self) -> LauncherState:
        """What it shows."""
        return self._launcher.state

    def close(self) -> None:
        """Clear it at the end of the program, when the window may be gone."""
        self._launcher.close()

    def _show(self, *_: object) -> None:
        active = (*self._executor.active(), *self._executor.elsewhere.active())
        fractions = [live.estimate().fraction for live in active if not live.story.stopping]
        known = [fraction for fraction in fractions if fraction is not None]
        fraction = sum(known) / len(known) if known else None
        self._launcher.show(LauncherState(fraction, self._urgent))

    def _on_run_ended(self, ended: RunEnded) -> None:
        self._urgent = self._urgent or (ended.status.is_bad and not self._window.isActiveWindow())
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.WindowActivate and self._urgent:
            self._urgent = False
            self._show()
        return super().eventFilter(watched, event)
