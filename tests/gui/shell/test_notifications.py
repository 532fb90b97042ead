"""Notifications about runs, with a real service on a private bus, and their buttons."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

import pytest
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import unwrap_msg
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from borgdesk.domain.events import RunEnded
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunKind, RunStatus, Trigger
from borgdesk.domain.settings import NOTIFY_RECOVERED, NOTIFY_SUCCESS, QUIET_HOURS
from borgdesk.domain.window_request import Wanted, WindowRequest
from borgdesk.engine.desktop.notification import Button, Notification
from borgdesk.engine.desktop.notification_sending import LOG, send
from borgdesk.engine.desktop.notification_session import name_on_bus
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import backup
from borgdesk.engine.runs.run_folders import now
from borgdesk.engine.schedule.due import look
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.shell.notifications import Notifications
from borgdesk.gui.shell.single_instance import SingleInstance
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.live_settings import LiveSettings
from tests.engine.desk import wait_until
from tests.gui.scene import POST, PRE, Scene
from tests.jumping_clock import JumpingClock
from tests.notification_desk import NotificationDesk

pytestmark = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="a private bus needs dbus-daemon")


class Bench:
    """The notifications of a window, and the desktop that shows them."""

    def __init__(self, scene: Scene, background: Background, qtbot: QtBot, daemon: NotificationDesk) -> None:
        self._background, self._qtbot = background, qtbot
        self.daemon = daemon
        self.workspace = replace(scene.workspace, environment=self.daemon.environment)
        self.settings = LiveSettings(self.workspace, background)
        self.clock = time_of_day(12)
        self.told = Notifications(self.workspace, background, self.settings, None, clock=lambda: self.clock)

    def repository(self, name: str = "Documents") -> Repository:
        """Add a repository without calling Borg."""
        return self.workspace.store.repositories.add(Repository(RepositoryId(0), name, f"/backup/{name}"))

    def shown(self, count: int) -> list[list[Any]]:
        """Return what the desktop has shown, once that is so many."""
        self._qtbot.waitUntil(lambda: len(self.daemon.shown) == count, timeout=30_000)
        return self.daemon.shown

    def asked(self, number: int, key: str) -> object:
        """Press a button of a notification; return what is asked for."""
        with self._qtbot.waitSignal(self.told.requested, timeout=30_000) as asked:
            self.daemon.press(number, key)
        assert asked.args is not None
        return asked.args[0]

    def wait_until_nobody_shows(self) -> None:
        """Wait until no process is left that shows notifications for others."""
        asked = message_bus.NameHasOwner(name_on_bus(self.workspace.paths))
        with open_dbus_connection("SESSION") as bus:
            wait_until(lambda: not unwrap_msg(bus.send_and_get_reply(asked))[0])

    def show_end(self, ended: RunEnded) -> None:
        """Tell of a run; return when it has been decided whether it is shown."""
        self.told.show_end(ended)
        self._background._pool.waitForDone()
        QApplication.processEvents()


@pytest.fixture
def make_bench(
    scene: Scene, background: Background, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Bench]]:
    with ExitStack() as made:

        def make(capabilities: str) -> Bench:
            daemon = NotificationDesk(scene.folder / "bus", capabilities)
            made.callback(daemon.close)
            # What connects to the bus reads the address from the environment of this process.
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", daemon.environment["DBUS_SESSION_BUS_ADDRESS"])
            bench = Bench(scene, background, qtbot, daemon)
            made.callback(bench.told.close)
            return bench

        yield make


@pytest.fixture
def bench(make_bench: Callable[[str], Bench]) -> Bench:
    return make_bench("body,actions,body-markup")


def run(workspace: Workspace, repository: Repository) -> RunEnded:
    ends: list[RunEnded] = []
    backup.run(
        workspace,
        repository,
        Trigger.USER,
        lambda event: ends.append(event) if isinstance(event, RunEnded) else None,
        Cancel(),
    )
    return ends[-1]


def test_a_failure_names_its_cause_and_can_be_shown_and_tried_again(bench: Bench, scene: Scene) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop containers", "echo working; echo 'no <daemon> & no socket' >&2; exit 1", PRE)
    scene.hook(repository, "Start containers", "true", POST)
    first = run(bench.workspace, repository)
    bench.told.show_end(first)
    number, replaces, title, text, actions, urgency = bench.shown(1)[0]
    assert (replaces, title, urgency) == (0, "Backup failed", 2)
    # Text that would be markup for the desktop is escaped.
    assert text == (
        "Backup of Documents failed. The script “Stop containers” failed (exit 1): no &lt;daemon&gt; &amp; no "
        "socket. “Start containers” ran afterwards."
    )
    assert actions == ["default", "Show log", "show", "Show log", "again", "Back up again"]

    second = run(bench.workspace, repository)
    bench.told.show_end(second)
    assert bench.shown(2)[1][:2] == [number, number], "they do not pile up"
    assert bench.asked(number, "show") == WindowRequest(Wanted.RUN, second.run_id)

    # That one is gone: the next is a new one.
    bench.told.show_end(second)
    third = bench.shown(3)[2]
    assert third[1] == 0
    assert bench.asked(third[0], "again") == WindowRequest(Wanted.BACKUP, repository.id)


def test_what_is_overdue_opens_its_repository_and_can_be_backed_up(bench: Bench, scene: Scene) -> None:
    repository = scene.repository()
    scene.schedule(repository, "0 2 * * *")
    due = look(bench.workspace, repository, ask=False)
    assert due is not None
    bench.told.show_overdue(due)
    shown = bench.shown(1)[0]
    assert shown[4] == ["default", "Open", "again", "Back up now"]
    request = WindowRequest(Wanted.REPOSITORY, repository.id)
    assert bench.told.last_request == request
    assert bench.asked(shown[0], "default") == request


def test_a_warning_offers_no_second_backup_and_other_repositories_keep_theirs(
    make_bench: Callable[[str], Bench], scene: Scene
) -> None:
    bench = make_bench("body,actions")
    for name in ("Documents", "Photos"):
        repository = scene.repository(name)
        scene.hook(repository, f"Start {name}", "exit 3", POST)
        ended = run(bench.workspace, repository)
        assert ended.status is RunStatus.WARNING
        bench.told.show_end(ended)
    first, second = bench.shown(2)
    assert (first[0], second[0]) == (1, 2)
    assert first[4] == ["default", "Show log", "show", "Show log"]
    assert "“Start Documents” failed (exit 3)." in first[3]


def test_only_a_backup_that_history_knows_can_be_tried_again_and_each_kind_has_its_title(bench: Bench) -> None:
    repository = bench.repository()
    seen = list[tuple[str, bool]]()
    for kind in (RunKind.BACKUP, RunKind.RESTORE, None):
        number = RunId(99)
        if kind is not None:
            number = bench.workspace.store.runs.queue(repository, Trigger.USER, procfs.identity(), now(), kind=kind).id
        bench.told.show_end(RunEnded(number, "Documents", RunStatus.FAILURE, "It failed."))
        newest = bench.shown(len(seen) + 1)[-1]
        seen.append((newest[2], "again" in newest[4]))
        assert bench.told.last_request == WindowRequest(Wanted.RUN, number)
    assert seen == [("Backup failed", True), ("Restore failed", False), ("Backup failed", False)]
    assert bench.asked(newest[0], "default") == WindowRequest(Wanted.RUN, 99)


def test_a_desktop_without_buttons_is_sent_none(make_bench: Callable[[str], Bench]) -> None:
    bench = make_bench("body")
    bench.told.show("A title", "1 < 2 & 3")
    assert bench.shown(1)[0][2:5] == ["A title", "1 < 2 & 3", []]


def test_where_neither_the_desktop_nor_a_tray_can_show_it_nothing_is_shown(
    scene: Scene, background: Background, live_settings: LiveSettings, qtbot: QtBot
) -> None:
    told = Notifications(scene.workspace, background, live_settings, None)
    with qtbot.waitSignal(told._failed, timeout=30_000):
        told.show("A title", "a text")
    told.close()


def ended(workspace: Workspace, repository: Repository, status: RunStatus, kind: RunKind = RunKind.BACKUP) -> RunEnded:
    run_id = workspace.store.runs.queue(repository, Trigger.USER, procfs.identity(), now(), kind=kind).id
    workspace.store.runs.finish(run_id, status, now())
    return RunEnded(run_id, repository.name, status, f"It is a {status}.")


def test_the_first_good_backup_after_a_failure_is_told_if_wanted(bench: Bench) -> None:
    workspace, repository = bench.workspace, bench.repository()
    statuses = RunStatus.SUCCESS, RunStatus.FAILURE, RunStatus.SUCCESS, RunStatus.SUCCESS, RunStatus.INTERRUPTED
    for status in statuses:
        bench.show_end(ended(workspace, repository, status))
    bench.told.show_end(ended(workspace, repository, RunStatus.SUCCESS, RunKind.CHECK))
    bench.settings.change(NOTIFY_RECOVERED, False)
    bench.told.show_end(ended(workspace, repository, RunStatus.SUCCESS))
    bench.told.show("The last", "one")
    assert [one[2] for one in bench.shown(4)] == [
        "Backup failed", "Backups work again", "Backup interrupted", "The last"
    ]  # fmt: skip


def test_in_quiet_hours_only_failures_are_shown_at_once(bench: Bench) -> None:
    bench.settings.change(QUIET_HOURS, "22:00-07:00")
    bench.settings.change(NOTIFY_SUCCESS, True)
    bench.clock = time_of_day(23, 30)
    documents, photos = bench.repository("Documents"), bench.repository("Photos")
    for repository, status in (
        (documents, RunStatus.SUCCESS),
        (documents, RunStatus.WARNING),
        (photos, RunStatus.WARNING),
        (photos, RunStatus.FAILURE),
    ):
        bench.show_end(ended(bench.workspace, repository, status))
    bench.told.show_held()
    assert bench.shown(1)[0][2] == "Backup failed", "and what it replaced does not come later"
    bench.clock = time_of_day(7, 0)
    bench.told.show_held()
    assert bench.shown(2)[1][2] == "Backup finished with warnings", "the newest of that repository"


def test_a_click_on_a_notification_of_a_process_that_has_ended_opens_its_run(
    bench: Bench, scene: Scene, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some desktops remove the notifications of a program that leaves the bus, so one program stays for all."""
    assert scene.workspace.paths.home is not None
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(scene.folder / "runtime"))
    (scene.folder / "runtime").mkdir(mode=0o700)
    environment = {**os.environ, "BORGDESK_HOME": str(scene.workspace.paths.home)}
    window = SingleInstance(scene.workspace.paths, environment)
    assert window.claim()
    opened = WindowRequest(Wanted.RUN, 12)
    first = Notification("1", "It failed", "The first", urgent=True, buttons=(Button("default", "Show", opened),))
    assert send(environment, first)
    assert send(environment, replace(first, text="The second"))
    one, two = bench.shown(2)
    assert two[:2] == [one[0], one[0]], "the second has replaced the first"
    with qtbot.waitSignal(window.asked, timeout=60_000) as asked:
        bench.daemon.press(one[0], "default")
    assert asked.args == [opened]
    window.close()
    assert (scene.workspace.paths.state / LOG).read_bytes() == b""
    bench.wait_until_nobody_shows()


def test_an_open_window_shows_and_replaces_the_notifications_of_other_processes(bench: Bench) -> None:
    repository = bench.repository()
    environment = {**bench.daemon.environment, "BORGDESK_HOME": str(bench.workspace.paths.home)}
    opened = WindowRequest(Wanted.RUN, 12)
    failed = Notification(
        str(repository.id), "It failed", "Why", urgent=True, buttons=(Button("show", "Show", opened),)
    )
    assert send(environment, failed)
    (number, *_) = bench.shown(1)[0]
    # The window opens, and tells of the same repository.
    bench.show_end(ended(bench.workspace, repository, RunStatus.FAILURE))
    assert bench.shown(3)[2] == [number]
    assert send(environment, failed)
    newest = bench.shown(4)[3]
    assert newest[1] == bench.shown(4)[1][0], "the window has replaced its own"
    assert bench.asked(newest[0], "show") == opened


def test_a_click_closes_it_also_where_the_desktop_does_not(bench: Bench) -> None:
    opened = WindowRequest(Wanted.RUN, 12)
    bench.told._show_or_hold(
        Notification("1", "It failed", "Why", urgent=True, buttons=(Button("stays", "S", opened),))
    )
    (number, *_) = bench.shown(1)[0]
    assert bench.asked(number, "stays") == opened
    assert bench.shown(2)[1] == [number]


@pytest.mark.parametrize("member", ["NotificationClosed", "ActionInvoked", "ActivationToken"])
def test_a_signal_that_is_none_of_the_desktops_changes_nothing(bench: Bench, member: str) -> None:
    opened = WindowRequest(Wanted.RUN, 12)
    bench.told._show_or_hold(Notification("1", "It failed", "Why", urgent=True, buttons=(Button("go", "G", opened),)))
    (number, *_) = bench.shown(1)[0]
    path, name = "/org/freedesktop/Notifications", f"org.freedesktop.Notifications.{member}"
    for values in ([], ["string:1", "string:go"]):
        argv = ["dbus-send", "--session", "--type=signal", path, name, *values]
        subprocess.run(argv, env=bench.daemon.environment, check=True, timeout=60)
    assert bench.asked(number, "go") == opened


def test_without_a_window_quiet_hours_count_too(bench: Bench) -> None:
    environment = {**bench.daemon.environment, "BORGDESK_HOME": str(bench.workspace.paths.home)}
    now_here = datetime.now()  # noqa: DTZ005 - quiet hours are local
    hours = "-".join(f"{now_here + timedelta(hours=shift):%H:%M}" for shift in (-2, 2))
    assert send(environment, Notification("1", "A warning", "Nothing urgent"), hours)
    assert send(environment, Notification("2", "A failure", "Something urgent", urgent=True), hours)
    assert [one[2] for one in bench.shown(1)] == ["A failure"]


def test_what_is_held_waits_until_the_desktop_can_show_it(bench: Bench, tmp_path: Path) -> None:
    """Its service may be away when the quiet hours end."""
    clock = JumpingClock(tmp_path)
    noon = datetime(2026, 3, 2, 12)  # noqa: DTZ001 - quiet hours are local
    clock.set(noon)
    environment = {
        **bench.daemon.environment, **clock.environment, "BORGDESK_HOME": str(bench.workspace.paths.home)
    }  # fmt: skip
    held = Notification("1", "A warning", "Nothing urgent")
    assert send(environment, held, "11:00-13:00")
    bench.daemon.end_service()
    clock.set(noon + timedelta(hours=2))
    # It looks at the clock when something happens, too.
    assert send(environment, replace(held, tag="2", title="A failure"), "11:00-13:00")
    assert send(environment, replace(held, tag="2", title="Another failure"), "11:00-13:00")
    assert bench.daemon.shown == []
    bench.daemon.start_service()
    assert {one[2] for one in bench.shown(2)} == {"A warning", "Another failure"}


def test_an_open_window_keeps_what_the_desktop_cannot_show_yet(bench: Bench, qtbot: QtBot) -> None:
    bench.daemon.end_service()
    with qtbot.waitSignal(bench.told._failed, timeout=30_000):
        bench.told._show_or_hold(Notification("1", "It failed", "Why", urgent=True))
    bench.told.show_held()
    qtbot.waitUntil(lambda: "1" in bench.told._held, timeout=30_000)
    bench.daemon.start_service()
    bench.told.show_held()
    assert bench.shown(1)[0][2] == "It failed"
    assert not bench.told._held


def test_without_buttons_the_program_ends_at_once(make_bench: Callable[[str], Bench]) -> None:
    bench = make_bench("body")
    environment = {**bench.daemon.environment, "BORGDESK_HOME": str(bench.workspace.paths.home)}
    button = Button("default", "Show", WindowRequest(Wanted.RUN, 12))
    assert send(environment, Notification("1", "It failed", "Why", urgent=True, buttons=(button,)))
    assert bench.shown(1)[0][4] == []
    bench.wait_until_nobody_shows()
