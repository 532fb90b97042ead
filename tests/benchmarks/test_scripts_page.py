"""Benchmark of the scripts page with a big library and with a big script. Run by ``make bench``."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from borgdesk import app
from borgdesk.domain.script import NewScript
from borgdesk.engine.scripts.checks import check
from borgdesk.gui.scripts.scripts_page import ScriptsPage
from borgdesk.gui.workers.background import Background
from tests.benchmarks.test_responsiveness import Heartbeat
from tests.gui.scene import Scene

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.gui,
    pytest.mark.timeout(600),
    pytest.mark.qt_log_ignore("This plugin does not support "),
]

SCRIPTS = 500
KEYS = 200
BIG = 1024 * 1024


@pytest.fixture(autouse=True)
def application(qapp: QApplication) -> None:
    """Use the same thread switch interval as the application."""
    app.make_application()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


@pytest.fixture
def page(scene: Scene, qtbot: QtBot) -> Iterator[ScriptsPage]:
    background = Background()
    page = ScriptsPage(scene.workspace, background)
    qtbot.addWidget(page)
    page.resize(1100, 760)
    yield page
    page.shut_down()
    background.close()


def template() -> str:
    return (Path(__file__).parents[2] / "resources" / "templates" / "postgresql-dump.sh").read_text()


def test_opening_with_many_scripts(scene: Scene, qtbot: QtBot) -> None:
    for number in range(SCRIPTS):
        scene.script(f"Script {number:03} that does something for the backup", f"echo {number}")
    took, stalls = [], []
    for _ in range(3):
        background = Background()
        heart = Heartbeat()
        begin = time.perf_counter()
        page = ScriptsPage(scene.workspace, background)
        qtbot.addWidget(page)
        page.resize(1100, 760)
        with qtbot.waitSignal(page.loaded, timeout=30_000):
            page.show()
        page.grab()
        took.append((time.perf_counter() - begin) * 1000)
        qtbot.wait(300)
        heart.stop()
        stalls.append(max(heart.gaps))
        page.shut_down()
        page.hide()
        background.close()
    each = ", ".join(f"{stall:.0f}" for stall in stalls)
    print(f"\nopening with {SCRIPTS} scripts: {min(took):.0f} to {max(took):.0f} ms, longest stall each time {each} ms")


def test_searching_in_a_big_library(scene: Scene, page: ScriptsPage, qtbot: QtBot) -> None:
    for number in range(2 * SCRIPTS):
        scene.script(f"Script {number:03} that does something for the backup", f"echo {number}")
    with qtbot.waitSignal(page.loaded, timeout=60_000):
        page.show()
    qtbot.wait(1000)
    keys = []
    for key in [*"script 77 that", *[Qt.Key.Key_Backspace] * 14]:
        begin = time.thread_time()
        QTest.keyClick(page.search, key)
        keys.append((time.thread_time() - begin) * 1000)
        qtbot.wait(50)
    assert not page.search.text()
    print(
        f"\nsearching among {2 * SCRIPTS} scripts: a key takes {statistics.median(keys):.1f} ms of this thread, "
        f"the slowest {max(keys):.1f} ms"
    )


def test_typing_in_a_big_script(scene: Scene, page: ScriptsPage, qtbot: QtBot) -> None:
    lines = template()
    big = "#!/bin/bash\n" + lines * (BIG // len(lines))
    script = scene.workspace.store.scripts.add(NewScript("Big", big.encode()))
    with qtbot.waitSignal(page.loaded, timeout=30_000):
        page.show()
    with qtbot.waitSignal(page.view.shown, timeout=30_000):
        page.show_script(script.id)
    editor = page.view.editor
    assert editor is not None
    qtbot.wait(3000)
    editor.go_to_line(len(big.splitlines()) // 2)
    view = editor.focusProxy()
    assert view is not None
    heart = Heartbeat()
    keys = []
    for number in range(KEYS):
        begin = time.perf_counter()
        QTest.keyClicks(view, "abcdefgh "[number % 9])
        keys.append((time.perf_counter() - begin) * 1000)
        qtbot.wait(20)
    qtbot.wait(1500)
    heart.stop()
    print(
        f"\ntyping in a script of {len(big) / BIG:.2f} MiB: a key {statistics.median(keys):.1f} ms, "
        f"slowest {max(keys):.1f} ms; {heart.figures()}"
    )


@pytest.mark.parametrize("size", [1, 20, 60, 120, 250])
def test_checking(size: int) -> None:
    lines = template()
    text = (lines * (size * 1024 // len(lines) + 1))[: size * 1024].rsplit("\n", 1)[0] + "\n"
    took = []
    for _ in range(3):
        begin = time.perf_counter()
        report = check(text, os.environ)
        took.append((time.perf_counter() - begin) * 1000)
    print(f"\nchecking {size} KiB: {min(took):.0f} ms, {len(report.findings)} findings by {report.checker}")


def test_latency_of_a_finding(scene: Scene, page: ScriptsPage, qtbot: QtBot) -> None:
    script = scene.script("Small", 'echo "fine"\n' * 40)
    with qtbot.waitSignal(page.loaded, timeout=30_000):
        page.show()
    with qtbot.waitSignal(page.view.check.checked, timeout=30_000):
        page.show_script(script.id)
    editor = page.view.editor
    assert editor is not None
    took = []
    for number in range(10):
        begin = time.perf_counter()
        with qtbot.waitSignal(page.view.check.checked, timeout=30_000):
            editor.replace_text(editor.text() + f"ls $a{number}\n")
        took.append((time.perf_counter() - begin) * 1000)
    print(f"\nfrom the last key to the finding: {statistics.median(took):.0f} ms, slowest {max(took):.0f} ms")
