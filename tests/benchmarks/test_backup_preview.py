"""Benchmark of the preview of a backup with a million files. Run by ``make bench``."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from borgdesk import app
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.gui.repositories.preview_dialog import PreviewDialog
from borgdesk.gui.shell.process_switches import GarbageCollection
from borgdesk.gui.workers.background import Background
from tests.benchmarks.test_responsiveness import Heartbeat
from tests.gui.scene import Scene

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.gui,
    pytest.mark.timeout(1800),
    pytest.mark.qt_log_ignore("This plugin does not support "),
]

FOLDERS, FILES = 1000, 1000


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


def fill(folder: Path) -> None:
    for number in range(FOLDERS):
        inner = folder / f"part{number // 100}" / f"folder{number}"
        inner.mkdir(parents=True)
        within = os.open(inner, os.O_RDONLY)
        for file in range(FILES):
            os.close(os.open(f"file-{file:04}", os.O_CREAT | os.O_WRONLY, dir_fd=within))
        os.close(within)


def memory() -> int:
    """Return the largest resident size so far in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def test_a_million_files(scene: Scene, qapp: QApplication, qtbot: QtBot) -> None:
    """The window stays alive, and memory does not grow with the number of files."""
    app.make_application()
    fill(scene.source)
    repository = Repository(RepositoryId(0), "Big", "/nowhere", (str(scene.source),), archive_name="big-{now}")
    garbage = GarbageCollection()
    garbage.freeze()
    background, before, begin = Background(), memory(), time.perf_counter()
    dialog = PreviewDialog(scene.workspace, background, lambda: repository)
    qtbot.addWidget(dialog)
    dialog.show()
    heart = Heartbeat()
    qtbot.waitUntil(lambda: dialog.tree.model.rowCount() > 0, timeout=600_000)
    first = time.perf_counter() - begin
    qtbot.waitUntil(lambda: dialog._preview is not None, timeout=1_200_000)
    took = time.perf_counter() - begin
    heart.stop()
    grown = memory() - before
    dialog.done(0)
    background.close()
    garbage.stop()
    gaps = sorted(heart.gaps)
    print(
        f"\n{FOLDERS * FILES:,} files: {took:.0f} s, first rows after {first:.1f} s, longest stall {gaps[-1]:.0f} ms, "
        f"99 % below {gaps[len(gaps) * 99 // 100]:.0f} ms, {grown} MiB more memory"
    )
    assert grown < 150
    assert gaps[-1] < 1000
