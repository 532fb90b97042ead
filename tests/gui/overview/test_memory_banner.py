"""Banner that asks whether a passphrase is still known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from pytestqt.qtbot import QtBot

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.engine.repositories.passphrase_memory import HALF_A_YEAR, LATER, ask_on, to_be_asked
from borgdesk.gui.overview.overview_page import OverviewPage
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from tests.gui.scene import Scene


def today() -> date:
    """Return the date now: a long run of tests may pass midnight."""
    return datetime.now(UTC).astimezone().date()


@pytest.fixture
def docs(scene: Scene) -> Repository:
    wanted = Repository(RepositoryId(0), "Docs", "/nowhere/docs", ("/src",), encryption="repokey", has_passphrase=True)
    stored = scene.workspace.store.repositories.add(wanted)
    ask_on(scene.workspace, stored, today())
    return stored


@pytest.fixture
def page(scene: Scene, background: Background, executor: Executor, qtbot: QtBot, docs: Repository) -> OverviewPage:
    page = OverviewPage(scene.workspace, background, executor)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(page._memory.isVisible)
    return page


def asked_on(scene: Scene, days: timedelta) -> bool:
    return bool(to_be_asked(scene.workspace, scene.workspace.store.repositories.list(), today() + days))


def test_it_asks_and_stays_until_it_is_answered(page: OverviewPage, qtbot: QtBot, docs: Repository) -> None:
    assert "Do you still know the passphrase of “Docs”?" in page._memory.text
    with qtbot.waitSignal(page.passphrase_requested) as asked:
        page._memory.button("&Try it…").click()
    assert asked.args == [docs.id]
    with qtbot.waitSignal(page.overview_read):
        page.refresh()
    assert page._memory.isVisible()


def test_not_now(page: OverviewPage, qtbot: QtBot, scene: Scene) -> None:
    with qtbot.waitSignal(page._memory.settled):
        page._memory.button("&Not now").click()
    with qtbot.waitSignal(page.overview_read):
        page.refresh()
    assert not page._memory.isVisible()
    assert (asked_on(scene, LATER - timedelta(days=1)), asked_on(scene, LATER)) == (False, True)


def test_never(page: OverviewPage, qtbot: QtBot, scene: Scene) -> None:
    with qtbot.waitSignal(page._memory.settled):
        page._memory.button("Do not ask for this repository").click()
    assert not asked_on(scene, 10 * HALF_A_YEAR)


def test_the_answer_elsewhere_hides_it(page: OverviewPage, qtbot: QtBot, scene: Scene, docs: Repository) -> None:
    ask_on(scene.workspace, docs, today() + HALF_A_YEAR)
    qtbot.waitUntil(lambda: not page._memory.isVisible())
