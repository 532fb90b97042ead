"""The tab with the sizes of backups, by mouse, by keyboard, and as a screen reader tells it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from borgdesk.domain.history import ArchiveStatistics
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome, RunStatus, Trigger
from borgdesk.engine.processes import procfs
from borgdesk.gui.look import theme
from borgdesk.gui.repositories.repositories_page import RepositoriesPage
from borgdesk.store.clock import now
from tests.gui.repositories.stage import kept, show
from tests.gui.scene import Scene


def backups(scene: Scene, repository: Repository, count: int) -> None:
    """Add runs that have backed up one gigabyte more each day."""
    store, begin = scene.workspace.store, now() - timedelta(days=count)
    for number in range(count):
        at = begin + timedelta(days=number)
        run = store.runs.queue(repository, Trigger.USER, procfs.identity(), at)
        store.runs.arm(run.id, at, [])
        store.runs.settle(
            run.id, Outcome.SUCCESS, archive=f"docs-{number}",
            statistics=ArchiveStatistics((number + 1) * 10**9, 10**8 + number, 5),
        )  # fmt: skip
        store.runs.set_report(run.id, {"repository_size": (number + 1) * 10**8, "free_after": 10**11})
        store.runs.finish(run.id, RunStatus.SUCCESS, at)


def test_the_table_says_the_same_as_the_chart(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    backups(scene, kept(scene, "Docs"), 3)
    show(page, qtbot)
    tab = page.view.statistics
    with qtbot.waitSignal(tab.loaded):
        page.view.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(lambda: tab.table.model().rowCount() == 3)
    texts = [tab.table.model().index(0, column).data() for column in range(1, 6)]
    assert texts == ["docs-2", "3.0 GB", "100.0 MB", "300.0 MB", "100.0 GB"]
    assert "original size 3.0 GB, all archives 300.0 MB, new 100.0 MB" in tab.told.text()


def test_the_keyboard_goes_from_one_backup_to_the_next(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    backups(scene, kept(scene, "Docs"), 12)
    show(page, qtbot)
    tab = page.view.statistics
    page.view.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(lambda: tab.table.model().rowCount() == 12)
    chart = tab.chart
    chart.setFocus()
    keys = (Qt.Key.Key_Left, Qt.Key.Key_PageUp, Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_Left)
    seen = []
    for key in keys:
        QTest.keyClick(chart, key)
        seen.append(chart.current)
    assert seen == [10, 0, 11, 11, 0, 0]
    assert "original size 1.0 GB" in chart.accessibleName()
    assert chart.accessibleName().startswith("Sizes of the backups: ")
    assert "original size 1.0 GB" in tab.told.text()
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(chart.width() - 12, chart.height() // 2))
    assert chart.current == 11
    tab.table.selectRow(11)
    assert chart.current == 0, "the oldest is the last row"


def test_without_backups_there_is_no_chart(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    kept(scene, "Docs")
    show(page, qtbot)
    tab = page.view.statistics
    with qtbot.waitSignal(tab.loaded):
        page.view.tabs.setCurrentWidget(tab)
    assert not tab.chart.isVisible()
    assert tab.table.height() > tab.height() / 2


def test_a_run_that_ends_is_added(page: RepositoriesPage, qtbot: QtBot, scene: Scene) -> None:
    repository = kept(scene, "Docs")
    show(page, qtbot)
    tab = page.view.statistics
    with qtbot.waitSignal(tab.loaded):
        page.view.tabs.setCurrentWidget(tab)
    backups(scene, repository, 1)
    qtbot.waitUntil(lambda: tab.chart.isVisible() and tab.table.model().rowCount() == 1, timeout=30_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_drawn_can_be_seen(
    page: RepositoriesPage, qtbot: QtBot, scene: Scene, scheme: str, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(lambda: theme.use_scheme("system"))
    theme.use_scheme(scheme)
    backups(scene, kept(scene, "Docs"), 4)
    show(page, qtbot)
    tab = page.view.statistics
    page.view.tabs.setCurrentWidget(tab)
    # The splitter gives the chart its height only after it has become visible.
    qtbot.waitUntil(lambda: tab.table.model().rowCount() == 4 and tab.chart.height() >= tab.chart.sizeHint().height())
    image = tab.chart.grab().toImage()
    drawn = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    ground = QApplication.palette().color(QPalette.ColorRole.Base)
    for tone in (theme.Tone.WORKING, theme.Tone.GOOD, theme.Tone.WARNING, theme.Tone.MUTED):
        shade = theme.color(tone)
        assert contrast(shade, ground) >= 3, tone
        if tone is not theme.Tone.MUTED:
            assert shade.name() in drawn, tone


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast ratio of WCAG 2.1."""

    def luminance(colour: QColor) -> float:
        channels = (colour.redF(), colour.greenF(), colour.blueF())
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
