from __future__ import annotations

import pytest
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from borgdesk.domain.events import ExecutionStarted, StepBegan
from borgdesk.domain.ids import ExecutionId, RepositoryId, RunId
from borgdesk.domain.progress import Estimate
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Hook, Step
from borgdesk.gui.shell.tray import Tray, TrayState
from borgdesk.gui.workers.live_run import LiveRun
from borgdesk.paths import resource


@pytest.fixture
def tray(qtbot: QtBot) -> Tray:
    # Without a tray the icon is invisible, but its states and its menu are the same.
    return Tray(QIcon(str(resource("icons/org.borgdesk.BorgDesk.svg"))))


def action(tray: Tray, text: str) -> QAction:
    menus = [tray.menu, *tray.menu.findChildren(QMenu)]
    (found,) = [one for menu in menus for one in menu.actions() if one.text() == text]
    return found


def status(tray: Tray) -> tuple[TrayState, str]:
    return tray.state, tray.menu.actions()[0].text()


def live(repository: str = "Documents", number: int = 1) -> LiveRun:
    run_id = RunId(number)
    run = LiveRun(RepositoryId(number), repository, run_id)
    run.take(StepBegan(run_id, Step.CREATE))
    return run


def test_says_what_runs(tray: Tray) -> None:
    assert status(tray) == (TrayState.IDLE, "Nothing is running")
    run = live()
    tray.show_active((run,))
    assert status(tray) == (TrayState.WORKING, "Documents: backing up")
    run.take(ExecutionStarted(RunId(1), ExecutionId(5), Hook.POST_BACKUP, "Start"))
    tray.show_active((run, live("Photos", RunId(2))))
    assert status(tray) == (TrayState.WORKING, "2 backups are running")
    tray.show_active(())
    assert status(tray) == (TrayState.IDLE, "Nothing is running")


def test_attention_waits_behind_work(tray: Tray) -> None:
    states = []
    tray.show_attention(needed=True)
    states.append(tray.state)
    tray.show_active((live(),))
    states.append(tray.state)
    tray.show_active(())
    states.append(tray.state)
    tray.show_attention(needed=False)
    states.append(tray.state)
    assert states == [TrayState.ATTENTION, TrayState.WORKING, TrayState.ATTENTION, TrayState.IDLE]


def test_the_icon_shows_progress_in_a_few_steps(tray: Tray, monkeypatch: pytest.MonkeyPatch) -> None:
    fractions: list[float | None] = [None]
    monkeypatch.setattr(LiveRun, "estimate", lambda _: Estimate(fraction=fractions[0]))
    pictures = []
    for fraction in (None, 0.0, 0.3, 0.36, 0.8, 1.0):
        fractions[0] = fraction
        tray.show_active((live(),))
        pictures.append((tray._icon.icon().cacheKey(), tray._icon.icon().pixmap(22, 22).toImage()))
    unknown, none, some, same, more, done = pictures
    assert some[0] == same[0], "nothing is sent to the desktop for a small step"
    images = [one[1] for one in (unknown, none, some, more)]
    assert all(one != other for place, one in enumerate(images) for other in images[:place])
    assert done[1] != more[1]
    tray.show_active(())
    assert tray._icon.icon().pixmap(22, 22).toImage() not in [image for _, image in pictures]


def test_the_menu_asks(tray: Tray, qtbot: QtBot) -> None:
    tray.show_repositories([Repository(RepositoryId(7), "Photos & more", "/repo")])
    with qtbot.waitSignal(tray.backup_requested) as asked:
        action(tray, "Photos && more").trigger()
    assert asked.args == [7]
    assert not action(tray, "S&top all backups").isEnabled()
    tray.show_active((live(),))
    with qtbot.waitSignal(tray.stop_all_requested):
        action(tray, "S&top all backups").trigger()
    with qtbot.waitSignal(tray.open_requested):
        action(tray, "&Open BorgDesk").trigger()
    with qtbot.waitSignal(tray.quit_requested):
        action(tray, "&Quit").trigger()


def test_names_are_shown_as_they_are(tray: Tray) -> None:
    tray.show_active((live("Photos <b>& Films"),))
    assert status(tray)[1] == "Photos <b>&& Films: backing up"
    assert tray._icon.toolTip() == "BorgDesk: Photos <b>& Films: backing up"


def test_a_long_name_makes_no_wide_menu(tray: Tray) -> None:
    names = [f"All documents and photos on the external disk in the cellar, {number}" for number in (1, 2)]
    tray.show_repositories([Repository(RepositoryId(number), name, "/repo") for number, name in enumerate(names)])
    shown = [one.text() for one in tray._backups.actions()]
    assert shown == [f"All documents and photos…n the cellar, {number}" for number in (1, 2)]
    tray.show_active((live(names[0]),))
    assert status(tray)[1] == f"{shown[0]}: backing up"


def test_without_repositories_there_is_nothing_to_back_up(tray: Tray) -> None:
    tray.show_repositories([])
    assert not action(tray, "&Back up now").isEnabled()
