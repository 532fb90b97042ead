"""Scheduled backups with the window closed: a real systemd user manager, real Borg, and runs that are killed.

The clock of what the manager starts is set by the tests; that of the manager itself goes on.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from borgdesk.domain.reasons import Code
from borgdesk.domain.run import Hook, RunStatus, Trigger
from borgdesk.domain.schedule import Conditions, Schedule
from borgdesk.engine.schedule.unit_texts import NAMES, RUN, TICK, TIMER, mount_unit
from tests.cli.lab import BorgDesk, wait_until
from tests.jumping_clock import JumpingClock
from tests.user_manager import UserManager


@pytest.fixture
def manager(desk: BorgDesk, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[UserManager]:
    """Provide a user manager in the time zone of the test, and a repository with nothing due."""
    desk.environment["TZ"] = getattr(request, "param", "UTC")
    folder = tmp_path / "systemd"
    folder.mkdir()
    manager = UserManager(folder, desk.environment)
    manager.start()
    desk.environment = manager.environment
    program = folder / "borgdesk"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(desk.argv())} "$@"\n')
    program.chmod(0o755)
    desk.add_repository("Papers")
    schedule(desk, "0 0 29 2 *", datetime.now(UTC))
    try:
        install(desk, manager)
        yield manager
    finally:
        manager.end()


def install(desk: BorgDesk, manager: UserManager) -> None:
    """Install the units, of which only the tests start the tick."""
    # BorgDesk as it is here, which need not be the one that is installed beside this Python.
    with patch.object(sys, "executable", str(manager.units.parents[2] / "python")):
        installed = desk.here("schedule", "install")
    assert installed.code == 0, installed.err
    manager.systemctl("disable", "--now", TIMER)
    manager.stopped(TICK)


def schedule(desk: BorgDesk, cron: str, since: datetime) -> None:
    store = desk.workspace.store
    with patch("borgdesk.store.schedules.now", return_value=since):
        store.schedules.put(Schedule(store.repositories.get("Papers").id, cron, Conditions(on_battery=True)))


@pytest.fixture
def missed(desk: BorgDesk, manager: UserManager) -> None:
    """Schedule a backup that was missed, and whose next one is far away."""
    now = datetime.now(UTC)
    schedule(desk, f"0 0 1 {(now - timedelta(days=40)).month} *", now - timedelta(days=100))


@pytest.fixture
def clock(manager: UserManager, tmp_path: Path) -> JumpingClock:
    """Provide the clock of what the manager starts."""
    clock = JumpingClock(tmp_path)
    lines = ["[Service]", *(f'Environment="{name}={value}"' for name, value in clock.environment.items())]
    manager.drop_in(RUN, "\n".join(lines))
    manager.drop_in(TICK, "\n".join([*lines, f"StandardOutput=append:{tmp_path / 'ticks'}", "StandardError=null"]))
    manager.systemctl("daemon-reload")
    return clock


def tick(desk: BorgDesk, manager: UserManager, said: Path) -> bool:
    """Let the tick look; return whether it started a backup, which then has succeeded."""
    said.unlink(missing_ok=True)
    runs = desk.workspace.store.runs
    before = len(runs.list())
    manager.systemctl("start", TICK)
    if not said.read_text():
        return False
    wait_until(lambda: [run.status for run in runs.list()[: -before or None]] == [RunStatus.SUCCESS], "a good backup")
    manager.stopped(service(desk))
    return True


def service(desk: BorgDesk) -> str:
    return f"borgdesk-run@{desk.workspace.store.repositories.get('Papers').id}.service"


@pytest.mark.usefixtures("missed")
def test_the_tick_starts_a_backup_and_then_finds_nothing(desk: BorgDesk, manager: UserManager) -> None:
    runs = desk.workspace.store.runs
    manager.systemctl("start", TICK)
    wait_until(lambda: [run.status for run in runs.list()] == [RunStatus.SUCCESS], "a good scheduled backup")
    (run,) = runs.list()
    assert run.trigger is Trigger.SCHEDULE
    manager.stopped(service(desk))
    manager.systemctl("start", TICK)
    manager.systemctl("start", TICK)
    assert [again.id for again in runs.list()] == [run.id]


def hold_after_stopping(desk: BorgDesk) -> None:
    """Let the backup stop something and put it back, and wait in between."""
    desk.add_held_script("stop")
    desk.add_script("start")
    desk.assign("Papers", "stop", Hook.PRE_BACKUP)
    desk.assign("Papers", "start", Hook.POST_BACKUP)


@pytest.mark.usefixtures("missed")
def test_a_killed_run_puts_back_what_it_stopped_and_is_tried_again_later(desk: BorgDesk, manager: UserManager) -> None:
    hold_after_stopping(desk)
    manager.systemctl("start", TICK)
    desk.wait_for("stop.began")
    manager.systemctl("kill", "--kill-who=main", "--signal=KILL", service(desk))
    (desk.folder / "stop.go").touch()
    runs = desk.workspace.store.runs
    wait_until(lambda: runs.list()[0].status.is_final, "the guardian has finished the run")
    assert desk.journal == ["stop", "start"]
    manager.systemctl("start", TICK)
    shown = desk("schedule", "show", "Papers", "--json").json
    assert (shown["slot"]["state"], shown["slot"]["tries"]) == ("waiting", 1)
    assert len(runs.list()) == 1


@pytest.mark.usefixtures("missed")
def test_logging_out_puts_back_what_the_run_stopped_and_it_is_tried_again_after_the_next_login(
    desk: BorgDesk, manager: UserManager, clock: JumpingClock, tmp_path: Path
) -> None:
    hold_after_stopping(desk)
    manager.systemctl("start", TICK)
    desk.wait_for("stop.began")
    manager.log_out()
    (run,) = desk.workspace.store.runs.list()
    assert (run.status, [note.code for note in run.notes]) == (RunStatus.CANCELLED, [Code.STOPPED_BY_SYSTEM])
    assert desk.journal == ["stop", "start"]
    (desk.folder / "stop.go").touch()
    manager.start()
    shown = desk("schedule", "show", "Papers", "--json").json
    assert (shown["slot"]["state"], shown["slot"]["tries"]) == ("waiting", 1)
    clock.set(datetime.now(UTC) + timedelta(minutes=16))
    assert tick(desk, manager, tmp_path / "ticks")
    assert desk.journal == ["stop", "start"] * 2
    assert not tick(desk, manager, tmp_path / "ticks")


def tick_at(moment: str, clock: JumpingClock, desk: BorgDesk, manager: UserManager, folder: Path) -> bool:
    """Let the clock jump, and return whether the tick then starts a backup."""
    clock.set(datetime.fromisoformat(moment))
    return tick(desk, manager, folder / "ticks")


def test_a_clock_that_is_set_back_or_forward(
    desk: BorgDesk, manager: UserManager, clock: JumpingClock, tmp_path: Path
) -> None:
    schedule(desk, "0 11 * * *", datetime(2026, 6, 9, 12, tzinfo=UTC))
    looks = {
        "2026-06-10 12:00+00:00": True,
        "2026-06-10 08:00+00:00": False,
        "2026-06-09 13:00+00:00": False,
        "2026-06-11 11:30+00:00": True,
        "2026-06-10 11:45+00:00": False,
        "2026-06-11 11:45+00:00": False,
    }
    assert {moment: tick_at(moment, clock, desk, manager, tmp_path) for moment in looks} == looks


@pytest.mark.parametrize("manager", ["Europe/Berlin"], indirect=True)
def test_between_two_ticks_summer_time_begins_or_ends(
    desk: BorgDesk, manager: UserManager, clock: JumpingClock, tmp_path: Path
) -> None:
    schedule(desk, "30 2 * * *", datetime(2026, 3, 28, 12, tzinfo=UTC))
    looks = {
        # 02:30 does not exist on this day.
        "2026-03-29 01:58+01:00": False,
        "2026-03-29 03:03+02:00": True,
        "2026-03-29 03:33+02:00": False,
        # 02:30 comes twice on this day.
        "2026-10-25 02:33+02:00": True,
        "2026-10-25 02:33+01:00": False,
    }
    assert {moment: tick_at(moment, clock, desk, manager, tmp_path) for moment in looks} == looks


@pytest.mark.usefixtures("missed")
def test_the_units_go_with_the_last_schedule(desk: BorgDesk, manager: UserManager) -> None:
    assert [name for name in NAMES if (manager.units / name).exists()] == list(NAMES)
    cleared = desk.ok("schedule", "clear", "Papers")
    assert cleared.said[-1] == "It was the last schedule, so the systemd units were removed, too."
    assert [name for name in NAMES if (manager.units / name).exists()] == []
    assert desk.ok("schedule", "uninstall").said == ["The systemd units were not installed."]


@pytest.fixture
def disk(desk: BorgDesk, manager: UserManager, tmp_path: Path) -> Path:
    """Provide the mount point of a disk, which is not connected, with the repository “Disk” on it."""
    contents, place = tmp_path / "contents", desk.folder / "My disk"
    contents.mkdir()
    place.mkdir()
    manager.mount(contents, place)
    added = manager.inside(*desk.argv("repo", "add", "Disk", "--location", str(place / "borg"), "--source",
                                      str(desk.source), "--init", "none"))  # fmt: skip
    assert added.returncode == 0
    made = manager.inside(*desk.argv("schedule", "set", "Disk", "--cron", "0 0 29 2 *", "--on-battery", "--when-disk",
                                     "--json"))  # fmt: skip
    conditions = json.loads(made.stdout)["conditions"]
    assert (conditions["when_disk"], conditions["disk"]) == (True, str(place))
    manager.unmount(place, mount_unit(str(place)))
    install(desk, manager)
    return place


def test_connecting_the_disk_starts_a_backup_each_time(
    desk: BorgDesk, manager: UserManager, disk: Path, tmp_path: Path, clock: JumpingClock
) -> None:
    runs, number = desk.workspace.store.runs, desk.workspace.store.repositories.get("Disk").id
    unit = f"borgdesk-disk-{number}.service"
    lines = [f'Environment="{name}={value}"' for name, value in clock.environment.items()]
    manager.drop_in(unit, "\n".join(["[Service]", *lines]))
    manager.systemctl("daemon-reload")
    for count in (1, 2):
        # A later day each time: what is connected again within a minute is one connection.
        clock.set(datetime.now(UTC) + timedelta(days=count))
        manager.mount(tmp_path / "contents", disk)
        wait_until(lambda: [run.status for run in runs.list()] == [RunStatus.SUCCESS] * count, "a good backup")  # noqa: B023
        for service in (unit, f"borgdesk-run@{number}.service"):
            manager.stopped(service)
        manager.unmount(disk, mount_unit(str(disk)))
    assert {(run.repository, run.trigger) for run in runs.list()} == {("Disk", Trigger.SCHEDULE)}


def test_without_the_option_the_disk_starts_nothing(desk: BorgDesk, manager: UserManager, disk: Path) -> None:
    assert len([*manager.units.rglob("borgdesk-disk-*")]) == 2
    shown = desk.ok("schedule", "set", "Disk", "--no-when-disk", "--json").json
    assert (shown["conditions"]["when_disk"], shown["conditions"]["disk"]) == (False, None)
    assert [*manager.units.rglob("borgdesk-disk-*")] == []
    wanted = manager.systemctl("show", "--property=Wants", mount_unit(str(disk)))
    assert "borgdesk" not in wanted


def test_removing_the_repository_removes_its_units(desk: BorgDesk, manager: UserManager, disk: Path) -> None:
    desk.ok("repo", "edit", "Disk", "--name", "Other name")
    number = desk.workspace.store.repositories.get("Other name").id
    assert (manager.units / f"borgdesk-disk-{number}.service").exists()
    desk.ok("repo", "remove", "Other name")
    assert [*manager.units.rglob("borgdesk-disk-*")] == []
    assert (manager.units / TIMER).exists()
    removed = desk.ok("repo", "remove", "Papers")
    assert removed.said[-1] == "It had the last schedule, so the systemd units were removed, too."
    assert [name for name in NAMES if (manager.units / name).exists()] == []
    assert disk.exists()
