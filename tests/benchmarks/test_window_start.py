"""Benchmark of the window's start and of its idle costs. Run by ``make bench``.

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
_PROGRAM = """
import json, os, sys, time
from pathlib import Path
began = float(sys.argv.pop(1))
from borgdesk.gui.workers.plain_import import load_qt
load_qt()
from borgdesk import app
from PySide6.QtCore import QTimer
from borgdesk.gui.shell.main_window import MainWindow

said = {}
paint, begin = MainWindow.paintEvent, app.Application._begin

def painted(window, event):
    paint(window, event)
    said.setdefault("painted", time.time() - began)

def opened(self, workspace):
    begin(self, workspace)
    said["open"] = time.time() - began
    self.shell._pages.overview_read.connect(lambda _: QTimer.singleShot(0, lambda: shown(self)))

def shown(self):
    if "content" not in said:
        self.window.repaint()
        said.update(content=time.time() - began, cpu=time.process_time())
        QTimer.singleShot(2500, lambda: settle(self))

def settle(self):
    before = time.process_time()
    QTimer.singleShot(3000, lambda: tell(self, before))

def tell(self, before):
    fields = Path("/proc/self/smaps_rollup").read_text().split()
    said.update(pss=int(fields[fields.index("Pss:") + 1]), idle=time.process_time() - before)
    print(json.dumps(said), flush=True)
    self._application.exit()

MainWindow.paintEvent, app.Application._begin = painted, opened
sys.exit(app.main([]))
"""


def start(home: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(time.time())],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={
            **os.environ,
            "BORGDESK_HOME": str(home),
            "BORGDESK_SECRETS": "file",
            "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTHONDONTWRITEBYTECODE": "",
        },
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


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


@pytest.mark.timeout(600)
@pytest.mark.parametrize("much", [False, True], ids=["nothing", "much"])
def test_start_and_idle(tmp_path: Path, much: bool) -> None:
    home = Path(os.environ.get("LONG_START", tmp_path)) if much else tmp_path
    if much and not Paths.below(home).database.exists():
        fill(home)
    start(home)
    starts = [start(home) for _ in range(STARTS)]

    def median(name: str) -> float:
        return statistics.median([float(one[name]) for one in starts])

    print(
        f"\nfrom the command to the first paint {median('painted'):.2f} s, to the open store {median('open'):.2f} s, "
        f"to the content {median('content'):.2f} s (median of {STARTS}, fastest "
        f"{min(one['content'] for one in starts):.2f} s), with {median('cpu'):.2f} s of CPU (least "
        f"{min(one['cpu'] for one in starts):.2f} s);"
        f" idle: {median('pss') / 1e3:.0f} MB proportional, {median('idle') / 3 * 100:.1f} % of a core"
    )
