"""Benchmark of the longest stall in each journey through the window: none is to take 50 ms. Run by ``make bench``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# The dispatcher of GLib does not say when it begins to wait.
os.environ.setdefault("QT_NO_GLIB", "1")

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from borgdesk import app
from borgdesk.domain.run import LANES
from borgdesk.gui.archives.archives_page import ArchivesPage
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.repositories.adding_steps import Step
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.gui.runs.history_page import HistoryPage
from borgdesk.gui.scripts.scripts_page import ScriptsPage
from borgdesk.gui.shell.shell import Shell
from tests.benchmarks.long_history import make
from tests.benchmarks.stall_meter import StallMeter
from tests.gui.scene import POST, PRE, Scene

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.gui,
    pytest.mark.timeout(900),
    pytest.mark.qt_log_ignore("This plugin does not support "),
]

HEADER = '# /// borgdesk\n# description = "a script"\n# [parameters.NAME]\n# default = "web"\n# ///'


class Journeys:
    """The program, and what people do in it."""

    def __init__(self, scene: Scene, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BORGDESK_HOME", str(scene.workspace.paths.home))
        self.scene, self.qtbot = scene, qtbot
        application = app.make_application()
        self.meter = StallMeter()
        with self.meter.journey("start of the window"):
            self.program = app.Application(application, scene.workspace.paths)
            self.program.window.resize(1120, 740)
            self.until(lambda: self.program.shell is not None and not self.program.shell.executor.is_busy)
            self.rest(3000)
        self.window = self.program.window

    @property
    def shell(self) -> Shell:
        assert self.program.shell is not None
        return self.program.shell

    def close(self) -> None:
        # Its thread must not be the one that collects the window's garbage.
        self.meter.stop()
        self.program.close()

    def rest(self, milliseconds: int = 700) -> None:
        self.qtbot.wait(milliseconds)

    def until(self, done: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(done()), timeout=60_000)

    def go(self, what: str, do: Callable[[], object], until: Callable[[], object] = lambda: True) -> None:
        """Measure one journey."""
        with self.meter.journey(what):
            do()
            self.until(until)
            self.rest()

    def page(self, name: str) -> QWidget:
        return self.window.page(name)

    def close_dialogs(self) -> None:
        for one in QApplication.topLevelWidgets():
            if isinstance(one, QDialog) and one.isVisible():
                one.done(0)
        self.rest(50)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


@pytest.fixture
def open_window(scene: Scene, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Journeys]]:
    opened: list[Journeys] = []

    def begin() -> Journeys:
        opened.append(Journeys(scene, qtbot, monkeypatch))
        return opened[-1]

    yield begin
    for one in opened:
        one.close()


def test_a_backup_and_every_page(scene: Scene, open_window: Callable[[], Journeys]) -> None:
    documents, _photos = scene.repository(), scene.repository("Photos")
    scene.hook(documents, "Stop containers", "for i in {1..300}; do echo stopping $i; done", PRE)
    scene.hook(documents, "Start containers", "echo starting", POST)
    for _ in range(3):
        scene.run(documents)
    trip = open_window()
    shell, window = trip.shell, trip.window
    trip.go("back up", lambda: shell.requests.back_up(documents.id), lambda: not shell.executor.is_busy)
    for name in ("repositories", "archives", "scripts", "history", "settings", "overview"):
        trip.go(f"open {name} for the first time", partial(window.open_page, name))
    for name in ("repositories", "archives", "scripts", "history", "settings", "overview"):
        trip.go(f"open {name} again", partial(window.open_page, name))
    (run, *_) = scene.workspace.store.runs.list()
    trip.go("open a run", lambda: shell.navigation.show_run(run.id))
    repositories = trip.page("repositories")
    assert isinstance(repositories, RepositoriesPage)
    trip.go("open a repository", lambda: shell.navigation.show_repository(documents.id))
    tabs = repositories.view.tabs
    for place in range(tabs.count()):
        trip.go(f"open the tab {tabs.tabText(place)}", partial(tabs.setCurrentIndex, place))
    trip.go("open the wizard", repositories.ask_for_new)
    wizard = next(one for one in QApplication.topLevelWidgets() if isinstance(one, AddRepositoryDialog))
    trip.go("type the location", lambda: QTest.keyClicks(wizard.location, str(scene.folder / "new")))
    for step in [*Step][1:]:
        trip.go(f"wizard: {step.name.lower()}", partial(wizard.go_to, step))
    trip.go("close the wizard", trip.close_dialogs)
    archives = trip.page("archives")
    assert isinstance(archives, ArchivesPage)
    trip.go("open the archives", lambda: window.open_page("archives"))
    trip.go("about", shell.navigation.window.help_button.about_requested.emit)
    trip.close_dialogs()
    window.open_page("scripts")
    trip.rest()
    scripts = trip.page("scripts")
    assert isinstance(scripts, ScriptsPage)
    trip.go("template dialog", scripts.open_templates)
    trip.close_dialogs()


def test_scripts(scene: Scene, open_window: Callable[[], Journeys]) -> None:
    scripts = [
        scene.script(f"Script {number:03} that does something for the backup", f"{HEADER}\necho {number}\n" * 3)
        for number in range(1000)
    ]
    trip = open_window()
    trip.go("open the library of 1,000 scripts", lambda: trip.window.open_page("scripts"))
    page = trip.page("scripts")
    assert isinstance(page, ScriptsPage)
    trip.go("first editor", lambda: page.show_script(scripts[5].id), lambda: page.view.editor is not None)
    editor = page.view.editor
    assert editor is not None
    trip.go("another script", lambda: page.show_script(scripts[7].id))
    view = editor.focusProxy() or editor
    with trip.meter.journey("typing in the editor"):
        for key in "echo $(date) and more":
            QTest.keyClicks(view, key)
            trip.rest(60)
        trip.rest(1500)
    with trip.meter.journey("searching the library"):
        for key in [*"script 77 that", *[Qt.Key.Key_Backspace] * 14]:
            QTest.keyClick(page.search, key)
            trip.rest(120)
    tabs = page.view.tabs
    for place in range(tabs.count()):
        trip.go(f"open the tab {tabs.tabText(place)}", partial(tabs.setCurrentIndex, place))


def test_board(scene: Scene, open_window: Callable[[], Journeys]) -> None:
    repository, other = scene.repository(), scene.repository("Other")
    scripts = [scene.script(f"Script {number}", HEADER) for number in range(100)]
    for number in range(30):
        scene.assign(repository, scripts[number], LANES[number % 3])
    trip = open_window()
    trip.window.open_page("repositories")
    trip.rest()
    trip.shell.navigation.show_repository(other.id)
    trip.rest()
    page = trip.page("repositories")
    assert isinstance(page, RepositoriesPage)
    board = page.view.board
    trip.go("open the board with 30 cards and 100 scripts", lambda: trip.shell.navigation.show_lanes(repository.id))
    trip.go("change to another repository", lambda: trip.shell.navigation.show_lanes(other.id))
    trip.go("and back", lambda: trip.shell.navigation.show_lanes(repository.id))
    for hook, target in ((PRE, POST), (POST, PRE)):
        one = board.lanes[hook].cards.card(0).assignment.id
        trip.go("move a card", partial(board.put, one, target, 0))
    with trip.meter.journey("search among its scripts"):
        for key in "script 7":
            QTest.keyClicks(board.library.search, key)
            trip.rest(100)


def test_history(scene: Scene, open_window: Callable[[], Journeys]) -> None:
    scene.workspace.store.close()
    assert scene.workspace.paths.home is not None
    make(scene.workspace.paths.home, 10_000)
    scene.workspace.store.open()
    trip = open_window()
    trip.go("open a history of 10,000 runs", lambda: trip.window.open_page("history"))
    page = trip.page("history")
    assert isinstance(page, HistoryPage)
    table = page._table
    table.setFocus()
    with trip.meter.journey("scrolling with Page Down"):
        for _ in range(150):
            QTest.keyClick(table, Qt.Key.Key_PageDown)
            trip.rest(15)
    with trip.meter.journey("dragging the scroll bar"):
        bar = table.verticalScrollBar()
        for number in range(100):
            bar.setValue(bar.maximum() * number // 100)
            trip.rest(15)
    with trip.meter.journey("searching the history"):
        search = page._filter._search
        for key in "postgres":
            QTest.keyClicks(search, key)
            trip.rest(150)
        trip.rest(2000)
