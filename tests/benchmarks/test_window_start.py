"""Benchmark of the window's start and of its idle costs, beside a bare PySide6 window. Run by ``make bench``.

``BORGDESK_VORTA`` may name a Python that has Vorta, which is then measured in the same way. All use the platform plugin
that ``QT_QPA_PLATFORM`` names, one after the other: memory that several of them map would count in part only.
``LONG_START`` may name a folder in which the long history was made before.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.script import NewScript
from borgdesk.paths import Paths
from borgdesk.store.store import Store
from tests.benchmarks.long_history import REPOSITORIES, make

pytestmark = [pytest.mark.benchmark, pytest.mark.gui]

STARTS = 7
SCRIPTS = 200
RUNS = 100_000
_VORTA_PYTHON = os.environ.get("BORGDESK_VORTA")
"""Read before fixtures hide what is meant for BorgDesk."""
_MEASURE = """
import json, os, sys, time
from pathlib import Path
began = float(sys.argv.pop(1))
said = {}

def shown(window):
    if "content" not in said:
        window.repaint()
        said.update(content=time.time() - began, cpu=time.process_time())
        QTimer.singleShot(2500, settle)

def settle():
    before = time.process_time()
    QTimer.singleShot(3000, lambda: tell(before))

def tell(before):
    fields = Path("/proc/self/smaps_rollup").read_text().split()
    for name in ("Pss", "Pss_Anon", "Pss_File"):
        said[name] = int(fields[fields.index(name + ":") + 1])
    print(json.dumps({**said, "idle": time.process_time() - before, "modules": len(sys.modules)}), flush=True)
    os._exit(0)
"""
_OURS = """
from borgdesk.gui.workers.plain_import import load_qt
load_qt()
from borgdesk import app
from PySide6.QtCore import QTimer
from borgdesk.gui.shell.main_window import MainWindow

paint, begin = MainWindow.paintEvent, app.Application._begin

def painted(window, event):
    paint(window, event)
    said.setdefault("painted", time.time() - began)

def opened(self, workspace):
    begin(self, workspace)
    said["open"] = time.time() - began
    self.shell._pages.overview_read.connect(lambda _: QTimer.singleShot(0, lambda: shown(self.window)))

MainWindow.paintEvent, app.Application._begin = painted, opened
sys.exit(app.main([]))
"""
_BARE = """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow
application = QApplication([])
window = QMainWindow()
window.setCentralWidget(QLabel("Bare"))
window.resize(900, 600)
window.show()
QTimer.singleShot(0, lambda: shown(window))
application.exec()
"""
_VORTA = """
import vorta.__main__
import vorta.application
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QMainWindow
from vorta.views.main_window import MainWindow

def visible(window, event):
    QMainWindow.showEvent(window, event)
    QTimer.singleShot(0, lambda: shown(window))

MainWindow.showEvent = visible
vorta.__main__.main()
"""


def start(program: str, home: Path, python: str = sys.executable) -> dict[str, Any]:
    """Start a program and return what it says of itself."""
    done = subprocess.run(
        [python, "-c", _MEASURE + program, str(time.time())],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={
            **os.environ,
            "HOME": str(home),
            "BORGDESK_HOME": str(home),
            "BORGDESK_SECRETS": "file",
            "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
            "PYTHONPATH": os.pathsep.join(sys.path) if python == sys.executable else "",
            "PYTHONDONTWRITEBYTECODE": "",
        },
    )
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def line(what: str, starts: list[dict[str, Any]]) -> str:
    """Return what is to be printed of a program."""

    def median(name: str) -> float:
        return statistics.median([float(one[name]) for one in starts])

    return (
        f"{what}: content after {median('content'):.2f} s (fastest {min(one['content'] for one in starts):.2f} s), "
        f"with {median('cpu'):.2f} s of CPU (least {min(one['cpu'] for one in starts):.2f} s); idle: "
        f"{median('Pss') / 1e3:.0f} MB proportional ({median('Pss_Anon') / 1e3:.0f} of its own, "
        f"{median('Pss_File') / 1e3:.0f} of files), {median('idle') / 3 * 100:.1f} % of a core, "
        f"{median('modules'):.0f} modules"
    )


def fill(home: Path) -> None:
    """Make repositories, scripts and a long history."""
    paths = make(home, RUNS)
    store = Store(paths)
    store.open()
    for number in range(REPOSITORIES):
        store.repositories.add(Repository(RepositoryId(0), f"Repository {number}", f"/backup/{number}", ("/etc",)))
    for number in range(SCRIPTS):
        store.scripts.add(NewScript(f"Script {number:03}", f"echo {number}\n".encode()))
    store.close()
    with closing(sqlite3.connect(paths.database)) as connection, connection:
        connection.execute(
            "UPDATE backup_jobs SET repository_id = "
            "(SELECT id FROM repositories WHERE repositories.name = backup_jobs.repository)"
        )


def index(home: Path) -> None:
    """Write the text index of the history, which an idle window would be busy with."""
    store = Store(Paths.below(home))
    store.open()
    while store.search_filler.fill():
        pass
    store.close()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("much", [False, True], ids=["nothing", "much"])
def test_start_and_idle(tmp_path: Path, much: bool) -> None:
    home = Path(os.environ.get("LONG_START", tmp_path)) if much else tmp_path
    if much and not Paths.below(home).database.exists():
        fill(home)
    if much:
        index(home)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    programs = {"BorgDesk": (_OURS, home, sys.executable), "bare PySide6 window": (_BARE, elsewhere, sys.executable)}
    if _VORTA_PYTHON:
        programs["Vorta"] = _VORTA, elsewhere, _VORTA_PYTHON
    for program in programs.values():
        start(*program)
    starts: dict[str, list[dict[str, Any]]] = {what: [] for what in programs}
    for _ in range(STARTS):
        for what, program in programs.items():
            starts[what].append(start(*program))
    print()
    for what, of_program in starts.items():
        print(line(what, of_program))
    painted, opened = (statistics.median(one[name] for one in starts["BorgDesk"]) for name in ("painted", "open"))
    print(f"BorgDesk: first paint after {painted:.2f} s, open store after {opened:.2f} s (medians of {STARTS})")
