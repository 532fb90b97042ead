"""Assignment board with a real mouse: dragging cards and scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import LANES
from tests.e2e.screen import Screen
from tests.gui.scene import POST, PRE, Scene

pytestmark = [pytest.mark.gui, pytest.mark.slow]

# Shows the board and prints the positions on the screen, one line of JSON per change. It reports when animations have
# ended: a moving card cannot be dragged.
_PROGRAM = """
import json, sys
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QApplication
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.workers.background import Background
from borgdesk.gui.lanes.board import AssignmentBoard

application = QApplication([])
board = AssignmentBoard(Workspace.open(), Background(application))
board.setGeometry(50, 50, 800, 800)
board.show()
board.show_repository(int(sys.argv[1]))
last, pending = [], []

def rows(view):
    model = view.model()
    places = {}
    for row in range(model.rowCount()):
        rect = view.visualRect(model.index(row, 0))
        top, bottom = view.viewport().mapToGlobal(rect.topLeft()), view.viewport().mapToGlobal(rect.bottomLeft())
        places[model.index(row, 0).data()] = [top.x() + 120, top.y(), bottom.y()]
    return places

def middle(widget):
    return [*widget.mapToGlobal(widget.rect().center()).toTuple()]

def look():
    seen = {
        "lanes": [rows(lane.view) for lane in board.lanes.values()],
        "empty": [middle(lane.view.viewport()) for lane in board.lanes.values()],
        "library": rows(board.library.list),
    }
    pending[:] = [*pending[-3:], seen] if pending and pending[-1] == seen else [seen]
    if len(pending) == 4 and [seen] != last:
        last[:] = [seen]
        print(json.dumps(seen), flush=True)

clock = QTimer(interval=50)
clock.timeout.connect(look)
clock.start()
sys.exit(application.exec())
"""

Seen = dict[str, Any]


class Board:
    """The program on the screen."""

    def __init__(self, screen: Screen, home: Path, repository_id: RepositoryId) -> None:
        self._screen = screen
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(repository_id)],
            stdout=subprocess.PIPE,
            text=True,
            env={**screen.environment, "BORGDESK_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def until(self, done: Callable[[Seen], bool]) -> Seen:
        """Return the state as soon as *done* accepts it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            seen: Seen = json.loads(line)
            if done(seen):
                return seen
        raise AssertionError("the board was closed")

    def shows(self, *lanes: str) -> Seen:
        """Wait until the lanes of a backup contain these letters, and those of a restore none."""
        return self.until(lambda seen: ["".join(lane) for lane in seen["lanes"]] == [*lanes, "", ""])

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Press, move in steps, and release."""
        move = self._screen.xdotool
        move("mousemove", "--sync", *start, "mousedown", 1)
        for step in range(1, 11):
            x, y = (round(a + (b - a) * step / 10) for a, b in zip(start, end, strict=True))
            move("mousemove", "--sync", x, y)
        move("mousemove", "--sync", end[0] + 1, end[1])
        move("mouseup", 1)

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=30)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


def top(place: list[int]) -> tuple[int, int]:
    return place[0], place[1] + 3


def middle(place: list[int]) -> tuple[int, int]:
    return place[0], (place[1] + place[2]) // 2


def bottom(place: list[int]) -> tuple[int, int]:
    return place[0], place[2] - 3


@pytest.mark.timeout(180)
def test_dragging_with_the_mouse(scene: Scene) -> None:
    docs = scene.workspace.store.repositories.add(Repository(RepositoryId(0), "Docs", "/backup", ("/home",)))
    for letter, hook in (("a", PRE), ("b", PRE), ("c", POST)):
        scene.hook(docs, letter, "true", hook)
    scene.script("x", "true")
    with Screen() as screen:
        home = scene.workspace.paths.home
        assert home is not None
        board = Board(screen, home, docs.id)
        try:
            seen = board.shows("ab", "c", "")
            board.drag(middle(seen["lanes"][0]["a"]), bottom(seen["lanes"][0]["b"]))
            seen = board.shows("ba", "c", "")
            board.drag(middle(seen["lanes"][0]["a"]), top(seen["lanes"][1]["c"]))
            seen = board.shows("b", "ac", "")
            board.drag(middle(seen["lanes"][1]["c"]), cast("tuple[int, int]", tuple(seen["empty"][2])))
            seen = board.shows("b", "a", "c")
            board.drag(middle(seen["library"]["x"]), top(seen["lanes"][0]["b"]))
            seen = board.shows("xb", "a", "c")
            board.drag(middle(seen["lanes"][0]["b"]), middle(seen["library"]["c"]))
            board.shows("x", "a", "c")
        finally:
            board.close()
    found = scene.workspace.store.assignments.list(docs.id)
    assert ["".join(one.script for one in found if one.hook is hook) for hook in LANES] == ["x", "a", "c", "", ""]
