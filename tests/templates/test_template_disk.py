"""Mounting and unmounting a disk: stubs for every failure, and a real file system on a loop device."""

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.templates.bench import STATE_TOOLS, Bench, Pair
from tests.templates.servers import program

UUID = "0a1b2c3d-0000-1111-2222-333344445555"
VALUES = {"UUID": UUID, "BUSY_TIMEOUT": "0"}


@pytest.fixture
def disk(bench: Bench) -> Bench:
    bench.stub("findfs", "findmnt", "udisksctl", "mount", "umount")
    bench.put("disk", "/dev/null\n")
    (bench.world / "media").mkdir()
    return bench


def _pair(bench: Bench, values: dict[str, str]) -> Pair:
    def prepare() -> None:
        bench.put("disk", "/dev/null\n")
        (bench.world / "mounted").unlink(missing_ok=True)

    return Pair("disk-mount.sh", "disk-unmount.sh", values, prepare, lambda: not (bench.world / "mounted").exists())


def test_as_the_desktop_does(disk: Bench) -> None:
    done = disk.run("disk-mount.sh", VALUES)
    assert done.code == 0, done.stderr
    assert done.lines("udisksctl") == ["udisksctl mount -b /dev/null --no-user-interaction"]
    assert done.stdout == f"Mounted at {disk.world / 'media'}.\n"
    undone = disk.run("disk-unmount.sh", VALUES | {"POWER_OFF": "true"})
    assert [line.split()[1] for line in undone.lines("udisksctl")] == ["unmount", "power-off"]
    _pair(disk, VALUES).undo_twice(disk)


def test_absent_disk_skips_the_run(disk: Bench) -> None:
    (disk.world / "disk").unlink()
    done = disk.run("disk-mount.sh", VALUES)
    assert done.code == 75
    assert "not plugged in" in done.stderr
    _pair(disk, VALUES).undo_twice(disk)


def test_mounted_before_stays_mounted(disk: Bench) -> None:
    disk.put("mounted", f"/dev/null {disk.world / 'media'}\n")
    assert disk.run("disk-mount.sh", VALUES).code == 0
    assert disk.run("disk-unmount.sh", VALUES | {"POWER_OFF": "true"}).code == 0
    assert disk.fact("mounted")


def test_mounted_at_another_place_is_an_error(disk: Bench) -> None:
    disk.put("mounted", f"/dev/null {disk.world / 'media'}\n")
    done = disk.run("disk-mount.sh", VALUES | {"MOUNT_POINT": str(disk.home)})
    assert done.code == 1
    assert "mounted already, but at" in done.stderr


def test_wrong_disk_is_an_error_and_is_unmounted(disk: Bench) -> None:
    values = VALUES | {"MARKER": "backup/config"}
    done = disk.run("disk-mount.sh", values)
    assert done.code == 1
    assert "has no 'backup/config'" in done.stderr
    _pair(disk, values).undo_twice(disk)
    (disk.world / "media" / "backup").mkdir()
    (disk.world / "media" / "backup" / "config").touch()
    assert disk.run("disk-mount.sh", values).code == 0


def test_mount_fails_then_undo(disk: Bench) -> None:
    assert disk.run("disk-mount.sh", VALUES, fail="udisksctl mount *").code == 1
    _pair(disk, VALUES).undo_twice(disk)


def test_busy_disk_is_waited_for_and_never_torn_away(disk: Bench) -> None:
    assert disk.run("disk-mount.sh", VALUES).code == 0
    disk.put("busy", "1\n")
    undone = disk.run("disk-unmount.sh", VALUES)
    assert undone.code == 1
    assert "target is busy" in undone.stderr
    assert disk.fact("mounted")
    disk.put("busy", "1\n")
    undone = disk.run("disk-unmount.sh", VALUES | {"BUSY_TIMEOUT": "30"})
    assert undone.code == 0
    assert len(undone.lines("udisksctl")) == 2
    assert not any("-l" in call.argv for call in undone.calls if "mount" in call.argv[0] and call.argv[0] != "findmnt")
    _pair(disk, VALUES).undo_twice(disk)


def test_disk_pulled_out_while_mounted(disk: Bench) -> None:
    assert disk.run("disk-mount.sh", VALUES).code == 0
    (disk.world / "disk").unlink()
    assert disk.run("disk-unmount.sh", VALUES).code == 0
    assert not disk.fact("mounted"), "the name noted at mounting finds it"


def test_failed_power_off_is_tried_again(disk: Bench) -> None:
    values = VALUES | {"POWER_OFF": "true"}
    assert disk.run("disk-mount.sh", values).code == 0
    assert disk.run("disk-unmount.sh", values, fail="udisksctl power-off *").code == 1
    assert disk.fact("disk")
    assert disk.run("disk-unmount.sh", values).code == 0
    assert not disk.fact("disk")


@pytest.mark.parametrize("place", ["desktop", "own mount point"])
def test_killed_anywhere(disk: Bench, place: str) -> None:
    disk.spy(*STATE_TOOLS)
    own = {} if place == "desktop" else {"MOUNT_POINT": str(disk.world / "media")}
    pair = _pair(disk, VALUES | own)
    assert pair.survives_every_kill(disk) > 4
    pair.survives_a_killed_undo(disk)


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[str]:
    """Provide the UUID of a real file system on a loop device."""
    if os.geteuid():
        pytest.skip("loop devices need root")
    image = tmp_path / "disk.img"
    identity = str(uuid.uuid4())
    with image.open("wb") as file:
        file.truncate(4 << 20)
    subprocess.run([program("mkfs.ext4"), "-q", "-U", identity, image], check=True)
    device = subprocess.run(
        [program("losetup"), "-f", "--show", image], capture_output=True, text=True, check=True
    ).stdout.strip()
    yield identity
    subprocess.run([program("losetup"), "-d", device], check=True)


def _mounted(folder: Path) -> bool:
    return os.path.ismount(folder)


def test_real_file_system(bench: Bench, loop: str, tmp_path: Path) -> None:
    folder = tmp_path / "mount point"
    folder.mkdir()
    values = {"UUID": loop, "MOUNT_POINT": str(folder), "MARKER": "lost+found", "BUSY_TIMEOUT": "0"}

    def clean() -> None:
        if _mounted(folder):
            subprocess.run(["umount", folder], check=True)

    pair = Pair("disk-mount.sh", "disk-unmount.sh", values, clean, lambda: not _mounted(folder))
    bench.spy("mount", "umount", *STATE_TOOLS)
    try:
        done = bench.run(pair.do, values)
        assert done.code == 0, done.stderr
        assert _mounted(folder)
        with (folder / "open").open("w"):
            undone = bench.run(pair.undo, values)
            assert undone.code == 1
            assert "busy" in undone.stderr
        pair.undo_twice(bench)
        assert pair.survives_every_kill(bench) >= 3
        wrong = bench.run(pair.do, values | {"MARKER": "backup/config"})
        assert wrong.code == 1
        pair.undo_twice(bench)
    finally:
        clean()
