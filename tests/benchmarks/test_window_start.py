"""Benchmark of the window's start and of its idle costs. Run by ``make bench``."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.gui]

STARTS = 7
_PROGRAM = """
import json, os, sys, time
began = float(sys.argv.pop(1))
from borgdesk import app
from PySide6.QtCore import QEvent, QObject, QTimer
from borgdesk.gui.shell.main_window import MainWindow

said = {}
paint = MainWindow.paintEvent

def painted(window, event):
    paint(window, event)
    said.setdefault("painted", time.time() - began)

MainWindow.paintEvent = painted
begin = app.Application._begin

def opened(self, workspace):
    begin(self, workspace)
    said["open"] = time.time() - began

    def tell():
        import psutil
        memory = psutil.Process().memory_full_info()
        spent = sum(psutil.Process().cpu_times()[:2])
        said.update(rss=memory.rss, pss=memory.pss, cpu=spent - said["cpu_before"])
        print(json.dumps(said), flush=True)
        self._application.quit()

    def settle():
        import psutil
        said["cpu_before"] = sum(psutil.Process().cpu_times()[:2])
        QTimer.singleShot(3000, tell)

    QTimer.singleShot(1500, settle)

app.Application._begin = opened
sys.exit(app.main([]))
"""


def start(home: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(time.time())],
        check=True,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "BORGDESK_HOME": str(home),
            "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.timeout(300)
def test_start_and_idle(tmp_path: Path) -> None:
    start(tmp_path)
    starts = [start(tmp_path) for _ in range(STARTS)]

    def median(name: str) -> float:
        return statistics.median([float(one[name]) for one in starts])

    print(
        f"\nfrom the command to the first paint {median('painted'):.2f} s, to the open store {median('open'):.2f} s"
        f" (median of {STARTS}, slowest {max(one['painted'] for one in starts):.2f} s);"
        f" idle: {median('rss') / 1e6:.0f} MB resident, {median('pss') / 1e6:.0f} MB proportional,"
        f" {median('cpu') / 3 * 100:.1f} % of a core"
    )
