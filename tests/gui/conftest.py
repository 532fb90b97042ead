"""Fixtures of tests that use Qt, without a screen unless a display was chosen."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from borgdesk import translation
from borgdesk.engine.repositories import same_disk
from borgdesk.engine.services import detection
from borgdesk.gui.look import help_window, widget_rules
from borgdesk.gui.shell.lifetime import Lifetime
from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.shell.pages import import_late_pages
from borgdesk.gui.shell.process_switches import GarbageCollection
from borgdesk.gui.shell.shell import Shell
from borgdesk.gui.shell.window_settings import WindowSettings
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.gui.workers.live_settings import LiveSettings
from tests.gui.scene import Scene
from tests.gui.stage import background, overtaken, scene
from tests.gui.tour import Tour

__all__ = ["background", "overtaken", "scene"]

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_HERE = Path(__file__).parent

# The five seconds of pytest-qt are too few while other tests keep the machine busy.
for _wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitSignals):
    assert _wait.__kwdefaults__ is not None
    _wait.__kwdefaults__["timeout"] = 60_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Without a screen, every window warns about unsupported features; this is harmless.
    harmless = pytest.mark.qt_log_ignore("This plugin does not support ", extend=True)
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(harmless)


@pytest.fixture(autouse=True, scope="session")
def _rules(qapp: QApplication) -> None:
    """Install the widget rules, as the program does."""
    widget_rules.install(qapp)


@pytest.fixture(autouse=True)
def _no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the documentation in the window, also where it was built and a browser is installed."""
    monkeypatch.setattr(help_window, "has_browser", lambda _: False)


@pytest.fixture(autouse=True, scope="session")
def _all_is_loaded() -> None:
    """Load all pages, so that one that is chosen opens at once."""
    import_late_pages()


@pytest.fixture(autouse=True)
def _nothing_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find no services: what runs on the machine of the tests is none of their business."""
    monkeypatch.setattr(detection, "_PROBES", ())


@pytest.fixture(autouse=True)
def _many_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put repositories on a disk of their own: all folders of the tests are on one, which would be said each time."""
    monkeypatch.setattr(same_disk, "remark", lambda _repository: "")


@pytest.fixture(autouse=True, scope="module")
def _garbage(qapp: QApplication) -> Iterator[None]:
    """Collect garbage only in the GUI thread, as the program does: threads of a test must not destroy widgets."""
    garbage = GarbageCollection()
    yield
    gc.collect()
    garbage.stop()


@pytest.fixture(autouse=True)
def _no_key_held(qapp: QApplication) -> Iterator[None]:
    """Release modifier keys: Qt considers those of a test's last key press held, which changes how views select."""
    yield
    if qapp.keyboardModifiers() != Qt.KeyboardModifier.NoModifier:
        QTest.keyRelease(QWidget(), Qt.Key.Key_Control)
    assert qapp.keyboardModifiers() == Qt.KeyboardModifier.NoModifier


@pytest.fixture(autouse=True)
def _pointer_elsewhere(qapp: QApplication) -> None:
    """Move the pointer away from where windows open: banners wait while it is over a page."""
    QCursor.setPos(5000, 5000)


@pytest.fixture
def usual_font(qapp: QApplication) -> Iterator[None]:
    """Use a usual font size: without a desktop, Qt's font is smaller than that of any desktop."""
    before = qapp.font()
    font = qapp.font()
    font.setPointSizeF(11)
    qapp.setFont(font)
    yield
    qapp.setFont(before)


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    """Speak German, whose texts are longer than most."""
    with (Path(translation.FOLDER) / "de" / "LC_MESSAGES" / f"{translation.DOMAIN}.mo").open("rb") as stream:
        monkeypatch.setattr(translation, "_spoken", ("de", GNUTranslations(stream)))


@pytest.fixture
def executor(scene: Scene, background: Background, qtbot: QtBot) -> Iterator[Executor]:
    executor = Executor(scene.workspace, background)
    yield executor
    executor.stop_all()
    qtbot.waitUntil(lambda: not executor.is_busy, timeout=60_000)


@pytest.fixture
def settings(scene: Scene, qtbot: QtBot) -> WindowSettings:
    return WindowSettings(scene.workspace.paths)


@pytest.fixture
def live_settings(scene: Scene, background: Background, qtbot: QtBot) -> LiveSettings:
    return LiveSettings(scene.workspace, background)


@pytest.fixture
def window(settings: WindowSettings, qtbot: QtBot) -> MainWindow:
    window = MainWindow(settings)
    # Nobody answers a question about what a test has left unsaved, or has discarded just now.
    qtbot.addWidget(window, before_close_func=MainWindow.close_for_good)
    return window


@pytest.fixture
def tour(scene: Scene, background: Background, settings: WindowSettings, window: MainWindow, qtbot: QtBot) -> Tour:
    shell = Shell(scene.workspace, background, settings, window, Lifetime(window, window), window)
    window.show()
    window.destroyed.connect(shell.finish)
    qtbot.waitUntil(lambda: not shell.executor.is_busy, timeout=30_000)
    return Tour(shell, scene, background, qtbot)
