"""The task bar follows the runs of the window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import shiboken6
from pytestqt.qtbot import QtBot

from borgdesk.domain.events import BorgBegan, BorgProgressed, RunEnded, StepBegan, StopAsked
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.progress import Usual
from borgdesk.domain.run import BorgStep, RunStatus, Step
from borgdesk.engine.desktop.launcher import LauncherState
from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.shell.taskbar import Taskbar
from borgdesk.gui.shell.window_settings import WindowSettings
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.gui.workers.live_run import LiveRun
from tests.gui.scene import Scene


def half_done(number: int, share: float = 0.5) -> LiveRun:
    run = RunId(number)
    live = LiveRun(RepositoryId(number), "Docs", run, usual=Usual(1000, {BorgStep.CREATE: 100.0}))
    live.take(StepBegan(run, Step.CREATE))
    live.take(BorgBegan(run, BorgStep.CREATE, at=datetime.now(UTC) - timedelta(seconds=40)))
    live.take(BorgProgressed(run, "/home/a", files=1, original_size=round(1000 * share)))
    return live


def test_it_shows_what_is_known_of_all_runs_and_a_failure_until_the_window_is_active(
    scene: Scene, executor: Executor, window: MainWindow, qtbot: QtBot
) -> None:
    taskbar, lives = Taskbar(scene.workspace, executor, window), executor.elsewhere._lives
    lives[RunId(1)] = half_done(1)
    executor.events_arrived.emit([])
    assert taskbar.state == LauncherState(0.5)
    lives[RunId(2)] = half_done(2, 0.7)
    lives[RunId(3)] = LiveRun(RepositoryId(3), "Waits", RunId(3))
    executor.events_arrived.emit([])
    assert taskbar.state == LauncherState(0.6)
    lives[RunId(2)].take(StopAsked(RunId(2)))
    executor.events_arrived.emit([])
    assert taskbar.state == LauncherState(0.5)
    lives.clear()
    executor.run_ended.emit(RunEnded(RunId(1), "Docs", RunStatus.FAILURE, "It failed."))
    assert taskbar.state == LauncherState(None, urgent=True)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    assert taskbar.state == LauncherState()
    executor.run_ended.emit(RunEnded(RunId(1), "Docs", RunStatus.FAILURE, "It failed."))
    assert taskbar.state == LauncherState(), "the window is in front"
    taskbar.close()


def test_it_is_cleared_also_when_the_window_is_gone(
    scene: Scene, background: Background, executor: Executor, settings: WindowSettings, qtbot: QtBot
) -> None:
    window = MainWindow(settings)
    taskbar = Taskbar(scene.workspace, executor, window)
    executor.elsewhere._lives[RunId(1)] = half_done(1)
    executor.events_arrived.emit([])
    assert taskbar.state == LauncherState(0.5)
    shiboken6.delete(window)
    taskbar.close()
    assert taskbar.state == LauncherState()
    executor.elsewhere._lives.clear()
