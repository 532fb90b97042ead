"""Benchmark of opening and changing a board with 30 cards and 100 scripts. Run by ``make bench``."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import LANES
from borgdesk.gui.lanes.board import AssignmentBoard
from borgdesk.gui.workers.background import Background
from tests.gui.scene import POST, PRE, Scene

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytestmark = [pytest.mark.benchmark, pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support ")]

SCRIPTS = 100
CARDS = 30
TIMES = 15


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


def painted(board: AssignmentBoard) -> None:
    """Paint the board now, as the screen would a moment later."""
    board.grab()


@pytest.mark.timeout(900)
def test_opening_and_changing(scene: Scene, qtbot: QtBot) -> None:
    repository = scene.workspace.store.repositories.add(Repository(RepositoryId(0), "Docs", "/backup", ("/home",)))
    header = '# /// borgdesk\n# description = "a script"\n# [parameters.NAME]\n# default = "web"\n# ///'
    scripts = [scene.script(f"Script {number}", header) for number in range(SCRIPTS)]
    for number in range(CARDS):
        scene.assign(repository, scripts[number], LANES[number % 3])
    background = Background()
    opened, changed, stored = [], [], []
    for _ in range(TIMES):
        board = AssignmentBoard(scene.workspace, background)
        qtbot.addWidget(board)
        board.resize(900, 1400)
        with qtbot.waitExposed(board):
            board.show()
        began = time.perf_counter()
        with qtbot.waitSignal(board.shown):
            board.show_repository(repository.id)
        painted(board)
        opened.append(time.perf_counter() - began)
        for number in range(2):
            hook, other = ((PRE, POST), (POST, PRE))[number]
            one = board.lanes[hook].cards.card(0).assignment.id
            began = time.perf_counter()
            with qtbot.waitSignal(board.changed):
                board.put(one, other, 0)
                painted(board)
                changed.append(time.perf_counter() - began)
            stored.append(time.perf_counter() - began)
        board.hide()
    background.close()
    for name, times in (("opening", opened), ("a change", changed), ("until it is stored", stored)):
        middle, worst = statistics.median(times) * 1000, max(times) * 1000
        print(f"\n{name}: {middle:.0f} ms, worst {worst:.0f} ms", end="")
