"""The text index is written while the window is open, and not beyond."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from borgdesk.gui.shell import history_indexer
from borgdesk.gui.shell.history_indexer import HistoryIndexer
from borgdesk.gui.workers.background import Background
from borgdesk.store.search_filler import SearchFiller
from tests.gui.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_indexer, "_FIRST", 0)


def test_it_is_written_soon_after_the_start(scene: Scene, background: Background, qtbot: QtBot) -> None:
    scene.run(scene.repository("Documents"))
    indexer = HistoryIndexer(scene.workspace.store.search_filler, background)
    indexer.start()
    qtbot.waitUntil(lambda: indexer._thread is not None and not indexer._thread.is_alive(), timeout=30_000)
    assert scene.workspace.store.search_filler.fill() is False
    with scene.workspace.store.search_filler._file.reading() as index:
        assert index is not None
        assert index.execute("SELECT sum(runs) FROM blocks").fetchone() == (1,)


def test_it_ends_with_the_program(
    scene: Scene, background: Background, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    portions = threading.Semaphore(0)

    def fill(_filler: SearchFiller) -> bool:
        portions.release()
        return True

    monkeypatch.setattr(SearchFiller, "fill", fill)
    indexer = HistoryIndexer(scene.workspace.store.search_filler, background)
    indexer.look()
    assert portions.acquire(timeout=30)
    first = indexer._thread
    indexer.look()
    assert indexer._thread is first, "only one at a time"
    assert first is not None
    background.close()
    assert not first.is_alive()
    indexer.look()
    assert indexer._thread is first
