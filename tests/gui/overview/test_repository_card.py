"""The card of a repository: its schedule, and what is under way."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtGui import QPalette
from pytestqt.qtbot import QtBot

from borgdesk.domain.events import BorgBegan, BorgProgressed, StepBegan
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.progress import Usual
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import BorgStep, Step
from borgdesk.domain.schedule import UNTIL_RESUMED, daily
from borgdesk.gui.look import theme
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.overview.overview_data import read_overview
from borgdesk.gui.overview.repository_card import RepositoryCard
from borgdesk.gui.workers.live_run import LiveRun
from borgdesk.store.clock import now
from tests.gui.scene import Scene


def test_the_card_says_when_the_next_backup_starts_what_is_overdue_and_what_is_paused(
    scene: Scene, qtbot: QtBot
) -> None:
    repository = scene.workspace.store.repositories.add(Repository(RepositoryId(0), "Photos", "/repo"))
    (state,) = read_overview(scene.workspace).repositories
    card = RepositoryCard(state)
    qtbot.addWidget(card)

    def shown() -> tuple[str, str]:
        (state,) = read_overview(scene.workspace).repositories
        card.show_state(state)
        assert card._next.isVisibleTo(card)
        return card._next.text(), card._next.palette().color(QPalette.ColorRole.WindowText).name()

    assert shown() == ("No schedule", theme.color(Tone.MUTED).name())
    cron = daily((datetime.now().astimezone() + timedelta(hours=6)).time())
    scene.schedule(repository, cron)
    text, color = shown()
    assert text.startswith("Next backup: to")
    assert color == theme.color(Tone.MUTED).name()
    scene.schedule(repository, cron, since=now() - timedelta(days=9))
    text, color = shown()
    assert text.startswith("Overdue: there has been no good backup yet. Next backup: to")
    assert color == theme.color(Tone.BAD).name()
    scene.workspace.store.schedules.pause([repository.id], UNTIL_RESUMED)
    assert shown() == ("The schedule is paused until you resume it.", theme.color(Tone.MUTED).name())
    scene.workspace.store.schedules.remove(repository.id)
    assert shown()[0] == "No schedule"


def test_while_a_backup_runs_its_progress_has_the_place_of_the_next_start(scene: Scene, qtbot: QtBot) -> None:
    scene.workspace.store.repositories.add(Repository(RepositoryId(0), "Photos", "/repo"))
    (state,) = read_overview(scene.workspace).repositories
    card = RepositoryCard(state)
    qtbot.addWidget(card)
    card.resize(800, 200)
    with qtbot.waitExposed(card):
        card.show()
    before = card.sizeHint().height(), card._below.geometry()
    live = LiveRun(state.repository.id, "Photos", RunId(1), usual=Usual(9 * 10**9, {BorgStep.CREATE: 100.0}))
    live.take(StepBegan(RunId(1), Step.CREATE))
    live.take(BorgBegan(RunId(1), BorgStep.CREATE, at=now() - timedelta(seconds=40)))
    live.take(BorgProgressed(RunId(1), "/home/a", files=3, original_size=3 * 10**9))
    card.show_live(live)
    assert card._progress.isVisibleTo(card)
    assert not card._next.isVisibleTo(card)
    assert card._progress.value() == 333
    assert card._below.text().startswith("About 1 min left")
    card.grab()
    assert (card.sizeHint().height(), card._below.geometry()) == before
    card.show_live(None)
    assert not card._progress.isVisibleTo(card)
    assert card._next.isVisibleTo(card)
