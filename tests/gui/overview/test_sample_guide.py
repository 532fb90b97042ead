"""The window with sample data says what to try, and each step does what it says, with real Borg."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.run import RunStatus
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import demo
from borgdesk.engine.runs.demo import Demo
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.overview import overview_page
from borgdesk.gui.overview.overview_page import OverviewPage
from borgdesk.gui.overview.sample_guide import SampleGuide
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from tests.gui.scene import Scene


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Demo]:
    made = demo.build(tmp_path / "demo", os.environ)
    yield made
    made.workspace.store.close()


@pytest.fixture
def page(made: Demo, background: Background, qtbot: QtBot) -> Iterator[OverviewPage]:
    executor = Executor(made.workspace, background)
    page = OverviewPage(made.workspace, background, executor)
    qtbot.addWidget(page)
    page.backup_requested.connect(lambda _id: executor.start(made.repository))
    page.resize(720, 700)
    page.show()
    qtbot.waitUntil(lambda: page.findChild(SampleGuide) is not None and page.card(made.repository.id) is not None)
    yield page
    executor.stop_all()
    qtbot.waitUntil(lambda: not executor.is_busy)


def guide_of(page: OverviewPage) -> SampleGuide:
    guide = page.findChild(SampleGuide)
    assert guide is not None
    return guide


def statuses(made: Demo) -> list[RunStatus]:
    return [one.status for one in made.workspace.store.runs.strip(made.repository.id)]


def test_a_failing_stop_is_followed_by_a_good_backup(page: OverviewPage, made: Demo, qtbot: QtBot) -> None:
    guide = guide_of(page)
    qtbot.waitUntil(lambda: guide.service.text() == "The photo server is running.")
    assert f"Everything is in {made.folder}" in "".join(label.text() for label in guide.findChildren(QLabel))
    guide.bad.click()
    assert not guide.good.isEnabled()
    qtbot.waitUntil(lambda: statuses(made) == [RunStatus.FAILURE] and guide.good.isEnabled())
    qtbot.waitUntil(lambda: guide.service.text() == "The photo server is running.")
    # The failure was for once: the button on the card backs up again.
    page.backup_requested.emit(made.repository.id)
    qtbot.waitUntil(lambda: statuses(made) == [RunStatus.FAILURE, RunStatus.SUCCESS] and guide.good.isEnabled())
    guide.good.click()
    qtbot.waitUntil(lambda: len(statuses(made)) == 3 and guide.good.isEnabled())
    assert statuses(made)[-1] is RunStatus.SUCCESS


def test_what_a_killed_backup_left_is_put_back_and_told(page: OverviewPage, made: Demo, qtbot: QtBot) -> None:
    guide = guide_of(page)
    guide.kill.click()
    assert not guide.kill.isEnabled()

    def told() -> list[str]:
        return [banner.text for banner in page.findChildren(Banner) if "Start photo server" in banner.text]

    qtbot.waitUntil(lambda: bool(told()) and guide.kill.isEnabled())
    assert made.service == "running"
    assert statuses(made) == [RunStatus.INTERRUPTED]
    qtbot.waitUntil(lambda: guide.service.text() == "The photo server is running.")


def test_the_ways_on_and_back(page: OverviewPage, made: Demo, qtbot: QtBot) -> None:
    guide = guide_of(page)
    with qtbot.waitSignal(page.lanes_requested) as asked:
        guide.board.click()
    assert asked.args == [made.repository.id]
    with qtbot.waitSignal(page.quit_requested):
        guide.leave.click()


def test_a_kill_is_stopped_with_the_window(made: Demo) -> None:
    cancel = Cancel()
    cancel.ask()
    made.run_and_kill(cancel)
    assert made.service == "running"


def test_other_windows_have_no_guide(scene: Scene, background: Background, executor: Executor, qtbot: QtBot) -> None:
    scene.repository()
    assert demo.present(scene.workspace) is None
    page = OverviewPage(scene.workspace, background, executor)
    qtbot.addWidget(page)
    with qtbot.waitSignal(page.overview_read):
        pass
    page._on_demo_found(None)
    assert page.findChild(SampleGuide) is None


def test_opening_sample_data_says_so_until_it_is_there(
    scene: Scene, background: Background, executor: Executor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_environment: object) -> None:
        raise BorgDeskError("There is no room.")

    monkeypatch.setattr(overview_page, "open_sample_window", refuse)
    page = OverviewPage(scene.workspace, background, executor)
    qtbot.addWidget(page)
    told: list[str] = []
    page.waiting_changed.connect(told.append)
    with qtbot.waitSignal(background.problem_met) as problem:
        page.open_sample()
    assert problem.args == ["There is no room."]
    assert told == ["Preparing the sample data…", ""]
