"""The window at work, its parts joined as the application joins them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from borgdesk.domain.events import RunEnded
from borgdesk.domain.history import ProcessIdentity
from borgdesk.domain.run import ExecutionStatus, RunStatus, Step, Trigger
from borgdesk.engine.active_run import now
from borgdesk.engine.arming import plan
from borgdesk.gui.background import Background
from borgdesk.gui.desk import Desk
from borgdesk.gui.main_window import MainWindow
from borgdesk.gui.pages.history import HistoryPage
from borgdesk.gui.pages.scripts import ScriptsPage
from borgdesk.gui.pages.settings import SettingsPage
from borgdesk.gui.preferences import Preferences
from borgdesk.gui.widgets.notice import Notice
from borgdesk.gui.widgets.run_bar import RunBar
from tests.gui.scene import POST, PRE, Scene
from tests.gui.stage import drop_files

DEAD = ProcessIdentity(pid=4_000_000, started=1, boot_id="another boot")


@pytest.fixture
def desk(scene: Scene, background: Background, preferences: Preferences, window: MainWindow, qtbot: QtBot) -> Desk:
    return make_desk(scene, background, preferences, window, qtbot)


def make_desk(scene: Scene, background: Background, preferences: Preferences, window: MainWindow, qtbot: QtBot) -> Desk:
    desk = Desk(scene.workspace, background, preferences, window, window)
    window.show()
    window.destroyed.connect(desk.finish)
    qtbot.waitUntil(lambda: not desk.executor.is_busy, timeout=30_000)
    return desk


def history(desk: Desk) -> HistoryPage:
    page = desk.window.page("history")
    assert isinstance(page, HistoryPage)
    return page


def test_run_again_opens_the_live_run(desk: Desk, scene: Scene, qtbot: QtBot) -> None:
    repository = scene.repository()
    with qtbot.waitSignal(desk.executor.idle, timeout=60_000):
        desk.run_again(repository.id)
    (run,) = scene.workspace.store.runs.list()
    assert history(desk).run_view.run_id == run.id
    assert history(desk).isVisible()


def test_files_dropped_on_the_window_are_imported(desk: Desk, qtbot: QtBot, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.sh", "b.sh", "program")]
    for file, content in zip(files, (b"#!/bin/sh\na\n", b"#!/bin/sh\nb\n", b"\x7fELF\0"), strict=True):
        file.write_bytes(content)
    drop_files(desk.window, *files, tmp_path)
    page = desk.window.page("scripts")
    assert isinstance(page, ScriptsPage)
    qtbot.waitUntil(lambda: [script.name for script in page.table.rows.rows()] == ["A", "B"])
    assert page.isVisible()
    assert page.message.text.startswith("Imported 2 scripts.")
    assert "program contains NUL bytes" in page.message.text
    assert str(tmp_path) not in page.message.text.split()


def test_folders_are_not_taken(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="may not be dropped there"):
        drop_files(desk.window, tmp_path)


def test_the_bar_shows_what_runs_and_stops_it(desk: Desk, scene: Scene, qtbot: QtBot) -> None:
    repository = scene.repository()
    scene.hook(repository, "Slow", "echo here; exec sleep 60", PRE)
    bar = desk.window.findChild(RunBar)
    assert isinstance(bar, RunBar)
    assert not bar.isVisible()
    desk.back_up(repository.id)
    qtbot.waitUntil(lambda: bar.isVisible() and "Slow" in words_of(bar), timeout=30_000)
    with qtbot.waitSignal(desk.executor.idle, timeout=60_000):
        press(bar, "Stop")
        assert "Stopping" in words_of(bar)
        assert "Hurry" in [button.text() for button in bar.findChildren(QPushButton)]
    assert not bar.isVisible()
    assert scene.workspace.store.runs.list()[0].status is RunStatus.CANCELLED


def test_quitting_while_a_backup_runs_asks_and_then_cancels_cleanly(desk: Desk, scene: Scene, qtbot: QtBot) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop containers", "echo here; exec sleep 60", PRE)
    scene.hook(repository, "Start containers", "true", POST)
    ends: list[int] = []
    desk.ended.connect(lambda: ends.append(1))
    desk.back_up(repository.id)
    qtbot.waitUntil(lambda: any(live.script for live in desk.executor.active()), timeout=30_000)
    desk.quit()
    box = question(desk)
    assert "“Documents”" in box.text()
    assert box.defaultButton().text().replace("&", "") == "Keep running"
    press(box, "Keep running")
    qtbot.waitUntil(lambda: desk.window.findChild(QMessageBox) is None)
    assert desk.executor.is_busy
    assert not ends
    desk.quit()
    with qtbot.waitSignal(desk.ended, timeout=60_000):
        press(question(desk), "Stop and quit")
    (run,) = scene.workspace.store.runs.list()
    assert run.status is RunStatus.CANCELLED
    executions = scene.workspace.store.runs.executions(run.id)
    assert [one.status for one in executions] == [ExecutionStatus.CANCELLED, ExecutionStatus.SUCCESS]


def test_quitting_an_idle_window_needs_no_question(desk: Desk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.ended):
        desk.window.close()


def test_without_a_tray_a_busy_window_only_minimises(desk: Desk, scene: Scene, qtbot: QtBot) -> None:
    assert desk.tray is None
    repository, gate = scene.repository(), scene.gate()
    scene.hook(repository, "Wait", f"echo here; {gate.line}", PRE)
    desk.back_up(repository.id)
    qtbot.waitUntil(lambda: any(live.script for live in desk.executor.active()), timeout=30_000)
    desk.window.close()
    assert desk.window.isMinimized()
    gate.open()
    with qtbot.waitSignal(desk.executor.idle, timeout=60_000):
        pass
    assert scene.workspace.store.runs.list()[0].status is RunStatus.SUCCESS


def test_a_dead_run_is_recovered_at_the_start_and_told(
    scene: Scene, background: Background, preferences: Preferences, window: MainWindow, qtbot: QtBot
) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop containers", "true", PRE)
    scene.hook(repository, "Start containers", "true", POST)
    runs = scene.workspace.store.runs
    dead = runs.queue(repository, Trigger.USER, DEAD, now())
    armed = runs.arm(dead.id, now(), plan(scene.workspace, repository).scripts)
    runs.begin(armed.executions[0].id, now())
    runs.set_step(dead.id, Step.PRE_BACKUP)
    make_desk(scene, background, preferences, window, qtbot)
    qtbot.waitUntil(lambda: bool(banners(window)))
    assert banners(window) == ["A backup of “Documents” was interrupted; “Start containers” was run again."]
    assert runs.get(dead.id).status is RunStatus.INTERRUPTED


def test_what_fails_again_stays_owed_and_can_be_run_now(
    scene: Scene, background: Background, preferences: Preferences, window: MainWindow, qtbot: QtBot
) -> None:
    repository, mark = scene.repository(), scene.folder / "works-now"
    scene.hook(repository, "Start containers", f'test -e "{mark}"', POST)
    runs = scene.workspace.store.runs
    dead = runs.queue(repository, Trigger.USER, DEAD, now())
    runs.arm(dead.id, now(), plan(scene.workspace, repository).scripts)
    desk = make_desk(scene, background, preferences, window, qtbot)
    qtbot.waitUntil(lambda: any(text.startswith("Still owed") for text in banners(window)), timeout=10_000)
    mark.touch()
    (banner,) = [one for one in window.findChildren(Notice) if one.isVisible() and one.text.startswith("Still owed")]
    with qtbot.waitSignal(desk.executor.recovered, timeout=60_000):
        press(banner, "Run now")
    qtbot.waitUntil(lambda: not any(text.startswith("Still owed") for text in banners(window)), timeout=10_000)
    assert runs.owing() == []


def test_settings_take_effect_at_once(desk: Desk, preferences: Preferences) -> None:
    desk.window.open_page("settings")
    page = desk.window.page("settings")
    assert isinstance(page, SettingsPage)
    page.keep_checkpoint.setChecked(False)
    page.notify_success.setChecked(True)
    assert not desk.executor.keep_checkpoint
    assert preferences.wishes.notify_success


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
def test_what_is_worth_a_notification(
    desk: Desk, preferences: Preferences, status: RunStatus, wished: bool, told: bool
) -> None:
    preferences.change(notify_success=wished)
    assert desk.notifications.is_worth_telling(RunEnded(1, "Documents", status, "A sentence.")) is told


def test_every_page_opens(desk: Desk, scene: Scene, qtbot: QtBot) -> None:
    repository = scene.repository()
    script = scene.script("Stop", "true")
    desk.show_history(repository.id)
    desk.show_repository(repository.id)
    desk.show_lanes(repository.id)
    desk.show_script(script.id)
    assert desk.window.open_page("settings")
    assert desk.window.problem.text == ""


def question(desk: Desk) -> QMessageBox:
    box = desk.window.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    return box


def press(parent: QMessageBox | Notice | RunBar, text: str) -> None:
    (button,) = [one for one in parent.findChildren(QPushButton) if one.text().replace("&", "") == text]
    button.click()


def words_of(bar: RunBar) -> str:
    from borgdesk.gui.widgets.elided_label import ElidedLabel

    return " ".join(label.text() for label in bar.findChildren(ElidedLabel))


def banners(window: MainWindow) -> list[str]:
    return [notice.text for notice in window.findChildren(Notice) if notice.isVisible()]
