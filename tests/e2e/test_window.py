"""Window with a real display, a real mouse and real Borg."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from borgdesk.domain.run import RunStatus, Trigger
from tests.e2e.screen import Screen
from tests.gui.scene import POST, PRE, Scene

pytestmark = [pytest.mark.gui, pytest.mark.slow]

# Opens the window and prints where its buttons are on the screen, one line of JSON per change.
_PROGRAM = """
import json, sys
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QPushButton, QTableView
from borgdesk import app

begin = app.Application.__init__

def place(widget):
    return [*widget.mapToGlobal(QPoint(widget.width() // 2, widget.height() // 2)).toTuple()]

def watched(self, application, paths, **more):
    begin(self, application, paths, **more)
    last = []

    def look():
        window = self.window
        seen = {
            "active": window.isActiveWindow(),
            "buttons": {
                button.text().replace("&", ""): place(button)
                for button in window.findChildren(QPushButton)
                if button.isVisible() and button.isEnabled()
            },
            "tables": {
                table.accessibleName(): [
                    [table.model().index(row, column).data() for column in range(table.model().columnCount())]
                    for row in range(table.model().rowCount())
                ]
                for table in window.findChildren(QTableView) if table.isVisible()
            },
        }
        if [seen] != last:
            last[:] = [seen]
            print(json.dumps(seen), flush=True)

    clock = QTimer(self, interval=50)
    clock.timeout.connect(look)
    clock.start()

app.Application.__init__ = watched
sys.exit(app.main([]))
"""


class Window:
    """The program on the screen, and its visible state."""

    def __init__(self, screen: Screen, home: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            stdout=subprocess.PIPE,
            text=True,
            env={**screen.environment, "BORGDESK_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def until(self, done: Any) -> dict[str, Any]:
        """Return the state as soon as *done* accepts it."""
        assert self._process.stdout is not None
        seen: dict[str, Any] = {}
        for line in self._process.stdout:
            seen = json.loads(line)
            if done(seen):
                return seen
        raise AssertionError(f"the window went away; last seen: {seen}")

    def ends(self) -> int:
        """Wait for the end and return the exit code."""
        return self._process.wait(60)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen() as screen:
        yield screen


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


@pytest.fixture
def window(scene: Scene, screen: Screen) -> Iterator[Window]:
    repository = scene.repository()
    assert scene.workspace.paths.home is not None
    # It goes on when the test has seen that the backup is running.
    wait = f"until [ -e {shlex.quote(str(scene.workspace.paths.home / 'seen'))} ]; do sleep 0.05; done"
    scene.hook(repository, "Stop containers", f"echo stopping; {wait}", PRE)
    scene.hook(repository, "Start containers", "echo starting", POST)
    window = Window(screen, scene.workspace.paths.home)
    yield window
    window.close()


def test_a_click_backs_up_and_the_history_has_it(window: Window, screen: Screen, scene: Scene) -> None:
    window.until(lambda seen: "Back up now" in seen["buttons"])
    screen.focus("BorgDesk")
    seen = window.until(lambda seen: seen["active"])
    screen.click(*seen["buttons"]["Back up now"])
    window.until(lambda seen: "Stop" in seen["buttons"])
    assert scene.workspace.paths.home is not None
    (scene.workspace.paths.home / "seen").touch()
    window.until(lambda seen: "Back up now" in seen["buttons"])
    screen.type_keys("ctrl+5")
    seen = window.until(lambda seen: [row[0] for row in seen["tables"].get("Runs", [])] == ["Success"])
    assert seen["tables"]["Runs"][0][1:3] == ["Backup", "Documents"]
    screen.type_keys("Down", "Return")
    seen = window.until(lambda seen: len(seen["tables"].get("Steps of the run", [])) == 3)
    assert [row[0] for row in seen["tables"]["Steps of the run"]] == [
        "Stop containers",
        "Backup (Borg)",
        "Start containers",
    ]
    screen.type_keys("ctrl+q")
    assert window.ends() == 0
    (run,) = scene.workspace.store.runs.list()
    assert (run.status, run.trigger) == (RunStatus.SUCCESS, Trigger.USER)


def test_sample_data_opens_a_second_window(screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    window = Window(screen, tmp_path / "home")
    try:
        seen = window.until(lambda seen: "Try it with sample data" in seen["buttons"])
        screen.click(*seen["buttons"]["Try it with sample data"])
        window.until(lambda seen: "Preparing…" not in seen["buttons"] and "Try it with sample data" in seen["buttons"])
        found = screen.xdotool("search", "--sync", "--onlyvisible", "--name", f"^BorgDesk.*{tmp_path}/.*/borgdesk$")
        process = screen.xdotool("getwindowpid", found.splitlines()[0])
        os.kill(int(process), signal.SIGTERM)
    finally:
        window.close()
