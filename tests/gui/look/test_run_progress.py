"""Progress of active runs: the bar, the words, and where the numbers of the last run come from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QLocale
from pytestqt.qtbot import QtBot

from borgdesk.domain.events import (
    ArmedScript,
    BorgBegan,
    BorgEnded,
    BorgProgressed,
    ExecutionEnded,
    ExecutionStarted,
    RunArmed,
    RunEnded,
    StepBegan,
    StopAsked,
)
from borgdesk.domain.ids import ExecutionId, RepositoryId, RunId
from borgdesk.domain.progress import Usual
from borgdesk.domain.run import BorgStep, ExecutionStatus, Hook, RunKind, RunStatus, Step
from borgdesk.engine.runs.usual import read_usual
from borgdesk.gui.look import downtime_words, run_words, words
from borgdesk.gui.look.run_progress import STEPS, RunProgress
from borgdesk.gui.workers.executor import Executor
from borgdesk.gui.workers.live_run import LiveRun
from tests.gui.scene import Scene

RUN = RunId(7)
GB = 10**9
LAST_TIME = Usual(9 * GB, {BorgStep.CREATE: 100.0})


@pytest.fixture(autouse=True)
def english(qtbot: QtBot) -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    yield
    QLocale.setDefault(before)


def backing_up(usual: Usual = LAST_TIME, *, ago: float = 40.0) -> LiveRun:
    """Return a backup that has been reading for *ago* seconds, and has read 3.2 GB."""
    live = LiveRun(RepositoryId(1), "Docs", RUN, usual=usual)
    live.take(StepBegan(RUN, Step.CREATE))
    live.take(BorgBegan(RUN, BorgStep.CREATE, at=datetime.now(UTC) - timedelta(seconds=ago)))
    live.take(BorgProgressed(RUN, "/home/a", files=12_431, original_size=3_200_000_000))
    return live


def test_a_backup_says_how_much_of_the_last_ones_size_it_has_read() -> None:
    live = backing_up()
    assert run_words.live_facts(live) == ["12,431 files", "3.2 GB of about 9.0 GB", "about 1 min left"]
    assert run_words.tray_progress((live,)) == "Docs: 36 %, about 1 min left"


def test_without_an_earlier_run_nothing_is_said_of_the_rest() -> None:
    live = backing_up(Usual())
    assert run_words.live_facts(live)[:2] == ["12,431 files", "3.2 GB"]
    assert run_words.time_left(live) == run_words.tray_progress((live,)) == ""


def test_one_that_is_asked_to_stop_has_no_time_left() -> None:
    live = backing_up()
    live.take(StopAsked(RUN))
    assert run_words.live_facts(live)[:2] == ["12,431 files", "3.2 GB"]
    assert run_words.time_left(live) == run_words.tray_progress((live,)) == ""


def test_the_progress_of_a_step_is_not_that_of_the_next_one() -> None:
    live = backing_up()
    live.take(BorgEnded(RUN, BorgStep.CREATE, RunStatus.SUCCESS))
    assert live.estimate().fraction is None
    live.take(BorgBegan(RUN, BorgStep.COMPACT))
    live.take(BorgProgressed(RUN, "Compacting segments 20%", fraction=0.2))
    assert live.estimate().fraction == 0.2
    assert words.percent(0.2) in run_words.live_facts(live)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "less than a minute left"),
        (44, "less than a minute left"),
        (46, "about 1 min left"),
        (100, "about 2 min left"),
        (9 * 60, "about 9 min left"),
        (33 * 60, "about 35 min left"),
        (58 * 60, "about 1 h left"),
        (59 * 60, "about 1 h left"),
        (83 * 60, "about 1 h 20 min left"),
        (20 * 3600, "about 20 h left"),
        (30 * 3600, "about 1 day left"),
        (3 * 86400, "about 3 days left"),
    ],
)
def test_time_left_in_words(seconds: float, said: str) -> None:
    assert words.time_left(seconds) == said


def test_the_bar_moves_only_while_something_goes_on_that_cannot_be_measured(qtbot: QtBot) -> None:
    bar = RunProgress()
    qtbot.addWidget(bar)
    live = LiveRun(RepositoryId(1), "Docs", RUN)
    bar.show_live(live)
    assert (bar.is_busy, bar.value()) == (False, 0), "it waits"
    bar.show_live(backing_up(Usual()))
    assert bar.is_busy
    assert not bar._beat.isActive(), "nobody sees it"
    bar.show()
    assert bar._beat.isActive()
    first = bar.grab().toImage()
    qtbot.waitUntil(lambda: bar.grab().toImage() != first)
    bar.show_live(backing_up())
    assert (bar.is_busy, bar.value()) == (False, round(STEPS * 3.2 / 9))
    assert not bar._beat.isActive()
    assert bar.accessibleName() == "Progress of Docs"


def test_a_run_says_how_long_services_have_been_down_and_usually_are() -> None:
    live = LiveRun(RepositoryId(1), "Docs", RUN)
    scripts = (
        ArmedScript(ExecutionId(1), Hook.PRE_BACKUP, 1, "Stop web"),
        ArmedScript(ExecutionId(2), Hook.POST_BACKUP, 1, "Start web"),
    )
    live.take(RunArmed(RUN, scripts))
    assert downtime_words.down_now(live) == ""
    now = datetime.now(UTC)
    one, other = ("Stop web", Hook.PRE_BACKUP), ("Start web", Hook.POST_BACKUP)
    live.take(ExecutionStarted(RUN, ExecutionId(1), one[1], one[0], at=now))
    live.take(ExecutionEnded(RUN, ExecutionId(1), one[1], one[0], ExecutionStatus.SUCCESS, at=now))
    later = now + timedelta(seconds=130)
    assert downtime_words.down_now(live, later) == "services are down for 2 min 10 s"
    live.usual = Usual(down=240.0)
    assert downtime_words.down_now(live, later) == "services are down for 2 min 10 s, usually 4 min"
    live.take(ExecutionStarted(RUN, ExecutionId(2), other[1], other[0], at=later))
    live.take(ExecutionEnded(RUN, ExecutionId(2), other[1], other[0], ExecutionStatus.SUCCESS, at=later))
    assert downtime_words.down_now(live, later) == ""
    assert downtime_words.were_down(live.story) == "Services were down for 2 min 10 s."


def test_a_run_knows_what_the_last_good_one_took(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    repository = scene.repository()
    assert read_usual(scene.workspace, repository.id, RunKind.BACKUP) == Usual()
    first = scene.run(repository)
    assert first.statistics is not None
    usual = read_usual(scene.workspace, repository.id, RunKind.BACKUP)
    assert usual.size == first.statistics.original_size > 0
    assert usual.seconds[BorgStep.CREATE] > 0
    assert read_usual(scene.workspace, repository.id, RunKind.CHECK) == Usual()
    gate = scene.gate()
    scene.hook(repository, "Wait", gate.line)
    assert executor.start(repository)
    qtbot.waitUntil(lambda: bool(executor.active()), timeout=30_000)
    (live,) = executor.active()
    qtbot.waitUntil(lambda: live.usual == usual, timeout=30_000)
    ended: list[RunEnded] = []
    executor.run_ended.connect(ended.append)
    gate.open()
    qtbot.waitUntil(lambda: bool(ended), timeout=60_000)
    assert ended[0].status is RunStatus.SUCCESS
