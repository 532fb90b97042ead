"""The view of a run: its cause first, what was put back, and a report of it."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from borgdesk.domain.run import BorgStep, RunKind, RunStatus
from borgdesk.engine.runs.usual import read_usual
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.runs.run_view import RunView
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from tests.gui.scene import POST, PRE, Scene


def test_the_cause_comes_first_then_what_was_put_back_and_the_report_has_both(
    scene: Scene, background: Background, executor: Executor, qtbot: QtBot
) -> None:
    repository = scene.repository("Photos")
    scene.hook(repository, "Stop containers", "echo web stopped", PRE)
    scene.hook(repository, "Mount | the disk", "echo looking; echo 'mount: no such `device`' >&2; exit 32", PRE)
    scene.hook(repository, "Start containers", "echo web started", POST)
    run = scene.run(repository)
    assert run.status is RunStatus.FAILURE
    view = RunView(scene.workspace, background, executor)
    qtbot.addWidget(view)
    view.show()
    view.show_run(run.id)
    banner = view._error
    assert isinstance(banner, Banner)
    qtbot.waitUntil(banner.isVisible, timeout=30_000)
    first, second = banner.text.split("\n")
    assert "Mount | the disk" in first
    assert "mount: no such `device`" in first
    assert second.startswith("Borg was not started. “Start containers” ran afterwards. Services were down for ")
    (button,) = [one for one in view.findChildren(QPushButton) if one.text() == "Cop&y report"]
    button.click()
    assert button.text() == "Copied"
    report = QGuiApplication.clipboard().text()
    assert report.startswith("backup of Photos: **failure**\n")
    assert "| Stop containers | pre-backup |" in report
    assert "Mount \\| the disk" in report
    assert "failed, exit 32" in report
    assert "\n```\nlooking\nmount: no such `device`\n```\n" in report
    assert "Services were down for" in report
    assert repository.location not in report
    assert str(scene.source) not in report


def test_what_borg_has_saved_stands_in_its_output_live_and_later(
    scene: Scene, background: Background, executor: Executor, qtbot: QtBot
) -> None:
    repository = scene.repository("Photos")
    view = RunView(scene.workspace, background, executor)
    qtbot.addWidget(view)
    view.show()
    gate = scene.gate()
    scene.hook(repository, "Wait", gate.line, POST)
    executor.run_began.connect(view.show_run)
    executor.start(repository)
    output = view._output
    with qtbot.waitSignal(executor.run_ended, timeout=60_000):
        qtbot.waitUntil(lambda: view._live is not None and view._live.story.statistics is not None, timeout=30_000)
        assert view._select_key(BorgStep.CREATE)
        live = output.text().splitlines()
        gate.open()
    assert [line.split("  ")[0] for line in live] == ["Archive", "Files", "Original size", "New data", "Duration"]
    assert live[1].split() == ["Files", "1"]
    qtbot.waitUntil(lambda: view._record is not None and output.text().splitlines() == live, timeout=30_000)


def test_a_run_that_is_over_says_how_long_services_are_usually_down(scene: Scene) -> None:
    repository = scene.repository("Photos")
    scene.hook(repository, "Stop containers", "true", PRE)
    scene.hook(repository, "Start containers", "true", POST)
    scene.run(repository)
    down = read_usual(scene.workspace, repository.id, RunKind.BACKUP).down
    assert down is not None
    assert down > 0
