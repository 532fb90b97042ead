"""Scheduled backups start while the program runs, once each, and the user is told once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from borgdesk.domain.events import RunEnded
from borgdesk.domain.history import ProcessIdentity
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunKind, RunStatus, Trigger
from borgdesk.domain.schedule import UNTIL_RESUMED, Conditions, Hours, SlotState, daily
from borgdesk.engine.runs.backup import Backup
from borgdesk.engine.schedule.due import look_at_all
from borgdesk.engine.schedule.settling import Clocks
from borgdesk.gui.shell.notifications import Notifications
from borgdesk.gui.shell.schedule_ticker import ScheduleTicker
from borgdesk.gui.shell.tray import Tray
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from borgdesk.gui.workers.live_settings import LiveSettings
from borgdesk.paths import resource
from borgdesk.store.clock import now
from tests.gui.scene import PRE, Scene

ANY_POWER = Conditions(on_battery=True)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class HeardTray(Tray):
    """Remembers the notifications, which come to the tray because the tests have no desktop."""

    def __init__(self) -> None:
        super().__init__(QIcon(str(resource("icons/org.borgdesk.BorgDesk.svg"))))
        self.heard: list[tuple[str, str]] = []

    def show_message(self, title: str, text: str, *, urgent: bool) -> None:
        self.heard.append((title, text))


class Bench:
    """A ticker whose clock a test moves. A backup was due a few minutes ago, and the next is due tomorrow."""

    def __init__(
        self, scene: Scene, background: Background, executor: Executor, live_settings: LiveSettings, qtbot: QtBot
    ) -> None:
        self.scene, self.background, self.executor, self.qtbot = scene, background, executor, qtbot
        self.store = scene.workspace.store
        # As if the computer had been running for long.
        self.store.key_values.set("awake", [Clocks.now().asleep, -1000.0])
        self.time, self.ending = now(), False
        self.tray = HeardTray()
        self.notifications = Notifications(scene.workspace, background, live_settings, self.tray)
        executor.run_ended.connect(self.notifications.show_end)
        self.refusals: list[object] = []
        executor.refused.connect(self.refusals.append)
        executor.schedule_refused.connect(lambda *refused: self.refusals.append(refused))
        self.ticker = self.make_ticker()

    def make_ticker(self) -> ScheduleTicker:
        return ScheduleTicker(
            self.scene.workspace, self.background, self.executor, self.notifications, lambda: self.ending,
            self.executor, clock=lambda: self.time,
        )  # fmt: skip

    def due(self, repository: Repository, conditions: Conditions = ANY_POWER, days: int = 1) -> None:
        """Give a repository a schedule that was due five minutes ago."""
        local = (self.time - 5 * MINUTE).astimezone()
        self.scene.schedule(
            repository, daily(local.time()), since=self.time - timedelta(days=days), conditions=conditions
        )

    def look(self) -> None:
        with self.qtbot.waitSignal(self.ticker.looked, timeout=30_000):
            self.ticker.look()

    def look_and_run(self) -> RunEnded:
        with self.qtbot.waitSignal(self.executor.run_ended, timeout=60_000) as ended:
            self.ticker.look()
        self.qtbot.waitUntil(lambda: not self.executor.is_busy, timeout=30_000)
        event = ended.args[0]
        assert isinstance(event, RunEnded)
        return event

    def told(self) -> list[str]:
        """Return the titles of all notifications, once the last one that was asked for is shown."""
        for _ in range(3):
            self.background._pool.waitForDone()
            QApplication.processEvents()
        return [title for title, _ in self.tray.heard]


@pytest.fixture
def bench(
    scene: Scene, background: Background, executor: Executor, live_settings: LiveSettings, qtbot: QtBot
) -> Iterator[Bench]:
    bench = Bench(scene, background, executor, live_settings, qtbot)
    yield bench
    bench.notifications.close()


def test_what_is_due_is_started_once(bench: Bench) -> None:
    repository = bench.scene.repository()
    bench.due(repository)
    ended = bench.look_and_run()
    assert ended.status is RunStatus.SUCCESS
    (run,) = bench.store.runs.list()
    assert run.trigger is Trigger.SCHEDULE
    (slot,) = bench.store.schedules.slots(repository.id)
    assert (slot.state, slot.tries, slot.run_id) == (SlotState.DONE, 1, run.id)
    bench.look()
    assert not bench.executor.is_busy
    assert bench.told() == []


def test_a_schedule_works_right_after_it_was_stored(bench: Bench) -> None:
    repository = bench.scene.repository()
    bench.look()
    assert not bench.executor.is_busy
    bench.due(repository)
    assert bench.look_and_run().status is RunStatus.SUCCESS


def test_nothing_starts_while_paused_waiting_or_ending(bench: Bench) -> None:
    repository = bench.scene.repository()
    bench.due(repository)
    bench.ending = True
    bench.ticker.look()
    assert not bench.ticker._looking
    bench.ending = False
    bench.store.schedules.pause([repository.id], UNTIL_RESUMED)
    bench.look()
    assert not bench.executor.is_busy
    local = bench.time.astimezone()
    later = Hours((local + 2 * HOUR).time().replace(second=0), (local + 3 * HOUR).time().replace(second=0))
    bench.due(repository, Conditions(on_battery=True, between=later))
    bench.store.schedules.pause([repository.id], None)
    bench.look()
    assert not bench.executor.is_busy
    (slot,) = bench.store.schedules.slots(repository.id)
    assert slot.state is SlotState.WAITING
    assert slot.reason is not None
    assert slot.reason.startswith("waiting for the hours")
    assert bench.told() == []


def test_what_another_process_has_started_is_no_error(bench: Bench) -> None:
    repository = bench.scene.repository()
    bench.due(repository)
    (due,) = look_at_all(bench.scene.workspace, bench.time)
    bench.look_and_run()
    with bench.qtbot.waitSignal(bench.executor.became_idle, timeout=30_000):
        bench.executor.start_task(repository, Backup(due.slot), Trigger.SCHEDULE)
    assert len(bench.store.runs.list()) == 1
    assert bench.refusals == []
    assert bench.told() == []


def test_a_run_that_died_is_recovered_before_the_next_attempt(bench: Bench) -> None:
    repository = bench.scene.repository()
    bench.due(repository)
    dead = ProcessIdentity(pid=4_000_000, started=1, boot_id="another boot")
    died = bench.store.runs.queue(repository, Trigger.SCHEDULE, dead, now())
    with bench.qtbot.waitSignal(bench.executor.recovered, timeout=60_000):
        bench.ticker.look()
    bench.qtbot.waitUntil(lambda: not bench.executor.is_busy, timeout=30_000)
    (run,) = bench.store.runs.list()
    assert run.id == died.id
    assert run.status.is_final


def test_a_failure_is_told_after_the_last_attempt(bench: Bench) -> None:
    repository = bench.scene.repository()
    bench.scene.hook(repository, "Stop", "exit 1", PRE)
    bench.due(repository)
    begin = bench.time
    for attempt, wait in enumerate((0 * HOUR, 0.5 * HOUR, 2 * HOUR, 7 * HOUR), start=1):
        bench.time = begin + wait
        assert bench.look_and_run().status is RunStatus.FAILURE
        assert bench.told() == []
        bench.look()
        assert len(bench.store.runs.list()) == attempt
    assert bench.told() == ["Backup failed"]
    text = next(text for title, text in bench.tray.heard if title == "Backup failed")
    assert "The script “Stop” failed (exit 1)" in text
    assert "It was tried 4 times." in text
    bench.look()
    assert bench.told() == ["Backup failed"]
    (slot,) = bench.store.schedules.slots(repository.id)
    assert slot.state is SlotState.FAILED


def test_a_failure_that_another_slot_has_replaced_is_told_at_once(bench: Bench) -> None:
    repository = bench.scene.repository()
    bench.scene.hook(repository, "Stop", "exit 1", PRE)
    bench.due(repository)
    bench.look_and_run()
    # Whether to tell of it is decided while the slot is there.
    assert bench.told() == []
    bench.store.schedules.remove(repository.id)
    run = bench.store.runs.list()[0]
    bench.notifications.show_end(RunEnded(run.id, run.repository, run.status, "It failed."))
    assert bench.told() == ["Backup failed"]


def test_a_failure_of_a_backup_that_a_person_started_is_told_at_once(bench: Bench) -> None:
    repository = bench.scene.repository()
    bench.scene.hook(repository, "Stop", "exit 1", PRE)
    bench.scene.schedule(repository, daily(bench.time.astimezone().time()))
    with bench.qtbot.waitSignal(bench.executor.run_ended, timeout=60_000):
        bench.executor.start(repository)
    bench.qtbot.waitUntil(lambda: not bench.executor.is_busy, timeout=30_000)
    assert bench.told() == ["Backup failed"]


def test_it_looks_when_the_computer_has_woken_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    watches: list[Any] = []

    class Watch:
        def __init__(self, resumed: Callable[[], None]) -> None:
            self.resumed, self.calls = resumed, list[str]()
            watches.append(self)

        def start(self) -> None:
            self.calls.append("start")

        def close(self) -> None:
            self.calls.append("close")

    monkeypatch.setattr("borgdesk.gui.shell.schedule_ticker.ResumeWatch", Watch)
    ticker = bench.make_ticker()
    with bench.qtbot.waitSignal(ticker.looked, timeout=30_000):
        ticker.start()
    with bench.qtbot.waitSignal(ticker.looked, timeout=25_000):
        threading.Thread(target=watches[0].resumed).start()
    ticker.close()
    assert watches[0].calls == ["start", "close"]


def test_what_is_overdue_is_told_once_a_day(bench: Bench) -> None:
    repository = bench.scene.repository()
    local = bench.time.astimezone()
    later = Hours((local + 2 * HOUR).time().replace(second=0), (local + 3 * HOUR).time().replace(second=0))
    bench.due(repository, Conditions(on_battery=True, between=later), days=9)
    bench.look()
    bench.look()
    title = "The backup of “Documents” is overdue"
    assert bench.told() == [title]
    bench.time += DAY
    bench.look()
    assert bench.told() == [title, title]


def test_a_check_follows_the_backup(bench: Bench) -> None:
    repository = bench.scene.repository()
    bench.due(repository)
    schedule = bench.store.schedules.get(repository.id)
    assert schedule is not None
    bench.store.schedules.put(replace(schedule, check_every=30))
    bench.look_and_run()
    ended = bench.look_and_run()
    bench.look()
    newest = bench.store.runs.list()
    assert [(run.kind, run.trigger) for run in newest] == [
        (RunKind.CHECK, Trigger.SCHEDULE),
        (RunKind.BACKUP, Trigger.SCHEDULE),
    ]
    assert (ended.run_id, newest[0].report["complete"]) == (newest[0].id, True)


def test_an_overdue_check_is_told_once_a_day(bench: Bench) -> None:
    repository = bench.scene.repository()
    bench.scene.schedule(repository, "0 0 29 2 *", check_every=1)
    bench.time += 5 * DAY
    bench.look()
    bench.look()
    title = "The check of “Documents” is overdue"
    assert [told for told in bench.told() if "check" in told] == [title]
    assert "It has never been checked completely." in dict(bench.tray.heard)[title]


def test_a_refusal_is_a_notification_and_is_not_repeated(bench: Bench) -> None:
    repository = bench.scene.repository()
    for _ in range(2):
        bench.executor.schedule_refused.emit(repository, "The disk is full.")
    assert bench.told() == ["The backup of “Documents” could not start"]


def test_looking_again_writes_nothing_if_nothing_is_new(bench: Bench) -> None:
    repository = bench.scene.repository()
    bench.scene.schedule(repository, daily((datetime.now().astimezone() + 6 * HOUR).time()))
    bench.look()
    commits = bench.store.database.commits()
    commits.has_changed()
    bench.look()
    assert not commits.has_changed()
    commits.close()
