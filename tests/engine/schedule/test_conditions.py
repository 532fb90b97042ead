"""What a backup that is due waits for, with real files, ports and repositories."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.reasons import Code
from borgdesk.domain.repository import Repository
from borgdesk.domain.schedule import Conditions, Hours
from borgdesk.engine.schedule.conditions import has_mains_power, hindrances, mains_power_in
from borgdesk.engine.schedule.settling import STABLE, Clocks
from borgdesk.engine.workspace import Workspace
from borgdesk.store.secrets import Secrets
from tests import empty_database

NOON = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
ANYTIME = Conditions(on_battery=True, on_metered=True)
MODULE = "borgdesk.engine.schedule.conditions"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = empty_database.opened({"HOME": str(tmp_path), "BORGDESK_HOME": str(tmp_path / "home"), "TZ": "UTC",
                             "PATH": "/usr/bin:/bin"})  # fmt: skip
    yield opened
    opened.store.close()


@pytest.fixture
def papers(tmp_path: Path) -> Repository:
    """Provide a folder that looks like a Borg repository."""
    folder = tmp_path / "papers.borg"
    folder.mkdir()
    (folder / "config").write_text(f"[repository]\nversion = 1\nid = {'a' * 64}\n")
    return Repository(RepositoryId(1), "Papers", str(folder), borg_id="a" * 64)


def codes(
    workspace: Workspace, repository: Repository, conditions: Conditions = ANYTIME, good_at: datetime | None = None
) -> list[Code]:
    return [reason.code for reason in hindrances(workspace, repository, conditions, NOON, good_at)]


def test_nothing_hinders(workspace: Workspace, papers: Repository) -> None:
    assert codes(workspace, papers) == []
    assert codes(workspace, replace(papers, borg_id=None)) == []


def test_a_disk_that_is_not_there_or_holds_another_repository(workspace: Workspace, papers: Repository) -> None:
    assert codes(workspace, replace(papers, borg_id="b" * 64)) == [Code.OTHER_REPOSITORY]
    assert codes(workspace, replace(papers, location="/nowhere/papers.borg")) == [Code.DISK_MISSING]


@pytest.mark.parametrize(
    ("begin", "end", "waits"),
    [("11:00", "13:00", False), ("12:00", "12:01", False), ("11:00", "12:00", True), ("22:00", "06:00", True),
     ("22:00", "12:01", False)],
)  # fmt: skip
def test_hours(workspace: Workspace, papers: Repository, begin: str, end: str, waits: bool) -> None:
    conditions = replace(ANYTIME, between=Hours(time.fromisoformat(begin), time.fromisoformat(end)))
    assert codes(workspace, papers, conditions) == ([Code.OUTSIDE_HOURS] if waits else [])


def test_all_reasons_are_told_and_none_counts_after_days_without_a_backup(
    workspace: Workspace, papers: Repository
) -> None:
    conditions = Conditions(between=Hours(time(1), time(2)), run_anyway_after=7)
    with patch(f"{MODULE}.has_mains_power", return_value=False):
        assert codes(workspace, papers, conditions) == [Code.OUTSIDE_HOURS, Code.ON_BATTERY]
        week = timedelta(days=7)
        assert codes(workspace, papers, conditions, NOON - week) == [Code.OUTSIDE_HOURS, Code.ON_BATTERY]
        assert codes(workspace, papers, conditions, NOON - week - timedelta(hours=1)) == []
        # The disk is not a matter of preference.
        gone = replace(papers, location="/nowhere/papers.borg")
        assert codes(workspace, gone, conditions, NOON - 2 * week) == [Code.DISK_MISSING]


def test_only_servers_wait_for_a_connection_that_is_not_metered(workspace: Workspace, papers: Repository) -> None:
    conditions = replace(ANYTIME, on_metered=False)
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        far = replace(papers, location=f"ssh://me@127.0.0.1:{listening.getsockname()[1]}/papers")
        with patch(f"{MODULE}.is_metered", return_value=True):
            assert codes(workspace, papers, conditions) == []
            assert codes(workspace, far, conditions) == [Code.ON_METERED, Code.HOST_JUST_REACHED]
        with patch(f"{MODULE}.is_metered", return_value=False):
            assert codes(workspace, far, conditions) == [Code.HOST_JUST_REACHED]


def test_a_host_that_cannot_be_reached(workspace: Workspace, papers: Repository) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    far = replace(papers, location=f"ssh://me@127.0.0.1:{port}/papers")
    (reason,) = hindrances(workspace, far, ANYTIME, NOON, None)
    assert reason.in_words() == "waiting for 127.0.0.1, which cannot be reached"


def test_a_host_that_can_be_reached_for_half_a_minute(workspace: Workspace, papers: Repository) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        far = replace(papers, location=f"ssh://me@127.0.0.1:{listening.getsockname()[1]}/papers")
        (reason,) = hindrances(workspace, far, ANYTIME, NOON, None)
        assert reason.in_words() == "waiting until 127.0.0.1 has been reachable for 30 seconds"
        later = Clocks(Clocks.now().boot + STABLE, 0.0)
        with patch.object(Clocks, "now", return_value=later):
            assert codes(workspace, far) == []


def test_behind_a_jump_host_nobody_can_tell(workspace: Workspace, papers: Repository, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host behind\n  HostName 127.0.0.1\n  Port 1\n  ProxyJump front\n")
    environment = {**workspace.environment, "BORG_RSH": f"ssh -F {config}"}
    asked = Workspace(workspace.paths, workspace.store, Secrets(workspace.paths, environment), environment, "borg")
    assert codes(asked, replace(papers, location="ssh://behind/papers")) == []
    assert codes(asked, replace(papers, location="ssh://127.0.0.1:1/papers")) == [Code.HOST_UNREACHABLE]


def supply(folder: Path, name: str, **values: str) -> None:
    (folder / name).mkdir(parents=True)
    for key, value in values.items():
        (folder / name / key).write_text(value + "\n")


def test_mains_power(tmp_path: Path) -> None:
    assert mains_power_in(tmp_path / "none")
    supply(tmp_path, "BAT0", type="Battery", status="Discharging")
    assert not mains_power_in(tmp_path)
    supply(tmp_path, "AC", type="Mains", online="0")
    assert not mains_power_in(tmp_path)
    (tmp_path / "AC" / "online").write_text("1\n")
    assert mains_power_in(tmp_path)


@pytest.mark.parametrize(("upower", "mains"), [(True, False), (False, True), (None, False)])
def test_upower_knows_better_than_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, upower: bool | None, mains: bool
) -> None:
    supply(tmp_path, "BAT0", type="Battery", status="Discharging")
    monkeypatch.setattr(f"{MODULE}._POWER", tmp_path)
    monkeypatch.setattr(f"{MODULE}.is_on_battery", lambda: upower)
    assert has_mains_power() is mains


def test_the_battery_of_a_mouse_is_not_the_computers(tmp_path: Path) -> None:
    supply(tmp_path, "mouse", type="Battery", scope="Device", status="Discharging")
    assert mains_power_in(tmp_path)
