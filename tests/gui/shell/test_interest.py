"""Pages are loaded once somebody begins to use the window."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.schedule import Schedule
from borgdesk.gui.shell.interest import Interest
from borgdesk.paths import Paths
from borgdesk.store.store import Store


@pytest.mark.parametrize(
    "use",
    [
        lambda window: QTest.mouseMove(window, QPoint(20, 20)),
        lambda window: QTest.keyClick(window, Qt.Key.Key_Control),
        lambda window: QTest.mouseClick(window, Qt.MouseButton.LeftButton),
    ],
    ids=["pointer", "key", "button"],
)
def test_the_first_use_is_noticed_once(qtbot: QtBot, use: Callable[[QWindow], None]) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    told: list[int] = []
    interest = Interest(window, window)
    interest.shown.connect(lambda: told.append(1))
    window.show()
    qtbot.waitExposed(window)
    QApplication.sendEvent(window.windowHandle(), QEvent(QEvent.Type.Leave))
    assert not told
    with qtbot.waitSignal(interest.shown):
        use(window.windowHandle())
    use(window.windowHandle())
    QApplication.processEvents()
    assert told == [1]


_STARTED = """
import sys
from borgdesk import app
from borgdesk.gui.shell.shell import Shell
from PySide6.QtCore import QTimer, QPoint
from PySide6.QtTest import QTest

HEAVY = ("sqlalchemy", "alembic", "_hashlib", "borgdesk.gui.runs.history_page", "borgdesk.engine.runs.recipe")
found, warm_up = Shell._on_chores_found, Shell._warm_up

def say():
    print(*(name for name in HEAVY if name in sys.modules))

def warmed(shell):
    warm_up(shell)
    shell.indexer.look()
    shell.cleaner.look()
    shell.ticker.looked.connect(lambda: shell._background.ask(lambda: None, lambda _: ended(shell), owner=shell))
    shell.ticker.look()

def ended(shell):
    if shell._background._questions or shell.executor.is_busy:
        QTimer.singleShot(10, shell, lambda: ended(shell))
        return
    say()
    shell.navigation.warm_up = lambda: (say(), shell._lifetime.quit())
    QTest.mouseMove(shell.window.windowHandle(), QPoint(30, 30))

Shell._warm_up = warmed
sys.exit(app.main([]))
"""


def test_an_idle_window_has_neither_other_pages_nor_sqlalchemy(tmp_path: Path) -> None:
    environment = {**os.environ, "BORGDESK_HOME": str(tmp_path / "home"), "BORGDESK_SECRETS": "file"}
    store = Store(Paths.below(tmp_path / "home"))
    store.open()
    repository = store.repositories.add(Repository(RepositoryId(0), "Papers", str(tmp_path / "repository"), ("/etc",)))
    store.schedules.put(Schedule(repository.id, "0 0 1 1 *"))
    store.key_values.set("advice.borg-1.2", True)
    store.close()
    done = subprocess.run(
        [sys.executable, "-c", _STARTED], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines() == [
        "",
        "sqlalchemy _hashlib borgdesk.gui.runs.history_page borgdesk.engine.runs.recipe",
    ]
