"""Whether a repository is on the same disk as its sources, with the kernel's lists made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.engine.processes import mount_table
from borgdesk.engine.processes.file_probes import NoAnswer
from borgdesk.engine.repositories import same_disk

MOUNTS = r"""
22 1 8:2 / / rw - ext4 /dev/sda2 rw
23 22 8:3 / /home rw - ext4 /dev/sda3 rw
24 22 8:17 / /mnt/usb\040disk rw - ext4 /dev/sdb1 rw
25 22 253:0 / /vault rw - ext4 /dev/mapper/vault rw
26 22 0:40 /one /pool/one rw - btrfs pool rw
27 22 0:41 / /net rw - nfs4 nas:/x rw
"""


@pytest.fixture(autouse=True)
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Disk a with three partitions, the third of which is encrypted, and disk b."""
    (tmp_path / "mountinfo").write_text(MOUNTS)
    devices = tmp_path / "dev"
    devices.mkdir()
    for number, place in {"8:2": "sda/sda2", "8:3": "sda/sda3", "8:4": "sda/sda4", "8:17": "sdb/sdb1"}.items():
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "partition").touch()
        (devices / number).symlink_to(tmp_path / place)
    (tmp_path / "dm-0/slaves").mkdir(parents=True)
    (tmp_path / "dm-0/slaves/sda4").symlink_to(tmp_path / "sda/sda4")
    (devices / "253:0").symlink_to(tmp_path / "dm-0")
    monkeypatch.setattr(mount_table, "TABLE", tmp_path / "mountinfo")
    monkeypatch.setattr(same_disk, "_DEVICES", devices)


def said(location: str, *sources: str) -> str:
    return same_disk.remark(Repository(RepositoryId(0), "New", location, sources))


@pytest.mark.parametrize(
    ("location", "source"),
    [
        ("/home/me/backup", "/home/me"),
        ("/backup", "/home/me"),
        ("/vault/backup", "/home/me"),
        ("/mnt/usb disk/backup", "/mnt/usb disk/pictures"),
        ("/pool/one/backup", "/pool/one/data"),
        ("/net/backup", "/net/data"),
    ],
)
def test_one_disk_for_both_is_said(location: str, source: str) -> None:
    assert f"on the same disk as {source}." in said(location, source)


def test_the_first_source_on_it_is_named() -> None:
    assert "same disk as /home/me." in said("/backup", "/net/data", "/home/me", "/etc")


@pytest.mark.parametrize(
    ("location", "source"),
    [
        ("/mnt/usb disk/backup", "/home/me"),
        ("/net/backup", "/home/me"),
        ("/pool/one/backup", "/home"),
        ("ssh://nas/./backup", "/home/me"),
    ],
)
def test_two_disks_are_good(location: str, source: str) -> None:
    assert said(location, source) == ""


def test_what_does_not_respond_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_disk, "probe", lambda questions, **_values: [NoAnswer for _question in questions])
    assert said("/backup", "/home/me") == ""


def test_without_the_kernels_lists_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mount_table, "TABLE", tmp_path / "missing")
    assert said("/backup", "/home/me") == ""
