"""The home folder and the connected disks are offered for a new repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from borgdesk.engine.processes import mount_table
from borgdesk.engine.repositories import places
from borgdesk.engine.repositories.places import find_places


def test_home_and_disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_USUAL", (f"{tmp_path}/",))
    (tmp_path / "My disk").mkdir()
    escaped = str(tmp_path).replace(" ", "\\040")
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
        f"2 1 8:2 / {escaped}/My\\040disk rw,nosuid shared:1 - ext4 /dev/sdb1 rw\n"
        f"3 1 8:3 / {escaped}/read-only ro - ext4 /dev/sdc1 ro\n"
        f"4 1 0:1 / {escaped}/memory rw - tmpfs tmpfs rw\n"
        f"5 1 8:4 / {escaped}/gone rw - ext4 /dev/sdd1 rw\n"
        "nonsense\n"
    )
    monkeypatch.setattr(mount_table, "TABLE", mounts)
    home, disk = find_places()
    assert (home.folder, home.is_disk, home.location) == (str(Path.home()), False, f"{Path.home()}/borg-backup")
    assert (disk.name, disk.is_disk) == ("My disk", True)
    assert disk.location.startswith(f"{tmp_path}/My disk/borg-backup-")
    assert disk.free


def test_nobody_knows_what_is_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mount_table, "TABLE", tmp_path / "missing")
    assert [place.is_disk for place in find_places()] == [False]
