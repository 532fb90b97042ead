"""Guardian during a normal run; its work after a death is tested in ``tests/faults``."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from borgdesk.domain.errors import RunRefused
from borgdesk.domain.ids import RunId
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.runs.guardian_client import GuardianClient
from tests.engine.desk import Desk, wait_until

LOGOUT = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


def masked(pid: int | str, which: str) -> set[signal.Signals]:
    """Return the signals in one of a process's masks."""
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {number for number in signal.Signals if int(status[which], 16) & 1 << (number - 1)}


def test_a_logout_cannot_end_it_not_even_at_its_birth(desk: Desk) -> None:
    mine = masked("self", "SigBlk")
    turn = Turn.try_take(desk.workspace, desk.repository.location)
    assert turn is not None
    with turn, GuardianClient(desk.workspace, RunId(1), turn) as watch:
        for number in LOGOUT:
            os.kill(watch.pid, number)
        watch.confirm()
        assert masked(watch.pid, "SigBlk") >= set(LOGOUT)
    assert not Path(f"/proc/{watch.pid}").exists()
    assert masked("self", "SigBlk") == mine


def test_it_takes_what_is_owed_until_it_is_gone(desk: Desk) -> None:
    turn = Turn.try_take(desk.workspace, desk.repository.location)
    assert turn is not None
    with turn, GuardianClient(desk.workspace, RunId(1), turn) as watch:
        watch.confirm()
        assert watch.hand_over(b"")
        os.kill(watch.pid, signal.SIGKILL)
        wait_until(lambda: Path(f"/proc/{watch.pid}/stat").read_text().split(") ")[1].startswith("Z"))
        assert not watch.hand_over(b"")


def test_one_that_dies_before_it_watches_stops_nothing(desk: Desk) -> None:
    turn = Turn.try_take(desk.workspace, desk.repository.location)
    assert turn is not None
    with turn, GuardianClient(desk.workspace, RunId(1), turn) as watch:
        os.kill(watch.pid, signal.SIGKILL)
        with pytest.raises(RunRefused, match="so nothing was stopped"):
            watch.confirm()
