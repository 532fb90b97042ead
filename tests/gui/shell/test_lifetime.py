"""Ways to end the program, and the work in progress meanwhile; ``tests/e2e/test_ending.py`` has real trays."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from borgdesk.domain.history import ProcessIdentity
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.reasons import Code
from borgdesk.domain.run import ExecutionStatus, RunStatus, Step, Trigger
from borgdesk.engine.runs.backup import Backup
from borgdesk.engine.runs.planning import plan
from borgdesk.engine.runs.run_folders import now
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.scripts.scripts_page import ScriptsPage
from borgdesk.gui.shell.lifetime import Lifetime
from borgdesk.gui.shell.lost_edits import LostEdits
from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.shell.shell import Shell
from borgdesk.gui.shell.tray import Tray
from borgdesk.gui.shell.window_settings import WindowSettings
from borgdesk.gui.workers.background import Background
from tests.gui.scene import POST, PRE, Gate, Scene
from tests.gui.stage import answer, open_box

DEAD = ProcessIdentity(pid=4_000_000, started=1, boot_id="another boot")


@pytest.fixture
def lifetime(window: MainWindow) -> Lifetime:
    return Lifetime(window, window)


MakeShell = Callable[[], Shell]


@pytest.fixture
def make_shell(
    scene: Scene,
    background: Background,
    settings: WindowSettings,
    window: MainWindow,
    lifetime: Lifetime,
    qtbot: QtBot,
) -> Iterator[MakeShell]:
    made: list[Shell] = []

    def make() -> Shell:
        made.append(Shell(scene.workspace, background, settings, window, lifetime, window))
        window.show()
        return made[-1]

    yield make
    for shell in made:
        shell.finish()


@pytest.fixture
def shell(make_shell: MakeShell, qtbot: QtBot) -> Shell:
    shell = make_shell()
    qtbot.waitUntil(lambda: not shell.executor.is_busy, timeout=30_000)
    return shell


def test_whether_there_is_a_tray_is_known(lifetime: Lifetime, qtbot: QtBot) -> None:
    assert not lifetime.has_tray
    lifetime.use_tray(Tray(QIcon(), lifetime), lambda: True)
    assert lifetime.has_tray


def start_backup(shell: Shell, scene: Scene, qtbot: QtBot) -> Gate:
    """Start a backup that is stopped in its first script and then waits at the gate in a pending script."""
    repository, gate = scene.repository(), scene.gate()
    scene.hook(repository, "Stop containers", "echo here; exec sleep 60", PRE)
    scene.hook(repository, "Start containers", gate.line, POST)
    shell.requests.back_up(repository.id)
    qtbot.waitUntil(lambda: any(live.story.script for live in shell.executor.active()), timeout=30_000)
    return gate


def test_while_it_ends_nothing_new_begins_and_that_is_said(
    shell: Shell, lifetime: Lifetime, scene: Scene, qtbot: QtBot
) -> None:
    gate = start_backup(shell, scene, qtbot)
    other = scene.repository("Photos")
    lifetime.terminate()
    assert shell.window.problem.text == "BorgDesk will quit as soon as everything has been put back."
    shell.requests.back_up(other.id)
    assert shell.window.problem.text == "BorgDesk is quitting, so no new backup can be started."
    lifetime.quit()
    assert shell.window.problem.text == "BorgDesk will quit as soon as everything has been put back."
    with qtbot.waitSignal(lifetime.ended, timeout=60_000):
        gate.open()
    (run,) = scene.workspace.store.runs.list()
    assert run.status is RunStatus.CANCELLED


def test_a_backup_that_was_on_its_way_is_not_begun_after_all(
    shell: Shell, lifetime: Lifetime, scene: Scene, qtbot: QtBot
) -> None:
    """The program is quit while the repository of the requested backup is being read."""
    repository = scene.repository()
    ends: list[int] = []
    lifetime.ended.connect(lambda: ends.append(1))
    shell.requests.back_up(repository.id)
    lifetime.quit()
    assert ends == [1]
    qtbot.waitUntil(lambda: bool(shell.window.problem.text))
    assert shell.window.problem.text == "BorgDesk is quitting, so no new backup can be started."
    assert scene.workspace.store.runs.list() == []


def test_a_backup_that_runs_already_is_said_so(shell: Shell, lifetime: Lifetime, scene: Scene, qtbot: QtBot) -> None:
    gate = start_backup(shell, scene, qtbot)
    shell.requests.back_up(RepositoryId(1))
    qtbot.waitUntil(lambda: shell.window.problem.text == "A backup of “Documents” is already running.")
    lifetime.terminate()
    with qtbot.waitSignal(lifetime.ended, timeout=60_000):
        gate.open()


def test_a_backup_of_what_is_gone_says_so(shell: Shell, scene: Scene, qtbot: QtBot) -> None:
    repository = scene.repository()
    scene.workspace.store.repositories.remove(repository.id)
    shell.requests.back_up(repository.id)
    qtbot.waitUntil(lambda: bool(shell.window.problem.text))
    assert "There is no repository" in shell.window.problem.text


def test_a_backup_that_cannot_be_written_down_yet_says_so(shell: Shell, scene: Scene, qtbot: QtBot) -> None:
    repository = scene.repository()
    with contextlib.closing(sqlite3.connect(scene.workspace.paths.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        shell.requests.back_up(repository.id)
        qtbot.waitUntil(lambda: "has not started yet" in shell.window.problem.text, timeout=30_000)
        with qtbot.waitSignal(shell.executor.became_idle, timeout=60_000):
            other.execute("ROLLBACK")
    assert shell.window.problem.text == ""
    assert scene.workspace.store.runs.list()[0].status is RunStatus.SUCCESS


def test_what_waits_for_its_turn_never_begins_once_all_is_stopped(shell: Shell, scene: Scene, qtbot: QtBot) -> None:
    """It was requested while the run before was disconnecting; stopping everything cancels that request, too."""
    repository = scene.repository()
    ended: list[int] = []

    def ask_again() -> None:
        ended.append(1)
        if len(ended) == 1:
            assert shell.executor.start(repository)
            shell.executor.stop_all()

    shell.executor.run_ended.connect(ask_again)
    with qtbot.waitSignal(shell.executor.became_idle, timeout=60_000):
        shell.executor.start(repository)
    assert len(scene.workspace.store.runs.list()) == 1


def test_recovery_is_asked_about_only_where_there_is_something(
    make_shell: MakeShell, lifetime: Lifetime, scene: Scene, qtbot: QtBot
) -> None:
    repository, gate = scene.repository(), scene.gate()
    scene.hook(repository, "Stop containers", "true", PRE)
    scene.hook(repository, "Start containers", gate.line, POST)
    runs = scene.workspace.store.runs
    dead = runs.queue(repository, Trigger.USER, DEAD, now())
    armed = runs.arm(dead.id, now(), plan(scene.workspace, repository).scripts)
    scene.workspace.store.executions.begin(armed.executions[0].id, now())
    runs.set_step(dead.id, Step.PRE_BACKUP)
    shell = make_shell()
    qtbot.waitUntil(lambda: shell.executor.has_found_dead_runs, timeout=30_000)
    lifetime.quit()
    box = open_box()
    assert box is not None
    assert box.text() == "BorgDesk is cleaning up after an interrupted backup."
    box.close()
    assert not lifetime.is_ending
    lifetime.terminate()
    with qtbot.waitSignal(lifetime.ended, timeout=60_000):
        gate.open()
    assert scene.workspace.store.executions.of_run(dead.id)[-1].status is ExecutionStatus.SUCCESS


def test_looking_for_dead_runs_is_no_reason_to_ask(make_shell: MakeShell, lifetime: Lifetime, qtbot: QtBot) -> None:
    shell = make_shell()
    assert shell.executor.is_busy
    with qtbot.waitSignal(lifetime.ended, timeout=30_000):
        lifetime.quit()
    assert open_box() is None


def test_a_second_wish_to_quit_asks_no_second_time(
    shell: Shell, lifetime: Lifetime, scene: Scene, qtbot: QtBot
) -> None:
    gate = start_backup(shell, scene, qtbot)
    lifetime.quit()
    first = open_box()
    lifetime.quit()
    assert len([box for box in shell.window.findChildren(QMessageBox) if box.isVisible()]) == 1
    lifetime.terminate()
    qtbot.waitUntil(lambda: open_box() is None)
    assert first is not None
    with qtbot.waitSignal(lifetime.ended, timeout=60_000):
        gate.open()


def test_unsaved_changes_of_a_hidden_window_are_asked_about_in_sight(
    shell: Shell, lifetime: Lifetime, qtbot: QtBot
) -> None:
    edit(shell, qtbot)
    shell.window.hide()
    seen: list[bool] = []
    lifetime.ended.connect(lambda: seen.append(shell.window.isVisible()))
    answer(QMessageBox.StandardButton.Cancel)
    lifetime.quit()
    qtbot.waitUntil(shell.window.isVisible)
    qtbot.waitUntil(lambda: open_box() is None)
    assert seen == []
    answer(QMessageBox.StandardButton.Discard)
    with qtbot.waitSignal(lifetime.ended):
        lifetime.quit()


def test_a_session_that_may_end_waits_and_goes_on_when_it_does_not(
    shell: Shell, lifetime: Lifetime, scene: Scene, qtbot: QtBot
) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop containers", "echo here; exec sleep 60", PRE)
    scene.hook(repository, "Start containers", "true", POST)
    ends: list[int] = []
    lifetime.ended.connect(lambda: ends.append(1))
    shell.requests.back_up(repository.id)
    qtbot.waitUntil(lambda: any(live.story.script for live in shell.executor.active()), timeout=30_000)
    lifetime.hold_session()
    assert not shell.executor.is_busy
    (run,) = scene.workspace.store.runs.list()
    assert [one.status for one in scene.workspace.store.executions.of_run(run.id)] == [
        ExecutionStatus.CANCELLED,
        ExecutionStatus.SUCCESS,
    ]
    assert not lifetime.is_ending
    lifetime.terminate()
    assert ends == [1]


def test_a_test_of_a_script_is_asked_about_and_ends_first(
    shell: Shell, lifetime: Lifetime, scene: Scene, qtbot: QtBot
) -> None:
    script = scene.script("Slow", "echo here; exec sleep 60")
    shell.navigation.show_script(script.id)
    page = shell.window.page("scripts")
    assert isinstance(page, ScriptsPage)
    qtbot.waitUntil(lambda: page.view.script is not None and page.view.script.id == script.id)
    page.view.test.begin()
    lifetime.quit()
    box = open_box()
    assert box is not None
    assert box.text() == "A script test is running."
    (stop,) = [one for one in box.buttons() if one.text() == "&Stop and quit"]
    with qtbot.waitSignal(lifetime.ended, timeout=60_000):
        stop.click()
    assert not page.view.test.is_running


def edit(shell: Shell, qtbot: QtBot) -> None:
    """Begin a script without saving it."""
    assert shell.window.open_page("scripts")
    page = shell.window.page("scripts")
    assert isinstance(page, ScriptsPage)
    page.new_script()
    qtbot.waitUntil(lambda: page.view.shows_work)
    assert page.view.editor is not None
    page.view.editor.replace_text("#!/bin/bash\necho precious\n")
    assert shell.window.has_unsaved()


@pytest.mark.parametrize("by_system", [True, False])
def test_a_scheduled_backup_that_the_system_stops_is_tried_again(
    shell: Shell, lifetime: Lifetime, scene: Scene, by_system: bool, qtbot: QtBot
) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop containers", "echo here; exec sleep 60", PRE)
    shell.executor.start_task(repository, Backup(), Trigger.SCHEDULE)
    qtbot.waitUntil(lambda: any(live.story.script for live in shell.executor.active()), timeout=30_000)
    with qtbot.waitSignal(lifetime.ended, timeout=60_000):
        if by_system:
            lifetime.terminate()
        else:
            lifetime.quit()
            box = open_box()
            assert box is not None
            (stop,) = [one for one in box.buttons() if one.text() == "&Stop and quit"]
            stop.click()
    (run,) = scene.workspace.store.runs.list()
    assert run.status is RunStatus.CANCELLED
    assert (Code.STOPPED_BY_SYSTEM in [note.code for note in run.notes]) is by_system


def test_what_a_signal_loses_is_said_at_the_next_start(
    shell: Shell, make_shell: MakeShell, scene: Scene, qtbot: QtBot
) -> None:
    """Nobody can be asked at that moment; an edited script is kept as a draft, which is offered anyway."""
    edit(shell, qtbot)
    page = shell.window.page("scripts")
    assert isinstance(page, ScriptsPage)
    dialog = AddRepositoryDialog(scene.workspace, page._background, shell.window)
    dialog.open()
    dialog.name.setText("Letters")
    with qtbot.waitSignal(shell._lifetime.ended, timeout=30_000):
        shell._lifetime.terminate()
    dialog.done(0)
    page.view.discard()
    again = make_shell()
    qtbot.waitUntil(lambda: bool(again.window.problem.text))
    assert again.window.problem.text == (f"BorgDesk closed while these had unsaved changes: “{dialog.windowTitle()}”.")
    assert LostEdits(scene.workspace.paths.state).take() == [], "it is said once"
