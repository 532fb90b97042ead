"""Backups that start when a disk is connected: which disks can be, and when that counts. The mounts are made up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome, RunKind, RunStatus, Trigger
from borgdesk.domain.schedule import Conditions, Schedule
from borgdesk.engine.processes import mount_table, procfs
from borgdesk.engine.schedule.disks import DiskWatch, connected, disk_of, watched_disks, with_disk
from borgdesk.engine.schedule.due import look
from borgdesk.engine.schedule.editing import follow_location
from borgdesk.engine.schedule.unit_texts import UnitsUnusable
from tests import empty_database

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
YEARLY = "0 0 29 2 *"


class Machine:
    """A computer with a repository on a disk of its own, and mounts as the kernel lists them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.disk = folder, folder / "My disk"
        self._mounts = folder / "mountinfo"
        monkeypatch.setattr(mount_table, "TABLE", self._mounts)
        self.workspace = empty_database.opened(
            {"HOME": str(folder / "home"), "BORGDESK_HOME": str(folder / "data"), "TZ": "UTC", "PATH": "/usr/bin:/bin"}
        )
        borg = self.disk / "borg"
        borg.mkdir(parents=True)
        (borg / "config").write_text(f"[repository]\nversion = 1\nid = {'a' * 64}\n")
        values = Repository(RepositoryId(0), "Papers", str(borg), (str(folder),), archive_name="x-{now}")
        self.repository = self.workspace.store.repositories.add(values)
        self.mount("/", str(self.disk))

    def mount(self, *points: str) -> None:
        as_the_kernel = (point.replace(" ", "\\040") for point in points)
        self._mounts.write_text("".join(f"7 1 0:7 / {point} rw - ext4 /dev/x rw\n" for point in as_the_kernel))

    def watch(self) -> Schedule:
        """Let connecting the disk start a backup."""
        schedule = Schedule(self.repository.id, YEARLY, Conditions(on_battery=True))
        watched = with_disk(self.repository, schedule, self.workspace.environment, wanted=True)
        return self.workspace.store.schedules.put(watched)

    def start_run(self, kind: RunKind = RunKind.BACKUP) -> None:
        runs = self.workspace.store.runs
        queued = runs.queue(self.repository, Trigger.USER, procfs.identity(), NOW, "turn", kind)
        runs.arm(queued.id, NOW, ())

    def is_due(self, now: datetime) -> bool:
        found = look(self.workspace, self.repository, now, ask=False)
        return found is not None and found.start


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    machine = Machine(tmp_path, monkeypatch)
    yield machine
    machine.workspace.store.close()


def refused(machine: Machine, repository: Repository) -> str:
    with pytest.raises(InvalidInput) as refusal:
        disk_of(repository, machine.workspace.environment)
    return str(refusal.value)


def test_the_disk_is_the_nearest_mount_point(machine: Machine) -> None:
    assert disk_of(machine.repository, machine.workspace.environment) == str(machine.disk)
    machine.mount("/", str(machine.folder), str(machine.disk), str(machine.disk / "bor"))
    assert disk_of(machine.repository, machine.workspace.environment) == str(machine.disk)
    link = machine.folder / "link"
    link.symlink_to(machine.disk / "borg")
    found = disk_of(replace(machine.repository, location=str(link)), machine.workspace.environment)
    assert found == str(machine.disk)


def test_what_is_always_connected_or_never_starts_nothing(machine: Machine) -> None:
    machine.mount("/")
    assert "is not on a disk of its own, so it is always connected" in refused(machine, machine.repository)
    machine.mount("/", str(machine.folder))
    assert "always connected" in refused(machine, machine.repository)
    server = replace(machine.repository, location="ssh://host/./borg")
    assert "is on a server" in refused(machine, server)
    machine.mount("/", "/run")
    gone = replace(machine.repository, location="/run/media/me/disk/borg")
    assert "is not connected. Connect it once" in refused(machine, gone)


def test_a_path_that_systemd_cannot_watch(machine: Machine) -> None:
    deep = machine.folder.joinpath("x" * 120, "y" * 120)
    (deep / "borg").mkdir(parents=True)
    (deep / "borg" / "config").write_text((machine.disk / "borg" / "config").read_text())
    machine.mount("/", str(deep))
    schedule = Schedule(machine.repository.id, YEARLY)
    moved = replace(machine.repository, location=str(deep / "borg"))
    with pytest.raises(UnitsUnusable, match="the path is too long"):
        with_disk(moved, schedule, machine.workspace.environment, wanted=True)


def test_connecting_the_disk_makes_a_backup_due(machine: Machine) -> None:
    schedule = machine.watch()
    assert watched_disks(machine.workspace) == {machine.repository.id: str(machine.disk)}
    assert schedule.changed_at is not None
    assert not machine.is_due(schedule.changed_at)
    later = schedule.changed_at + MINUTE
    assert connected(machine.workspace, machine.repository, later)
    assert not machine.is_due(later - SECOND)
    assert machine.is_due(later)


def test_it_is_no_slot_any_more_when_the_option_is_taken_back(machine: Machine) -> None:
    schedule = machine.watch()
    later = (schedule.changed_at or NOW) + MINUTE
    connected(machine.workspace, machine.repository, later)
    off = with_disk(machine.repository, machine.watch(), machine.workspace.environment, wanted=False)
    machine.workspace.store.schedules.put(off)
    assert not machine.is_due(later + MINUTE)
    assert not connected(machine.workspace, machine.repository, later + 2 * MINUTE)


def test_a_connection_is_one_within_a_minute(machine: Machine) -> None:
    machine.watch()
    assert connected(machine.workspace, machine.repository, NOW)
    assert not connected(machine.workspace, machine.repository, NOW + 59 * SECOND)
    assert connected(machine.workspace, machine.repository, NOW + 60 * SECOND)


@pytest.mark.parametrize("kind", [RunKind.BACKUP, RunKind.RESTORE])
def test_a_disk_that_a_run_has_mounted_starts_no_other(machine: Machine, kind: RunKind) -> None:
    machine.watch()
    machine.start_run(kind)
    assert not connected(machine.workspace, machine.repository, NOW)


def test_the_window_notices_a_disk_that_was_missing(machine: Machine) -> None:
    machine.watch()
    watch, schedules = DiskWatch(), machine.workspace.store.schedules

    def connected_at() -> datetime | None:
        found = schedules.get(machine.repository.id)
        assert found is not None
        return found.connected_at

    watch.look(machine.workspace, NOW)
    assert connected_at() is None, "it was there all the time"
    machine.mount("/")
    watch.look(machine.workspace, NOW + MINUTE)
    machine.mount("/", str(machine.disk))
    watch.look(machine.workspace, NOW + 2 * MINUTE)
    assert connected_at() == NOW + 2 * MINUTE
    watch.look(machine.workspace, NOW + 9 * MINUTE)
    assert connected_at() == NOW + 2 * MINUTE


def test_the_window_leaves_to_systemd_what_that_has_noticed(machine: Machine) -> None:
    machine.watch()
    watch = DiskWatch()
    machine.mount("/")
    watch.look(machine.workspace, NOW)
    machine.mount("/", str(machine.disk))
    connected(machine.workspace, machine.repository, NOW + SECOND)
    runs = machine.workspace.store.runs
    queued = runs.queue(machine.repository, Trigger.SCHEDULE, procfs.identity(), NOW + 2 * SECOND, "turn")
    runs.arm(queued.id, NOW + 2 * SECOND, ())
    runs.settle(queued.id, Outcome.SUCCESS)
    runs.finish(queued.id, RunStatus.SUCCESS, NOW + 9 * SECOND)
    watch.look(machine.workspace, NOW + 2 * MINUTE)
    assert not machine.is_due(NOW + 2 * MINUTE)


def test_the_disk_is_that_of_the_new_location(machine: Machine) -> None:
    machine.watch()
    other = machine.folder / "Other"
    (other / "borg").mkdir(parents=True)
    (other / "borg" / "config").write_text((machine.disk / "borg" / "config").read_text())
    machine.mount("/", str(machine.disk), str(other))
    moved = replace(machine.repository, location=str(other / "borg"))
    follow_location(machine.workspace, machine.repository, moved)
    assert watched_disks(machine.workspace) == {machine.repository.id: str(other)}
    follow_location(machine.workspace, moved, replace(moved, location="ssh://host/./borg"))
    assert watched_disks(machine.workspace) == {}
