from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from tests.engine.archives.lab import back_up, empty_repository, real_desk
from tests.engine.desk import Desk


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_repository(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def real(tmp_path: Path, empty: Path) -> Iterator[Desk]:
    with real_desk(tmp_path / "work", empty) as desk:
        yield desk


@pytest.fixture
def executor(real: Desk, background: Background, qtbot: QtBot) -> Iterator[Executor]:
    executor = Executor(real.workspace, background)
    yield executor
    executor.stop_all()
    qtbot.waitUntil(lambda: not executor.is_busy, timeout=60_000)


@pytest.fixture
def compared(real: Desk) -> Desk:
    """Provide two archives that differ in three files."""
    folder = real.source / "letters"
    folder.mkdir()
    (folder / "old.txt").write_text("old")
    (folder / "edited.txt").write_text("edited")
    (folder / "shared.txt").write_text("shared")
    back_up(real)
    (folder / "old.txt").unlink()
    (folder / "edited.txt").write_text("edited again")
    (folder / "shared.txt").chmod(0o777)
    (folder / "new.txt").write_text("brand new")
    back_up(real)
    return real
