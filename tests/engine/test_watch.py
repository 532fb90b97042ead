"""The guardian while all is well; what it does after a death is in ``tests/faults``."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from borgdesk.engine.queue import Turn
from borgdesk.engine.watch import Watch
from tests.engine.desk import Desk

LOGOUT = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


def masked(pid: int | str, which: str) -> set[signal.Signals]:
    """The signals of one of a process's masks."""
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {number for number in signal.Signals if int(status[which], 16) & 1 << (number - 1)}


def test_a_logout_cannot_end_it_not_even_at_its_birth(desk: Desk) -> None:
    mine = masked("self", "SigBlk")
    turn = Turn.try_take(desk.workspace, desk.repository.location)
    assert turn is not None
    with turn, Watch(desk.workspace, 1, turn) as watch:
        for number in LOGOUT:
            os.kill(watch.pid, number)
        watch.confirm()
        assert masked(watch.pid, "SigBlk") >= set(LOGOUT)
    assert not Path(f"/proc/{watch.pid}").exists()
    assert masked("self", "SigBlk") == mine
