"""A quick look at a repository, without Borg."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from borgdesk.engine.archives.archive_list import ArchiveList
from borgdesk.engine.archives.reachability import Reach, reach_of
from tests.engine.desk import Desk


def listed_at(moment: datetime) -> ArchiveList:
    return ArchiveList("b" * 64, (), moment)


def test_a_repository_that_is_missing_is_away(desk: Desk) -> None:
    assert reach_of(desk.workspace, desk.repository, listed_at(datetime.now(UTC))) is Reach.AWAY


def test_a_server_is_not_contacted(desk: Desk) -> None:
    desk.change(location="ssh://nobody@localhost:1/nowhere")
    assert reach_of(desk.workspace, desk.repository, listed_at(datetime.now(UTC))) is Reach.UNKNOWN
    assert desk.calls() == []


@pytest.mark.parametrize(("later", "reach"), [(-1, Reach.CHANGED), (0, Reach.UNKNOWN), (1, Reach.UNKNOWN)])
def test_a_run_that_ended_since_is_a_change(desk: Desk, later: int, reach: Reach) -> None:
    (Path(desk.repository.location) / "data").mkdir(parents=True)
    (Path(desk.repository.location) / "config").write_text("[repository]\n")
    assert reach_of(desk.workspace, desk.repository, listed_at(datetime.now(UTC))) is Reach.UNKNOWN
    ended = desk.run().finished_at
    assert ended is not None
    assert reach_of(desk.workspace, desk.repository, listed_at(ended + timedelta(seconds=later))) is reach
