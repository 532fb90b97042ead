"""Benchmark of the history page with 200,000 runs and 1,000,000 executions. Run by ``make bench``; no limits.

``LONG_HISTORY`` may name a folder in which that history was made before: it takes minutes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from borgdesk.engine.workspace import Workspace
from borgdesk.gui.runs.history_page import HistoryPage
from borgdesk.gui.shell.process_switches import switch_before_qt
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.store.search_filler import SearchFiller
from tests.benchmarks.long_history import make
from tests.benchmarks.test_responsiveness import Heartbeat

pytestmark = [pytest.mark.benchmark, pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support ")]

RUNS = 200_000
SEARCHES = ("container", "needle-180077", "no such text", "tainer nextcl", "GRÖSSE", 'ok" (or) *', "ß", "qx")


def memory() -> float:
    """Return the resident set in MB."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def index(filler: SearchFiller, size: Callable[[], int]) -> None:
    cpu, began, portions = time.process_time(), time.perf_counter(), 0
    filler.tidy()
    while filler.fill():
        portions += 1
    if portions:
        print(
            f"index of {RUNS} runs: {time.process_time() - cpu:.0f} s of CPU, {time.perf_counter() - began:.0f} s, "
            f"{size() / 1e6:.0f} MB"
        )


@pytest.mark.timeout(3600)
def test_history(tmp_path: Path, qtbot: QtBot) -> None:
    before_it = sys.getswitchinterval()
    switch_before_qt()
    try:
        measure(tmp_path, qtbot)
    finally:
        sys.setswitchinterval(before_it)


def measure(tmp_path: Path, qtbot: QtBot) -> None:
    home = Path(os.environ.get("LONG_HISTORY", tmp_path))
    if not (home / "data" / "borgdesk.db").exists():
        make(home, RUNS)
    workspace = Workspace.open({**os.environ, "BORGDESK_HOME": str(home), "BORGDESK_SECRETS": "file"})
    print()
    index(workspace.store.search_filler, lambda: workspace.paths.history_index.stat().st_size)
    background = Background()
    executor = Executor(workspace, background)
    before, began = memory(), time.perf_counter()
    beats = Heartbeat()
    page = HistoryPage(workspace, background, executor)
    qtbot.addWidget(page)
    page.resize(1200, 800)
    page.show()

    def wait(what: str, condition: Callable[[], bool], since: float) -> None:
        qtbot.waitUntil(condition, timeout=60_000)
        print(f"{what}: {(time.perf_counter() - since) * 1000:.0f} ms")

    table = page._table
    wait("first runs", lambda: page.model.rowCount() > 0, began)
    wait("all runs", lambda: page.model.rowCount() == RUNS, began)
    opened = memory()
    began = time.perf_counter()
    qtbot.keyClick(table, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    last = page.model.index(RUNS - 1, 2)
    wait("to the end", lambda: last.data() is not None, began)
    table.scrollToTop()
    bar = table.verticalScrollBar()
    for place in range(0, bar.maximum(), max(1, bar.maximum() // 2000)):
        bar.setValue(place)
        qtbot.wait(1)
    for _ in range(200):
        qtbot.keyClick(table, Qt.Key.Key_PageUp)
        qtbot.wait(1)
    print(f"memory: {opened - before:.0f} MB for the list, {memory() - opened:.0f} MB more after scrolling")
    print(f"opening and scrolling: {beats.figures()}")
    beats.stop()
    beats = Heartbeat()
    told: list[float] = []
    page._search.found.connect(lambda _, runs: told.append(time.perf_counter()) if runs else None)
    for text in SEARCHES:
        told.clear()
        page._filter._search.setText(text)
        began, worked = time.perf_counter(), time.process_time()
        page.refresh()
        page._filter._pause.stop()
        qtbot.waitUntil(lambda: not page._searching, timeout=60_000)
        first = f"{(told[0] - began) * 1000:.0f} ms" if told else "nothing found"
        took, cpu = (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000
        print(f"search for {text!r}: first {first}, complete after {took:.0f} ms, {cpu:.0f} ms of CPU")
    print(f"searching: {beats.figures()}")
    beats.stop()
    background.close()
    workspace.store.close()
