"""Benchmark of how soon the scripts after a backup run once its server is gone. Run by ``make bench``."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from borgdesk.domain.run import Outcome
from tests.engine.desk import Desk, statuses, wait_until
from tests.engine.runs import test_lost_connection as lost
from tests.engine.ssh_server import Server, server
from tests.real_borg import PROGRAM

__all__ = ["server"]

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(300)]

LIMIT = 90
"""Seconds that services may stay stopped for a server that is gone."""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    # The keep-alive that users have.
    monkeypatch.setattr(lost, "QUICKLY", ())
    desk = Desk(tmp_path / "work", str(PROGRAM))
    yield desk
    desk.close()


@pytest.mark.parametrize("manner", ["processes stopped", "network silent"])
def test_the_scripts_after_a_lost_connection(desk: Desk, server: Server, manner: str) -> None:
    with lost.silent_network(server) as (port, cut):
        far = lost.far_repository(desk, server, None if manner == "processes stopped" else port)
        running = desk.start(repository=far)
        wait_until(lambda: lost.has_received(server))
        stopped = lost.sessions(server) if manner == "processes stopped" else []
        lost_at = datetime.now(UTC)
        cut()
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            run = running.result(200)
        finally:
            for pid in stopped:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    assert (run.outcome, statuses(run)) == (Outcome.FAILURE, {"stop": "success", "start": "success"})
    (start,) = (one for one in run.executions if one.planned.name == "start")
    assert start.started_at is not None
    took = (start.started_at - lost_at).total_seconds()
    print(f"\n{manner}: the script after the backup began {took:.1f} s after the loss", end="")
    assert took <= LIMIT
