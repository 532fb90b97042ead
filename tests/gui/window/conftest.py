from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from borgdesk.gui.background import Background
from borgdesk.gui.executor import Executor
from borgdesk.gui.main_window import MainWindow
from borgdesk.gui.preferences import Preferences
from tests.gui.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


@pytest.fixture
def executor(scene: Scene, qtbot: QtBot) -> Iterator[Executor]:
    executor = Executor(scene.workspace)
    yield executor
    executor.stop_all()
    qtbot.waitUntil(lambda: not executor.is_busy, timeout=60_000)


@pytest.fixture
def preferences(scene: Scene, qtbot: QtBot) -> Preferences:
    return Preferences(scene.workspace.paths)


@pytest.fixture
def window(preferences: Preferences, qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow(preferences)
    qtbot.addWidget(window)
    yield window
    window.close_for_good()
