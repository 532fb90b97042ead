"""Full or missing disks of state folder, database and repository: real file systems in memory."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from borgdesk.domain.errors import StoreUnusable
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import RunStatus, Step, Trigger
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.queue import lock_file
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.engine.runs.backup import run as back_up
from borgdesk.engine.runs.run_folders import log_in, run_folder
from tests.faults.lab import OWED, PRE, World
from tests.faults.troubles import (
    SmallDisk,
    borg_reads,
    check_owed,
    empty_write_ahead_log,
    execution,
    needs_root,
    once_owed_is_done,
    run_with,
    step_begins,
)
from tests.listening import InStep

pytestmark = needs_root

NO_SPACE_FOR_HISTORY = "There is no space left on the disk for the database {}; nothing was changed."


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str, str], SmallDisk]]:
    """Provide a function that mounts a disk below the world's folder; called before, it can hold the world itself."""
    disks: list[SmallDisk] = []

    def mount(place: str, options: str) -> SmallDisk:
        disks.append(SmallDisk(tmp_path / place, options))
        return disks[-1]

    yield mount
    for disk in disks:
        disk.unplug()


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[[], World]]:
    worlds: list[World] = []

    def make() -> World:
        worlds.append(World(tmp_path, os.environ.get("BORGDESK_BORG") or shutil.which("borg") or "borg"))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


@pytest.mark.faults
def test_state_disk_that_is_full_costs_the_log_only(
    small_disk: Callable[[str, str], SmallDisk], make_world: Callable[[], World]
) -> None:
    disk = small_disk("desk/state", "size=256k")
    world = make_world()
    disk.fill()
    run = world.run_again()
    assert run.status == "success", run.error
    assert run.note == "The log is incomplete: No space left on device."
    assert execution(run, "post1").stdout == "working\n"
    check_owed(world, run)


@pytest.mark.parametrize(
    ("begun", "sentence"),
    [
        (
            False,
            "The run could not start: The file {}/turns/*.lock cannot be written: No space left on device.",
        ),
        (True, "The folder {}/runs/1/state cannot be created: No space left on device."),
    ],
    ids=["first-run-there", "later-run"],
)
def test_state_disk_without_room_for_a_folder_stops_nothing(
    begun: bool, sentence: str, small_disk: Callable[[str, str], SmallDisk], make_world: Callable[[], World]
) -> None:
    """The first run at a location creates its queue file; later ones only create their own folder."""
    disk = small_disk("desk/state", "size=1m,nr_inodes=20")
    world = make_world()
    shutil.rmtree(world.workspace.paths.turns)
    if begun:
        file = lock_file(world.workspace, turn_of(world.repository))
        file.parent.mkdir(mode=0o700)
        file.touch(mode=0o600)
    for number in range(20):
        try:
            (disk.path / str(number)).touch()
        except OSError:
            break
    run = world.run_again()
    assert run.status == "failure"
    assert run.error is not None
    assert fnmatchcase(run.error, sentence.format(disk.path))
    assert not set(world.ended()) & set(PRE)
    assert world.leftover_processes() == []


@pytest.mark.faults
def test_state_disk_that_a_script_fills_costs_the_log_only(
    small_disk: Callable[[str, str], SmallDisk], make_world: Callable[[], World]
) -> None:
    disk = small_disk("desk/state", "size=2m")
    world = make_world()
    world.rewrite("pre1", f"dd if=/dev/zero of={disk.filler} bs=4k 2>/dev/null; seq 200000")
    run = world.run_again()
    assert run.status == "success", run.error
    assert run.note == "The log is incomplete: No space left on device."
    assert execution(run, "pre1").truncated
    assert log_in(run_folder(world.workspace, run.id)).stat().st_size > 0
    check_owed(world, run)


def test_database_disk_that_is_full_before_the_run_stops_nothing(
    small_disk: Callable[[str, str], SmallDisk], make_world: Callable[[], World]
) -> None:
    disk = small_disk("desk/data", "size=3m")
    world = make_world()
    database = world.workspace.paths.database
    empty_write_ahead_log(database)
    disk.fill()
    with pytest.raises(StoreUnusable) as refused:
        world.run_again()
    assert str(refused.value) == NO_SPACE_FOR_HISTORY.format(database)
    assert world.journal() == []
    assert world.workspace.store.runs.list() == []
    disk.free()
    run = world.run_again()
    assert run.status == "success", run.error
    check_owed(world, run)


def test_database_disk_that_gets_full_before_arming_stops_nothing(
    small_disk: Callable[[str, str], SmallDisk], make_world: Callable[[], World]
) -> None:
    """The run is queued by then: it must leave the queue and not block the next one."""
    disk = small_disk("desk/data", "size=3m")
    world = make_world()
    empty_write_ahead_log(world.workspace.paths.database)

    def listen(event: object) -> None:
        disk.fill()

    with pytest.raises(StoreUnusable) as refused:
        back_up(world.workspace, world.repository, Trigger.USER, InStep(listen), Cancel())
    assert str(refused.value) == NO_SPACE_FOR_HISTORY.format(world.workspace.paths.database)
    assert world.journal() == []
    disk.free()
    run = world.run_again()
    assert run.status == "success", run.error
    check_owed(world, run)
    refused_run = world.workspace.store.runs.get(RunId(run.id - 1))
    assert refused_run.status is RunStatus.FAILURE
    assert refused_run.error == str(refused.value)


def test_database_disk_that_gets_full_during_the_run_delays_history_only(
    small_disk: Callable[[str, str], SmallDisk], make_world: Callable[[], World], caplog: pytest.LogCaptureFixture
) -> None:
    disk = small_disk("desk/data", "size=3m")
    world = make_world()

    def fill() -> None:
        # What the log has room for is no trouble.
        empty_write_ahead_log(world.workspace.paths.database)
        disk.fill()

    with once_owed_is_done(world, disk.free), caplog.at_level(logging.WARNING):
        run = run_with(world, step_begins(Step.PRE_BACKUP), fill)
    assert "history waits" in caplog.text
    assert run.status == "success", run.error
    assert [execution(run, name).stdout for name in OWED] == ["working\n"] * len(OWED)
    check_owed(world, run)


def test_database_disk_that_gets_full_during_a_short_run_has_room_for_its_history(
    small_disk: Callable[[str, str], SmallDisk], make_world: Callable[[], World], caplog: pytest.LogCaptureFixture
) -> None:
    disk = small_disk("desk/data", "size=3m")
    world = make_world()
    empty_write_ahead_log(world.workspace.paths.database)
    with caplog.at_level(logging.WARNING):
        run = run_with(world, step_begins(Step.PRE_BACKUP), disk.fill)
    assert run.status == "success", run.error
    assert "history waits" not in caplog.text
    check_owed(world, run)


def test_repository_disk_that_gets_full_is_a_failure_with_its_reason(
    small_disk: Callable[[str, str], SmallDisk], make_world: Callable[[], World]
) -> None:
    disk = small_disk("repository", "size=8m")
    world = make_world()
    (world.source / "big.bin").write_bytes(os.urandom(16 * 1024 * 1024))
    run = world.run_again()
    assert run.status == "failure"
    assert run.borg_exit_code == 2
    assert run.error == (
        "The disk of the repository, or of Borg's cache, is full: free some space, or compact the repository."
    )
    check_owed(world, run)
    assert world.locks() == []
    (world.source / "big.bin").unlink()
    world.forget_journal()
    assert world.run_again().status == "success"
    assert disk.path.is_mount()


def test_repository_disk_that_is_unplugged_is_a_failure_with_its_reason(
    small_disk: Callable[[str, str], SmallDisk], make_world: Callable[[], World]
) -> None:
    disk = small_disk("repository", "size=64m")
    world = make_world()
    world.make_create_slow()
    run = run_with(world, borg_reads, disk.unplug)
    assert run.status == "failure"
    assert run.error == (
        f"The repository is no longer at {world.repository.location}: its disk may have been unplugged or unmounted."
    )
    check_owed(world, run)
