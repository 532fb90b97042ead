"""The card of a repository: its schedule, and what is under way."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.domain.events import BorgBegan, BorgProgressed, StepBegan
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.progress import Usual
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import BorgStep, Outcome, RunStatus, Step, Trigger
from borgdesk.domain.schedule import UNTIL_RESUMED, daily
from borgdesk.engine.processes import procfs
from borgdesk.gui.look import icons, run_words, theme
from borgdesk.gui.look.elided_label import PartsLabel
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
    line, color = shown()
    assert line.startswith("Next backup: to")
    assert color == theme.color(Tone.MUTED).name()
    scene.schedule(repository, cron, since=now() - timedelta(days=9))
    assert shown()[0].startswith("Next backup: to")
    assert card._sentence.text() == "Overdue: there has been no good backup yet"
    assert card._sentence.palette().color(QPalette.ColorRole.WindowText).name() == theme.color(Tone.BAD).name()
    assert card._below.text() == "Never backed up · /repo"
    scene.workspace.store.schedules.pause([repository.id], UNTIL_RESUMED)
    assert shown() == ("The schedule is paused until you resume it.", theme.color(Tone.MUTED).name())
    scene.workspace.store.schedules.remove(repository.id)
    assert shown()[0] == "No schedule"


def test_the_keyboard_stays_at_the_card_whose_backup_was_started(scene: Scene, qtbot: QtBot) -> None:
    for name in ("Photos", "Letters"):
        scene.workspace.store.repositories.add(Repository(RepositoryId(0), name, f"/{name}"))
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    cards = [RepositoryCard(state) for state in read_overview(scene.workspace).repositories]
    for card in cards:
        column.addWidget(card)
    with qtbot.waitExposed(page):
        page.show()
    cards[0]._backup.setFocus()
    cards[0].show_live(LiveRun(RepositoryId(1), "Letters", RunId(1)))
    assert page.focusWidget() is cards[0]


def test_a_backup_that_waits_has_the_icon_of_waiting(scene: Scene, qtbot: QtBot) -> None:
    scene.workspace.store.repositories.add(Repository(RepositoryId(0), "Photos", "/repo"))
    (state,) = read_overview(scene.workspace).repositories
    card = RepositoryCard(state)
    qtbot.addWidget(card)

    def shown(live: LiveRun) -> tuple[QImage, str]:
        card.show_live(live)
        return card._icon.pixmap().toImage(), card._sentence.palette().color(QPalette.ColorRole.WindowText).name()

    def expected(status: RunStatus) -> tuple[QImage, str]:
        return icons.status_icon(status).pixmap(28, 28).toImage(), theme.color(theme.tone_of(status)).name()

    live = LiveRun(state.repository.id, "Photos", RunId(1))
    live.take(StepBegan(RunId(1), Step.QUEUED))
    assert shown(live) == expected(RunStatus.QUEUED)
    live.take(StepBegan(RunId(1), Step.CREATE))
    assert shown(live) == expected(RunStatus.RUNNING)
    assert expected(RunStatus.QUEUED) != expected(RunStatus.RUNNING)


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


def test_a_failure_matters_more_than_what_is_overdue(scene: Scene, qtbot: QtBot) -> None:
    repository = scene.workspace.store.repositories.add(Repository(RepositoryId(0), "Photos", "/repo"))
    scene.schedule(repository, daily(time(12)), since=now() - timedelta(days=9))
    _past(scene, repository, RunStatus.FAILURE)
    (state,) = read_overview(scene.workspace).repositories
    card = RepositoryCard(state)
    qtbot.addWidget(card)
    assert card._sentence.text() == "Failed just now: no such device"
    assert card._next.text().startswith("Overdue: there has been no good backup yet.")
    assert card._below.text() == "No good backup yet · /repo"


def test_show_opens_the_run_that_the_card_speaks_of(scene: Scene, qtbot: QtBot) -> None:
    repository = scene.workspace.store.repositories.add(Repository(RepositoryId(0), "Photos", "/repo"))
    (state,) = read_overview(scene.workspace).repositories
    card = RepositoryCard(state)
    qtbot.addWidget(card)
    assert not card._show.isVisibleTo(card)
    last = _past(scene, repository, RunStatus.SUCCESS)
    card.show_state(read_overview(scene.workspace).repositories[0])
    with qtbot.waitSignal(card.run_requested) as asked:
        card._show.click()
    assert asked.args == [last]
    card.show_live(LiveRun(repository.id, "Photos", RunId(77)))
    with qtbot.waitSignal(card.run_requested) as asked:
        card._show.click()
    assert asked.args == [77]


class TestStrip:
    @pytest.fixture
    def card(self, scene: Scene, qtbot: QtBot) -> RepositoryCard:
        repository = scene.workspace.store.repositories.add(Repository(RepositoryId(0), "Photos", "/repo"))
        for status in (RunStatus.FAILURE, RunStatus.SUCCESS, RunStatus.SUCCESS):
            _past(scene, repository, status)
        (state,) = read_overview(scene.workspace).repositories
        card = RepositoryCard(state)
        qtbot.addWidget(card)
        card.resize(800, 120)
        with qtbot.waitExposed(card):
            card.show()
        return card

    def test_a_bar_says_when_and_how_and_opens_its_run(self, card: RepositoryCard, qtbot: QtBot) -> None:
        strip, (failed, *_) = card._strip, card._state.strip
        with qtbot.assertNotEmitted(card.opened), qtbot.waitSignal(card.run_requested) as asked:
            QTest.mouseMove(strip, strip.bar(0).center())
            QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.bar(0).center())
        assert asked.args == [failed.id]
        assert strip.accessibleName() == run_words.past_backup(failed)
        assert strip.accessibleName().endswith("Failed\nno such device")

    def test_the_place_of_no_bar_belongs_to_the_card(self, card: RepositoryCard, qtbot: QtBot) -> None:
        strip = card._strip
        with qtbot.assertNotEmitted(card.run_requested), qtbot.waitSignal(card.opened):
            QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.bar(-1).center())

    def test_the_keyboard_does_the_same(self, card: RepositoryCard, qtbot: QtBot) -> None:
        strip, (failed, *_, newest) = card._strip, card._state.strip
        strip.setFocus()
        qtbot.waitUntil(strip.hasFocus)
        assert strip.accessibleName() == run_words.past_backup(newest)
        for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Left):
            QTest.keyClick(strip, key)
        with qtbot.assertNotEmitted(card.opened), qtbot.waitSignal(card.run_requested) as asked:
            QTest.keyClick(strip, Qt.Key.Key_Return)
        assert asked.args == [failed.id]
        QTest.keyClick(strip, Qt.Key.Key_End)
        assert strip.accessibleName() == run_words.past_backup(newest)

    def test_from_right_to_left_the_newest_is_on_the_left(self, card: RepositoryCard, qtbot: QtBot) -> None:
        strip, (failed, *_) = card._strip, card._state.strip
        strip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        assert strip.bar(0).left() > strip.bar(2).left()
        with qtbot.waitSignal(card.run_requested) as asked:
            QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.bar(0).center())
        assert asked.args == [failed.id]


def _past(scene: Scene, repository: Repository, status: RunStatus) -> RunId:
    runs = scene.workspace.store.runs
    run = runs.queue(repository, Trigger.CLI, procfs.identity(), now())
    bad = status is RunStatus.FAILURE
    runs.settle(run.id, Outcome.FAILURE if bad else Outcome.SUCCESS, errors=(text("no such device"),) if bad else ())
    runs.finish(run.id, status, now())
    return run.id


def test_what_does_not_fit_is_left_out_instead_of_cut(qtbot: QtBot) -> None:
    """While a backup was running, the last line ended with "7.…"."""
    label = PartsLabel(" · ")
    qtbot.addWidget(label)
    parts = ["About 1 min left", "last good backup 2 hours ago", "7,001 files", "71.5 GB", "/mnt/backup"]
    label.set_parts(parts)
    label.show()
    assert label.text() == " · ".join(parts)
    seen = set()
    for width in range(40, label.sizeHint().width() + 1, 7):
        label.resize(width, 20)
        shown = label._fitting()
        seen.add(shown)
        assert shown.split(" · ") == parts[: len(shown.split(" · "))]
        assert label.fontMetrics().horizontalAdvance(shown) <= width or shown == parts[0]
        assert label.toolTip() == ("" if shown == label.text() else label.text())
    assert len(seen) == len(parts)
