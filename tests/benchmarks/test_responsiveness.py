"""Benchmark of the window's responsiveness while a backup sends many files and lines. Run by ``make bench``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QTimer
from pytestqt.qtbot import QtBot

from borgdesk import app
from tests.gui.scene import PRE, Scene

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytestmark = [pytest.mark.benchmark, pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support ")]

FILES = 20_000
LINES = 100_000


class Heartbeat(QObject):
    """Timer with a period of 5 ms in the GUI thread; gaps between its ticks show how long the thread was blocked.

    On a machine that is busy with other things, most of a gap is waiting for the CPU; therefore, the CPU time that the
    thread took between two ticks is measured as well.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self.work: list[float] = []
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self._timer = QTimer(self, interval=5, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        worked = time.thread_time()
        self.gaps.append((now - self._last) * 1000)
        self.work.append((worked - self._worked) * 1000)
        self._last, self._worked = now, worked

    def figures(self) -> str:
        gaps = sorted(self.gaps)
        late = sum(gap > 50 for gap in gaps)
        rare = gaps[int(len(gaps) * 0.999)]
        waits = f"{len(gaps)} beats, 99.9 %: {rare:.1f} ms, longest {gaps[-1]:.1f} ms, {late} over 50 ms"
        return f"{waits}, longest work {max(self.work):.1f} ms"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


def fill(folder: Path) -> Path:
    for number in range(FILES):
        if number % 200 == 0:
            (folder / str(number)).mkdir(parents=True)
            place = folder / str(number)
        (place / f"file{number}.txt").write_text(f"small file {number}\n" * 8)
    return folder


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", ["overview", "run"])
def test_gui_thread_stays_quick(
    scene: Scene, tmp_path: Path, qtbot: QtBot, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BORGDESK_HOME", str(scene.workspace.paths.home))
    repository = scene.repository("Many", source=fill(tmp_path / "many"))
    scene.hook(repository, "Chatty", f'for ((i = 0; i < {LINES}; i++)); do echo "line $i of many"; done', PRE)
    opened = app.Application(app.make_application(), scene.workspace.paths)
    qtbot.waitUntil(lambda: opened.shell is not None and not opened.shell.executor.is_busy, timeout=20_000)
    shell, window = opened.shell, opened.window
    assert shell is not None
    for name in ("overview", "repositories", "scripts", "history"):
        window.open_page(name)
        qtbot.wait(300)
    window.open_page("overview")
    idle = Heartbeat()
    qtbot.wait(3000)
    print(f"\nidle, for comparison: {idle.figures()}")
    idle.stop()
    heart = Heartbeat()
    began = time.perf_counter()
    with qtbot.waitSignal(shell.executor.run_ended, timeout=300_000):
        (shell.requests.run_again if page == "run" else shell.requests.back_up)(repository.id)
    took = time.perf_counter() - began
    qtbot.wait(2000)
    print(f"{page} page, {FILES} files, {LINES} lines, {took:.1f} s: {heart.figures()}")
    opened.close()
