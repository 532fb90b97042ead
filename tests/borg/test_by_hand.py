"""The commands that restore without BorgDesk. That they do is tested in ``test_emergency_sheet.py``."""

from __future__ import annotations

import shlex

import pytest

from borgdesk.borg.by_hand import steps
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository


def commands(location: str, encryption: str) -> list[str]:
    repository = Repository(RepositoryId(1), "Docs", location, encryption=encryption)
    return [command for step in steps(repository) for command in step.commands]


def test_on_a_disk() -> None:
    told = commands("/mnt/my disk/docs", "repokey-blake2")
    assert "ls '/mnt/my disk/docs'" in told
    assert "export BORG_REPO='/mnt/my disk/docs'" in told


@pytest.mark.parametrize(
    ("location", "ssh"),
    [
        ("ssh://me@nas/srv/docs", "ssh me@nas borg --version"),
        ("ssh://nas:2222/srv/docs", "ssh -p 2222 nas borg --version"),
        ("ssh://me@[::1]:22/srv/docs", "ssh -p 22 me@::1 borg --version"),
    ],
)
def test_on_a_host(location: str, ssh: str) -> None:
    assert ssh in commands(location, "repokey")


def test_through_a_jump_host_with_a_key_of_its_own() -> None:
    repository = Repository(
        RepositoryId(1), "Docs", "ssh://me@nas/srv/docs", encryption="repokey",
        ssh_key="/home/me/.ssh/my key", jump_host="gate:2200", remote_path="/opt/borg",
    )  # fmt: skip
    told = [command for step in steps(repository) for command in step.commands]
    assert "ssh -i '/home/me/.ssh/my key' -J gate:2200 me@nas /opt/borg --version" in told
    (rsh,) = (command for command in told if command.startswith("export BORG_RSH="))
    assert shlex.split(shlex.split(rsh)[1].partition("=")[2]) == [
        "ssh",
        "-i",
        "/home/me/.ssh/my key",
        "-J",
        "gate:2200",
    ]
    assert "export BORG_REMOTE_PATH=/opt/borg" in told


@pytest.mark.parametrize(("encryption", "has_key"), [("repokey", True), ("keyfile-blake2", True), ("none", False)])
def test_the_key(encryption: str, has_key: bool) -> None:
    told = commands("/srv/docs", encryption)
    assert ('borg key import --paper "$BORG_REPO"' in told) is has_key
    assert ('borg key import "$BORG_REPO" key.txt' in told) is has_key
