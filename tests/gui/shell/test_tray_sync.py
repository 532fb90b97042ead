"""Tray icon: it shows runs of this and other processes, and what needs attention."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunStatus, Trigger
from borgdesk.domain.schedule import daily
from borgdesk.engine.processes import procfs
from borgdesk.engine.runs.run_folders import now
from borgdesk.gui.overview.overview_data import Overview, RepositoryState, read_overview
from borgdesk.gui.shell.tray import Tray, TrayState
from borgdesk.gui.shell.tray_sync import TraySync
from borgdesk.paths import resource
from tests.gui.scene import PRE
from tests.gui.tour import Tour

DAY = timedelta(days=1)
PHOTOS = Repository(RepositoryId(7), "Photos", "/repo")


@pytest.fixture
def tray(qtbot: QtBot) -> Tray:
    return Tray(QIcon(str(resource("icons/org.borgdesk.BorgDesk.svg"))))


@pytest.fixture
def sync(tray: Tray, tour: Tour) -> TraySync:
    shell = tour.shell
    return TraySync(tray, shell.executor, shell.requests, shell.window)


def action(tray: Tray, text: str) -> QAction:
    menus = [tray.menu, *tray.menu.findChildren(QMenu)]
    (found,) = [one for menu in menus for one in menu.actions() if one.text() == text]
    return found


def queued(tour: Tour) -> Run:
    store = tour.scene.workspace.store
    return store.runs.queue(store.repositories.add(PHOTOS), Trigger.CLI, procfs.identity(), now())


def test_what_failed_or_is_owed_wants_attention(tray: Tray, sync: TraySync, tour: Tour) -> None:
    owing = (queued(tour),)
    for status, owed, state in (
        (RunStatus.SUCCESS, (), TrayState.IDLE),
        (RunStatus.FAILURE, (), TrayState.ATTENTION),
        (RunStatus.WARNING, (), TrayState.IDLE),
        (RunStatus.INTERRUPTED, (), TrayState.ATTENTION),
        (None, (), TrayState.IDLE),
        (RunStatus.SUCCESS, owing, TrayState.ATTENTION),
    ):
        shown = RepositoryState(replace(PHOTOS, last_status=status))
        sync.show_overview(Overview((RepositoryState(PHOTOS), shown), owed))
        assert tray.state is state


def test_the_next_backup_is_in_the_menu_and_what_is_overdue_wants_attention(
    tray: Tray, sync: TraySync, tour: Tour
) -> None:
    workspace = tour.scene.workspace
    repository = workspace.store.repositories.add(PHOTOS)
    sync.show_overview(read_overview(workspace))
    assert not tray._schedule.isVisible()
    tour.scene.schedule(repository, daily((now().astimezone() + timedelta(hours=6)).time()))
    sync.show_overview(read_overview(workspace))
    assert tray._schedule.text().startswith("Next backup: Photos, to")
    assert tray._icon.toolTip() == f"BorgDesk: Nothing is running\n{tray._schedule.text()}"
    assert not tray._needs_person
    tour.scene.schedule(repository, daily((now().astimezone() + timedelta(hours=6)).time()), since=now() - 9 * DAY)
    sync.show_overview(read_overview(workspace))
    assert tray._schedule.text() == "Overdue: Photos"
    assert tray.state is TrayState.ATTENTION


def test_what_others_run_is_shown_and_can_be_backed_up_later(tray: Tray, sync: TraySync, tour: Tour) -> None:
    run = queued(tour)
    sync.show_overview(Overview((RepositoryState(PHOTOS, elsewhere=run),), elsewhere=(run,)))
    assert tray.state is TrayState.WORKING
    assert action(tray, "Photos").isEnabled()


def test_a_backup_that_the_tray_asks_for_is_shown_until_the_tray_stops_it(
    tray: Tray, sync: TraySync, tour: Tour, qtbot: QtBot
) -> None:
    repository, gate = tour.scene.repository(), tour.scene.gate()
    tour.scene.hook(repository, "Stop", gate.line, PRE)
    sync.show_overview(Overview((RepositoryState(repository),)))
    action(tray, repository.name).trigger()
    qtbot.waitUntil(lambda: tray.state is TrayState.WORKING, timeout=30_000)
    action(tray, "S&top all backups").trigger()
    qtbot.waitUntil(lambda: tray.state is TrayState.IDLE, timeout=30_000)
    qtbot.waitUntil(lambda: not tour.shell.executor.is_busy, timeout=30_000)
    (run,) = tour.scene.workspace.store.runs.list()
    assert run.status is RunStatus.CANCELLED
