"""The kernel's table of mounts, made up and real."""

from __future__ import annotations

from pathlib import Path

import pytest

from borgdesk.engine.processes import mount_table
from borgdesk.engine.processes.mount_table import MountEntry, read_mounts


def test_names_are_read_as_the_kernel_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mount_table, "TABLE", tmp_path / "mountinfo")
    mount_table.TABLE.write_bytes(
        b"1 0 8:1 / / rw,noatime - ext4 /dev/sda1 rw\n"
        b"2 1 8:2 /my\\040part /mnt/my\\040disk\\134\x1cx\xff ro shared:1 master:2 - fuse.x my\\040source rw\n"
        b"nonsense\n"
        b"3 1 8:3 / /mnt/- rw\n"
    )
    assert read_mounts() == [
        MountEntry("/", "8:1", "ext4", "/dev/sda1", is_writable=True),
        MountEntry("/mnt/my disk\\\x1cx\udcff", "8:2", "fuse.x", "my source", is_writable=False, root="/my part"),
    ]


def test_this_machine_has_a_root() -> None:
    assert "/" in [one.point for one in read_mounts()]
