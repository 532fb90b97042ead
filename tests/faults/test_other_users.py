"""Processes that a script starts as another user, whose environment we cannot read and which we cannot signal.

BorgDesk runs here without the capabilities to do so, like an ordinary user, and ``setpriv`` plays ``sudo``.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from borgdesk.domain.run import ExecutionStatus
from tests.engine.desk import wait_until
from tests.faults.lab import OWED, World
from tests.faults.troubles import execution

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may start something as another user")

ORDINARY = ("setpriv", "--bounding-set", "-kill,-sys_ptrace", "--inh-caps", "-kill,-sys_ptrace")
STOPS_A_SERVICE = """setpriv --reuid 65534 --clear-groups /bin/bash -c '
while grep -q "State:.[RSDT]" /proc/$PPID/status; do sleep 0.2; done
sleep 8; echo begin service 1 $BORGDESK_RUN_ID >&3' 3>>$journal"""
"""It takes some seconds more once the script itself has been ended."""
CANNOT = r".*\(process [0-9]+\) could not be ended, since (it belongs|they belong) to another user"


def _order(world: World) -> list[str]:
    """Return the order of events of the service and its restart."""
    return [entry.name for entry in world.journal() if entry.what == "begin" and entry.name in ("service", *OWED)]


@pytest.mark.parametrize("fault", ["kill", "kill-both"])
def test_recovery_waits_for_it(world: World, fault: str) -> None:
    world.rewrite("pre2", f"{STOPS_A_SERVICE}; sleep 1000")
    victim = world.start_victim("pre2", fault, prefix=ORDINARY)
    victim.communicate(timeout=60)
    assert victim.returncode == -signal.SIGKILL
    world.wait_for_guardians()
    if fault == "kill-both":
        recovered = subprocess.run(
            [*ORDINARY, *world.argv("recover")], env=world.environment, capture_output=True, text=True, check=False
        )
        assert recovered.returncode == 0, recovered.stderr
    assert _order(world) == ["service", *OWED]
    one = execution(world.newest_run(), "pre2")
    assert one.status is ExecutionStatus.INTERRUPTED
    assert re.fullmatch(f"BorgDesk was interrupted while it ran; {CANNOT}", one.reason or ""), one.reason


def test_after_a_timeout_it_is_waited_for(world: World) -> None:
    world.rewrite("pre2", STOPS_A_SERVICE, timeout=16)
    victim = world.start_victim("nothing", "nothing", prefix=ORDINARY)
    victim.communicate(timeout=100)
    assert _order(world) == ["service", *OWED]
    one = execution(world.newest_run(), "pre2")
    assert one.status is ExecutionStatus.TIMED_OUT
    assert re.fullmatch(f"timed out after 16 s; {CANNOT}", one.reason or ""), one.reason


def test_it_is_not_waited_for_longer_than_the_script_might_have_taken(world: World, tmp_path: Path) -> None:
    told = tmp_path / "told"
    text = 'setpriv --reuid 65534 --clear-groups sleep 1000 & echo $! >"@TOLD@"; wait'.replace("@TOLD@", str(told))
    world.rewrite("pre2", text, timeout=1)
    victim = world.start_victim("nothing", "nothing", prefix=ORDINARY)
    victim.communicate(timeout=100)
    try:
        assert [name for name in world.ended() if name in OWED] == list(OWED)
        note = world.newest_run().note or ""
        pid = told.read_text().strip()
        assert f"Still running when what was stopped was started again: sleep (process {pid}) of “pre2”." in note
    finally:
        os.kill(int(told.read_text()), signal.SIGKILL)
    wait_until(lambda: world.leftover_processes() == [])
