"""Updates of every place that shows the result of a run, here one of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.domain.run import RunStatus
from borgdesk.gui.overview.overview_page import OverviewPage
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.gui.runs.history_page import HistoryPage
from borgdesk.gui.runs.run_bar import RunBar
from borgdesk.gui.scripts.scripts_page import ScriptsPage
from borgdesk.gui.shell.lifetime import Lifetime
from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.shell.shell import Shell
from borgdesk.gui.shell.window_settings import WindowSettings
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.gui.workers.store_watcher import StoreWatcher
from tests.gui.listed import runs_in
from tests.gui.scene import POST, Scene
from tests.gui.stage import Overtaken

ROOT = Path(__file__).parents[3]


def text_of(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def overview_says(page: QWidget) -> bool:
    return "Backed up with warnings just now" in text_of(page)


def repositories_say(page: QWidget) -> bool:
    return "Last good backup just now" in text_of(page)


def history_says(page: QWidget) -> bool:
    assert isinstance(page, HistoryPage)
    return [run.status for run in runs_in(page.model)] == [RunStatus.WARNING]


def scripts_say(page: QWidget) -> bool:
    assert isinstance(page, ScriptsPage)
    return [script.last_result for script in page.table.rows.rows()] == ["failed"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("overview", overview_says),
        ("repositories", repositories_say),
        ("history", history_says),
        ("scripts", scripts_say),
    ],
)
def test_a_run_of_another_process(
    scene: Scene,
    background: Background,
    settings: WindowSettings,
    window: MainWindow,
    qtbot: QtBot,
    name: str,
    says: Callable[[QWidget], bool],
) -> None:
    repository, gate = scene.repository(), scene.gate()
    scene.hook(repository, "Start", f"{gate.line}; exit 1", POST)
    shell = Shell(scene.workspace, background, settings, window, Lifetime(window, window), window)
    window.destroyed.connect(shell.finish)
    window.show()
    window.open_page(name)
    page = window.page(name)
    qtbot.waitUntil(lambda: page.isVisible() and not shell.executor.is_busy, timeout=30_000)
    bar = window.findChild(RunBar)
    assert isinstance(bar, RunBar)
    command = subprocess.Popen(
        [sys.executable, "-m", "borgdesk", "run", "Documents"],
        env={**os.environ, "BORGDESK_HOME": str(scene.folder / "home"), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        # While it is active, the run bar shows it and that it cannot be stopped here.
        qtbot.waitUntil(lambda: bar.isVisible() and "command line" in text_of(bar), timeout=60_000)
        assert not says(page)
        gate.open()
    finally:
        output = command.communicate(timeout=60)
    assert command.returncode == 1, output
    qtbot.waitUntil(lambda: says(page))
    qtbot.waitUntil(lambda: not bar.isVisible())


def test_a_look_tells_of_what_was_stored_and_of_nothing_else(
    scene: Scene, background: Background, qtbot: QtBot
) -> None:
    watcher, told = StoreWatcher(scene.workspace.store.database, background), list[int]()
    watcher.changed.connect(lambda: told.append(len(told)))

    def looked() -> bool:
        return not watcher._busy

    watcher.start()
    qtbot.waitUntil(looked)
    assert told == [], "the first look has nothing to compare with"
    scene.script("Stop", "true")
    with qtbot.waitSignal(watcher.changed):
        pass
    watcher.stop()
    qtbot.waitUntil(looked)
    scene.script("Start", "true")
    watcher._look()
    qtbot.waitUntil(looked)
    assert told == [0], "nobody wants to know any more"


def test_what_changes_before_the_first_look_is_told_if_reading_has_begun(
    scene: Scene, background: Background, executor: Executor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine, the first look may come long after a page was read for the first time."""
    looked = StoreWatcher._look
    monkeypatch.setattr(StoreWatcher, "_look", lambda _: None)
    overview = OverviewPage(scene.workspace, background, executor)
    repositories = RepositoriesPage(scene.workspace, background)
    for page in (overview, repositories):
        qtbot.addWidget(page)
    with qtbot.waitSignal(overview.overview_read):
        overview.refresh()
    repositories.show()
    qtbot.waitUntil(lambda: repositories._stack.currentIndex() == 0)
    background._pool.waitForDone()
    scene.script("Stop", "true")
    monkeypatch.setattr(StoreWatcher, "_look", looked)
    for watcher in (overview._watcher, repositories._watcher):
        with qtbot.waitSignal(watcher.changed):
            watcher._look()


def test_one_look_at_a_time(scene: Scene, overtaken: Overtaken, qtbot: QtBot) -> None:
    watcher = StoreWatcher(scene.workspace.store.database, overtaken)
    overtaken.keep_next()
    watcher._look()
    assert overtaken.has_kept
    overtaken.keep_next()
    watcher._look()
    assert overtaken.waits(), "nothing more was asked while there was no answer"
    overtaken.deliver()
    watcher._look()
    assert not overtaken.waits()
    overtaken.deliver()
