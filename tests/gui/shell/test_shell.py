"""Window with its parts connected as in the application."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListWidget, QMessageBox, QPushButton, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from borgdesk.domain.events import BorgProgressed, Event, RunEnded
from borgdesk.domain.history import ProcessIdentity
from borgdesk.domain.ids import ExecutionId, RepositoryId, RunId
from borgdesk.domain.run import ExecutionStatus, Hook, RunStatus, Step, Trigger
from borgdesk.domain.script import MAX_SCRIPT_BYTES
from borgdesk.domain.settings import CLOSE_TO_TRAY, KEEP_CHECKPOINT, NOTIFY_SUCCESS
from borgdesk.domain.window_request import Wanted, WindowRequest
from borgdesk.engine.borg_calls import borg_process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.planning import plan
from borgdesk.engine.runs.run_folders import now
from borgdesk.engine.script_tests.script_test import ScriptTestSetup, run_test
from borgdesk.engine.settings.borg_program import untold_advice
from borgdesk.gui.archives.archives_page import ArchivesPage
from borgdesk.gui.lanes.drag import CARD_MIME
from borgdesk.gui.look import words
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.gui.runs.history_page import HistoryPage
from borgdesk.gui.runs.run_bar import RunBar
from borgdesk.gui.scripts.conflict_dialog import ComparisonDialog
from borgdesk.gui.scripts.past_test_dialog import PastTestDialog
from borgdesk.gui.scripts.scripts_page import ScriptsPage
from borgdesk.gui.settings.settings_page import SettingsPage
from borgdesk.gui.shell.lifetime import Lifetime
from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.shell.shell import Shell
from borgdesk.gui.shell.window_settings import WindowSettings
from borgdesk.gui.workers.background import Background
from tests.gui.scene import POST, PRE, Scene
from tests.gui.stage import drop_files

DEAD = ProcessIdentity(pid=4_000_000, started=1, boot_id="another boot")


@pytest.fixture
def lifetime(window: MainWindow) -> Lifetime:
    return Lifetime(window, window)


@pytest.fixture
def shell(
    scene: Scene,
    background: Background,
    settings: WindowSettings,
    window: MainWindow,
    lifetime: Lifetime,
    qtbot: QtBot,
) -> Shell:
    return make_shell(scene, background, settings, window, qtbot, lifetime)


def make_shell(
    scene: Scene,
    background: Background,
    settings: WindowSettings,
    window: MainWindow,
    qtbot: QtBot,
    lifetime: Lifetime | None = None,
) -> Shell:
    shell = Shell(scene.workspace, background, settings, window, lifetime or Lifetime(window, window), window)
    window.show()
    window.destroyed.connect(shell.finish)
    qtbot.waitUntil(lambda: not shell.executor.is_busy, timeout=30_000)
    return shell


def history(shell: Shell) -> HistoryPage:
    page = shell.window.page("history")
    assert isinstance(page, HistoryPage)
    return page


def test_run_again_opens_the_live_run(shell: Shell, scene: Scene, qtbot: QtBot) -> None:
    repository = scene.repository()
    with qtbot.waitSignal(shell.executor.became_idle, timeout=60_000):
        shell.requests.run_again(repository.id)
    (run,) = scene.workspace.store.runs.list()
    assert history(shell).run_view.run_id == run.id
    assert history(shell).isVisible()


def opened_test(shell: Shell, execution_id: ExecutionId, qtbot: QtBot) -> PastTestDialog:
    history(shell).test_requested.emit(execution_id)
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), PastTestDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, PastTestDialog)
    return dialog


def test_a_script_test_in_the_history_opens_with_its_output(shell: Shell, scene: Scene, qtbot: QtBot) -> None:
    script = scene.script("Stop containers", "echo stopped; exit 3")
    done = run_test(scene.workspace, script, ScriptTestSetup(), lambda _: None, Cancel())
    shell.navigation.open_history()
    dialog = opened_test(shell, done.id, qtbot)
    qtbot.waitUntil(lambda: dialog.output.text() == "stopped")
    assert dialog.ending.text.startswith("Failed (exit 3), ")
    dialog.compare.click()
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), ComparisonDialog))
    comparison = QApplication.activeModalWidget()
    assert isinstance(comparison, ComparisonDialog)
    comparison.close()
    assert shell.window.page("scripts").isVisible()
    scene.workspace.store.scripts.remove(script.id)
    dialog = opened_test(shell, done.id, qtbot)
    assert not dialog.compare.isEnabled()
    dialog.reject()


def test_a_click_on_what_is_overdue_opens_the_repository(shell: Shell, scene: Scene, qtbot: QtBot) -> None:
    repository = scene.repository()
    shell.window.hide()
    shell.notifications.requested.emit(WindowRequest(Wanted.REPOSITORY, repository.id))
    page = shell.window.page("repositories")
    assert isinstance(page, RepositoriesPage)
    assert page.isVisible()
    qtbot.waitUntil(lambda: page.table.current_row() == repository)


def test_archives_and_repositories_open_with_the_repository_looked_at_last(
    shell: Shell, scene: Scene, qtbot: QtBot
) -> None:
    _first, second, third = (scene.repository(name) for name in ("A", "B", "C"))
    shell.window.open_page("repositories")
    repositories, archives = shell.window.page("repositories"), shell.window.page("archives")
    assert isinstance(repositories, RepositoriesPage)
    assert isinstance(archives, ArchivesPage)
    qtbot.waitUntil(lambda: repositories.view.repository is not None)
    repositories.table.select_key(second.id)
    assert repositories.view.repository == second
    shell.window.open_page("archives")
    qtbot.waitUntil(lambda: archives.choice.currentText() == "B")
    archives.choice.setCurrentIndex(2)
    archives.choice.activated.emit(2)
    shell.window.open_page("repositories")
    qtbot.waitUntil(lambda: repositories.view.repository == third)
    shell.window.open_page("archives")
    qtbot.waitUntil(lambda: archives.choice.currentText() == "C")


def test_the_history_can_be_asked_for(shell: Shell) -> None:
    shell.open(WindowRequest.parse("history"))
    assert shell.window.page("history").isVisible()


def test_to_back_up_all_there_must_be_something(shell: Shell, qtbot: QtBot) -> None:
    shell.open(WindowRequest.parse("backup:all"))
    qtbot.waitUntil(lambda: "There is nothing to back up yet." in shell.window.problem.text)


def ask_the_window(shell: Shell) -> None:
    shell.open(WindowRequest.parse("backup:all"))


def ask_the_overview(shell: Shell) -> None:
    overview = shell.window.page("overview")
    (button,) = [one for one in overview.findChildren(QPushButton) if one.text() == "Back up a&ll"]
    button.click()


@pytest.mark.parametrize("ask", [ask_the_window, ask_the_overview])
def test_all_repositories_can_be_backed_up_at_once(
    shell: Shell, scene: Scene, qtbot: QtBot, ask: Callable[[Shell], None]
) -> None:
    repositories = [scene.repository("Docs"), scene.repository("Photos")]
    ask(shell)
    runs = scene.workspace.store.runs
    qtbot.waitUntil(lambda: {run.repository for run in runs.list()} == {each.name for each in repositories})
    qtbot.waitUntil(lambda: all(run.status.is_final for run in runs.list()))


def test_all_are_backed_up_but_those_that_are(shell: Shell, scene: Scene, qtbot: QtBot) -> None:
    first, gate, runs = scene.repository("Docs"), scene.folder / "go on", scene.workspace.store.runs
    scene.hook(first, "Slow", f"until test -e '{gate}'; do sleep 0.1; done", Hook.PRE_BACKUP)
    with qtbot.waitSignal(shell.requests._executor.run_began, timeout=60_000):
        shell.requests.back_up(first.id)
    shell.requests.back_up_all()
    qtbot.waitUntil(lambda: "All repositories are being backed up already" in shell.window.problem.text)
    scene.repository("Photos")
    shell.requests.back_up_all()
    qtbot.waitUntil(lambda: {run.repository for run in runs.list()} == {"Docs", "Photos"})
    qtbot.waitUntil(lambda: shell.window.problem.text == "")
    gate.touch()
    qtbot.waitUntil(lambda: all(run.status.is_final for run in runs.list()))
    assert len(runs.list()) == 2
    assert shell.window.problem.text == ""


def test_files_dropped_on_the_window_are_imported(shell: Shell, qtbot: QtBot, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.sh", "b.sh", "program")]
    for file, content in zip(files, (b"#!/bin/sh\na\n", b"#!/bin/sh\nb\n", b"\x7fELF\0"), strict=True):
        file.write_bytes(content)
    drop_files(shell.window, *files, tmp_path)
    page = shell.window.page("scripts")
    assert isinstance(page, ScriptsPage)
    qtbot.waitUntil(lambda: [script.name for script in page.table.rows.rows()] == ["A", "B"])
    assert page.isVisible()
    assert page.message.text.startswith("Imported 2 scripts.")
    assert "program contains NUL bytes" in page.message.text
    assert str(tmp_path) not in page.message.text.split()


def test_what_cannot_be_a_script_is_refused_while_it_hovers(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(b"\x7fELF\0")
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(b"a\n" * (MAX_SCRIPT_BYTES // 2 + 1))
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, *tmp_path.iterdir(), tmp_path / "missing"):
        with pytest.raises(AssertionError, match="may not be dropped there"):
            drop_files(shell.window, path)


def test_what_is_no_file_is_refused_while_it_hovers(shell: Shell) -> None:
    text, link, card = QMimeData(), QMimeData(), QMimeData()
    text.setText("echo hello")
    link.setUrls([QUrl("https://example.org/a.sh")])
    card.setData(CARD_MIME, b"7")
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for data in (text, link, card):
        event = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, left, none)
        QApplication.sendEvent(shell.window, event)
        assert not event.isAccepted(), data.formats()


def test_the_bar_shows_what_runs_and_stops_it(shell: Shell, scene: Scene, qtbot: QtBot) -> None:
    repository = scene.repository()
    scene.hook(repository, "Slow", "echo here; exec sleep 60", PRE)
    bar = shell.window.findChild(RunBar)
    assert isinstance(bar, RunBar)
    assert not bar.isVisible()
    shell.requests.back_up(repository.id)
    qtbot.waitUntil(lambda: bar.isVisible() and "Slow" in words_of(bar), timeout=30_000)
    with qtbot.waitSignal(shell.executor.became_idle, timeout=60_000):
        press(bar, "Stop")
        assert "Stopping" in words_of(bar)
        buttons = {button.text().replace("&", ""): button for button in bar.findChildren(QPushButton)}
        assert not buttons["Stopping…"].isEnabled()
        assert buttons["Stop now"].isVisible()
    assert not bar.isVisible()
    assert scene.workspace.store.runs.list()[0].status is RunStatus.CANCELLED


def test_a_run_of_another_process_is_seen_and_stopped_like_one_of_the_window(
    shell: Shell, scene: Scene, qtbot: QtBot
) -> None:
    repository = scene.repository()
    scene.hook(repository, "Slow", "exec sleep 60", PRE)
    scene.hook(repository, "Start", "true", POST)
    bar = shell.window.findChild(RunBar)
    assert isinstance(bar, RunBar)
    with scene.start_command("run", "Documents") as process:
        qtbot.waitUntil(lambda: bar.isVisible() and "running “Slow”" in words_of(bar), timeout=60_000)
        assert words_of(bar).endswith("started by: command line")
        press(bar, "Stop")
        qtbot.waitUntil(lambda: "Stopping" in words_of(bar))
        process.communicate(timeout=60)
    assert process.returncode == 130, "cancelled"
    qtbot.waitUntil(lambda: not bar.isVisible())
    (run,) = scene.workspace.store.runs.list()
    executions = scene.workspace.store.executions.of_run(run.id)
    assert [one.status for one in executions] == [ExecutionStatus.CANCELLED, ExecutionStatus.SUCCESS]


def test_quitting_while_a_backup_runs_asks_and_then_cancels_cleanly(
    shell: Shell, lifetime: Lifetime, scene: Scene, qtbot: QtBot
) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop containers", "echo here; exec sleep 60", PRE)
    scene.hook(repository, "Start containers", "true", POST)
    ends: list[int] = []
    lifetime.ended.connect(lambda: ends.append(1))
    shell.requests.back_up(repository.id)
    qtbot.waitUntil(lambda: any(live.story.script for live in shell.executor.active()), timeout=30_000)
    lifetime.quit()
    box = question(shell)
    assert "“Documents”" in box.text()
    assert box.defaultButton().text().replace("&", "") == "Keep running"
    press(box, "Keep running")
    qtbot.waitUntil(lambda: shell.window.findChild(QMessageBox) is None)
    assert shell.executor.is_busy
    assert not ends
    lifetime.quit()
    with qtbot.waitSignal(lifetime.ended, timeout=60_000):
        press(question(shell), "Stop and quit")
    (run,) = scene.workspace.store.runs.list()
    assert run.status is RunStatus.CANCELLED
    executions = scene.workspace.store.executions.of_run(run.id)
    assert [one.status for one in executions] == [ExecutionStatus.CANCELLED, ExecutionStatus.SUCCESS]


def test_quitting_an_idle_window_needs_no_question(shell: Shell, lifetime: Lifetime, qtbot: QtBot) -> None:
    with qtbot.waitSignal(lifetime.ended):
        shell.window.close()


def test_without_a_tray_a_busy_window_only_minimises(shell: Shell, scene: Scene, qtbot: QtBot) -> None:
    assert shell.tray is None
    repository, gate = scene.repository(), scene.gate()
    scene.hook(repository, "Wait", f"echo here; {gate.line}", PRE)
    shell.requests.back_up(repository.id)
    qtbot.waitUntil(lambda: any(live.story.script for live in shell.executor.active()), timeout=30_000)
    shell.window.close()
    assert shell.window.isMinimized()
    gate.open()
    with qtbot.waitSignal(shell.executor.became_idle, timeout=60_000):
        pass
    assert scene.workspace.store.runs.list()[0].status is RunStatus.SUCCESS


def test_a_dead_run_is_recovered_at_the_start_and_told(
    scene: Scene, background: Background, settings: WindowSettings, window: MainWindow, qtbot: QtBot
) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop containers", "true", PRE)
    scene.hook(repository, "Start containers", "true", POST)
    runs = scene.workspace.store.runs
    dead = runs.queue(repository, Trigger.USER, DEAD, now())
    armed = runs.arm(dead.id, now(), plan(scene.workspace, repository).scripts)
    scene.workspace.store.executions.begin(armed.executions[0].id, now())
    runs.set_step(dead.id, Step.PRE_BACKUP)
    make_shell(scene, background, settings, window, qtbot)
    qtbot.waitUntil(lambda: bool(banners(window)))
    (run,) = runs.untold()
    (start,) = [one for one in run.executions if one.planned.name == "Start containers"]
    assert start.finished_at is not None
    told = (
        "BorgDesk was interrupted during the backup of “Documents”. "
        f"“Start containers” ran afterwards, at {words.when(start.finished_at)}."
    )
    assert banners(window) == [told]
    assert runs.get(dead.id).status is RunStatus.INTERRUPTED


def test_what_fails_again_stays_owed_and_can_be_run_now(
    scene: Scene, background: Background, settings: WindowSettings, window: MainWindow, qtbot: QtBot
) -> None:
    repository, mark = scene.repository(), scene.folder / "works-now"
    scene.hook(repository, "Start containers", f'test -e "{mark}"', POST)
    runs = scene.workspace.store.runs
    dead = runs.queue(repository, Trigger.USER, DEAD, now())
    runs.arm(dead.id, now(), plan(scene.workspace, repository).scripts)
    shell = make_shell(scene, background, settings, window, qtbot)
    qtbot.waitUntil(lambda: any(text.startswith("Still owed") for text in banners(window)))
    mark.touch()
    (banner,) = [one for one in window.findChildren(Banner) if one.isVisible() and one.text.startswith("Still owed")]
    with qtbot.waitSignal(shell.executor.recovered, timeout=60_000):
        press(banner, "Run now")
    qtbot.waitUntil(lambda: not any(text.startswith("Still owed") for text in banners(window)))
    assert runs.owing() == []


def test_the_advice_about_an_old_borg_is_given_once(
    scene: Scene, background: Background, settings: WindowSettings, window: MainWindow, qtbot: QtBot
) -> None:
    program = scene.folder / "borg"
    program.write_text("#!/bin/sh\necho borg 1.2.9\n")
    program.chmod(0o700)
    scene.workspace = replace(scene.workspace, fixed_borg=str(program))
    facts = scene.workspace.store.key_values
    facts.set("advice.borg-1.2", None)
    make_shell(scene, background, settings, window, qtbot)
    # Before somebody moves the pointer to a button, which would move away.
    qtbot.waitUntil(lambda: window.problem.text.startswith("Borg 1.2.9 works, but "), timeout=30_000)
    qtbot.waitUntil(lambda: facts.get("advice.borg-1.2") is True, timeout=30_000)
    assert untold_advice(scene.workspace) == ""


def test_it_says_how_to_get_borg_here(
    scene: Scene,
    background: Background,
    settings: WindowSettings,
    window: MainWindow,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "mint", "ID_LIKE": "ubuntu debian"})
    program = scene.folder / "later" / "borg"
    scene.workspace = replace(scene.workspace, fixed_borg=str(program))
    make_shell(scene, background, settings, window, qtbot)
    qtbot.waitUntil(lambda: "is not installed on this computer" in window.problem.text)
    assert "“sudo apt install borgbackup”" in window.problem.text
    window.problem.button("Co&py command").click()
    assert QGuiApplication.clipboard().text() == "sudo apt install borgbackup"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho borg 1.4.0\n")
    program.chmod(0o700)
    window.problem.button("&Check again").click()
    qtbot.waitUntil(lambda: window.problem.text == "")


def test_settings_take_effect_at_once(shell: Shell) -> None:
    shell.window.open_page("settings")
    page = shell.window.page("settings")
    assert isinstance(page, SettingsPage)
    page.keep_checkpoint.setChecked(False)
    page.notify_success.setChecked(True)
    assert not shell.executor.keep_checkpoint
    assert shell.settings.values[NOTIFY_SUCCESS]


@pytest.mark.qt_log_ignore("systemTrayWindowChanged", extend=True)
@pytest.mark.parametrize("kept", [True, False])
def test_the_wish_for_a_tray_decides_what_closing_does(
    scene: Scene,
    background: Background,
    settings: WindowSettings,
    window: MainWindow,
    lifetime: Lifetime,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    kept: bool,
) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    shell = make_shell(scene, background, settings, window, qtbot, lifetime)
    assert shell.tray is not None
    ends: list[None] = []
    lifetime.ended.connect(lambda: ends.append(None))
    shell.settings.change(CLOSE_TO_TRAY, kept)
    shell.window.close()
    assert (shell.window.isHidden(), bool(ends)) == (kept, not kept)


@pytest.mark.parametrize(("kept", "said"), [(True, "as a checkpoint"), (False, "saved nothing of this backup")])
def test_the_wish_for_checkpoints_decides_what_a_stop_leaves(
    shell: Shell, scene: Scene, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, kept: bool, said: str
) -> None:
    # However long a busy machine takes to write one.
    monkeypatch.setattr(borg_process, "_CHECKPOINT_PATIENCE", 60.0)
    for number in range(100):
        (scene.source / f"{number}.bin").write_bytes(os.urandom(64 * 1024))
    repositories = scene.workspace.store.repositories
    repository = repositories.update(replace(scene.repository(), compression="lzma,9"))
    shell.settings.change(KEEP_CHECKPOINT, not kept)
    shell.settings.change(KEEP_CHECKPOINT, kept)

    def stop(events: list[Event]) -> None:
        if any(isinstance(event, BorgProgressed) for event in events):
            shell.executor.stop_all()

    shell.executor.events_arrived.connect(stop)
    with qtbot.waitSignal(shell.executor.became_idle, timeout=60_000):
        shell.requests.back_up(repository.id)
    (run,) = scene.workspace.store.runs.list()
    assert run.status is RunStatus.CANCELLED
    assert said in (run.note or "")


def test_a_defect_in_the_thread_of_a_run_is_told(shell: Shell, scene: Scene, qtbot: QtBot) -> None:
    """It is handled like every internal error, and the next backup works."""
    repository = scene.repository()
    broken = replace(repository, borg_id="", location=3)  # type: ignore[arg-type]
    with qtbot.captureExceptions() as met, qtbot.waitSignal(shell.executor.became_idle, timeout=60_000):
        shell.executor.start(broken)
    ((kind, _, _),) = met
    assert issubclass(kind, TypeError | AttributeError)
    with qtbot.waitSignal(shell.executor.run_ended, timeout=60_000) as ended:
        shell.executor.start(repository)
    assert ended.args is not None
    assert ended.args[0].status is RunStatus.SUCCESS


@pytest.mark.parametrize(
    ("status", "wished", "told"),
    [
        (RunStatus.SUCCESS, False, False),
        (RunStatus.SUCCESS, True, True),
        (RunStatus.WARNING, False, True),
        (RunStatus.FAILURE, False, True),
        (RunStatus.INTERRUPTED, False, True),
        (RunStatus.SKIPPED, True, False),
        (RunStatus.CANCELLED, True, False),
    ],
)
def test_what_is_worth_a_notification(shell: Shell, status: RunStatus, wished: bool, told: bool) -> None:
    shell.settings.change(NOTIFY_SUCCESS, wished)
    assert shell.notifications.is_worth_telling(RunEnded(RunId(1), "Documents", status, "A sentence.")) is told


def test_every_page_opens(shell: Shell, scene: Scene, qtbot: QtBot) -> None:
    repository = scene.repository()
    script = scene.script("Stop", "true")
    shell.navigation.show_history(repository.id)
    shell.navigation.show_repository(repository.id)
    shell.navigation.show_lanes(repository.id)
    shell.navigation.show_script(script.id)
    assert shell.window.open_page("settings")
    assert shell.window.problem.text == ""


def question(shell: Shell) -> QMessageBox:
    box = shell.window.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    return box


def press(parent: QMessageBox | Banner | RunBar, text: str) -> None:
    (button,) = [one for one in parent.findChildren(QPushButton) if one.text().replace("&", "") == text]
    button.click()


def words_of(bar: RunBar) -> str:
    from borgdesk.gui.look.elided_label import ElidedLabel

    return " ".join(label.text() for label in bar.findChildren(ElidedLabel))


def banners(window: MainWindow) -> list[str]:
    return [notice.text for notice in window.findChildren(Banner) if notice.isVisible()]


def test_history_in_the_sidebar_opens_the_list(shell: Shell, scene: Scene, qtbot: QtBot) -> None:
    run = scene.run(scene.repository())
    shell.navigation.show_run(run.id)
    qtbot.waitUntil(history(shell).run_view.isVisible)
    sidebar = shell.window.findChild(QListWidget)
    assert isinstance(sidebar, QListWidget)

    def click(title: str) -> None:
        (item,) = sidebar.findItems(title, Qt.MatchFlag.MatchExactly)
        qtbot.mouseClick(sidebar.viewport(), Qt.MouseButton.LeftButton, pos=sidebar.visualItemRect(item).center())

    click("Overview")
    click("History")
    assert history(shell).isVisible()
    assert not history(shell).run_view.isVisible()
    shell.navigation.show_run(run.id)
    qtbot.waitUntil(history(shell).run_view.isVisible)
    click("History")
    assert not history(shell).run_view.isVisible()


@pytest.mark.parametrize("answer", ["Save and back up", "Back up with saved settings", "Cancel"])
@pytest.mark.parametrize("asked_by", ["page", "tray"])
def test_a_backup_with_unsaved_changes_asks(
    shell: Shell, scene: Scene, qtbot: QtBot, answer: str, asked_by: str
) -> None:
    repository = scene.repository()
    shell.navigation.show_repository(repository.id)
    page = shell.window.page("repositories")
    assert isinstance(page, RepositoriesPage)
    qtbot.waitUntil(lambda: page.view.repository is not None)
    page.view.go_on.click()
    assert page.view.is_modified()
    if asked_by == "tray":
        shell.window.hide()
        shell.requests.back_up(repository.id)
    else:
        page.view.backup_requested.emit(repository.id)
    box = question(shell)
    assert shell.window.isVisible()
    assert "“Documents”" in box.text()
    assert not shell.executor.is_busy, "nothing runs before it is answered"
    runs = scene.workspace.store.runs
    if answer == "Cancel":
        press(box, answer)
        qtbot.waitUntil(lambda: shell.window.findChild(QMessageBox) is None)
        assert page.view.is_modified()
        assert not shell.executor.is_busy
        assert runs.list() == []
        page.view.discard()
        return
    with qtbot.waitSignal(shell.executor.run_ended, timeout=60_000):
        press(box, answer)
    saved = scene.workspace.store.repositories.get(repository.id)
    assert saved.continue_on_hook_failure is (answer == "Save and back up")
    assert page.view.is_modified() is (answer != "Save and back up")
    assert len(runs.list()) == 1
    page.view.discard()


@pytest.mark.parametrize(
    ("ask", "page"),
    [
        (lambda shell: QTest.keyClick(shell.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier), "repositories"),
        (lambda shell: shell.navigation.open_history(), "history"),
        (lambda shell: shell.navigation.show_repository(RepositoryId(7)), "repositories"),
        (lambda shell: shell.requests._load_run(RunId(7)), "history"),
    ],
    ids=["key", "history", "repository", "run that begins"],
)
def test_pages_are_loaded_in_another_thread_before_one_is_made(
    shell: Shell, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Shell], None], page: str
) -> None:
    threads: list[int] = []
    monkeypatch.setattr("borgdesk.gui.shell.shell.late_pages_are_there", lambda: bool(threads))
    monkeypatch.setattr("borgdesk.gui.shell.shell.import_late_pages", lambda: threads.append(threading.get_ident()))
    ask(shell)
    assert not shell.window.has_made(page)
    qtbot.waitUntil(lambda: shell.window.has_made(page))
    assert threads
    assert threading.get_ident() not in threads
