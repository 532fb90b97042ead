"""Inhibition of sleep and shutdown during a run, and notifications of the guardian, on private, real buses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from borgdesk.domain.events import Event, ExecutionEnded, ExecutionStarted
from borgdesk.domain.run import Trigger
from borgdesk.engine.desktop import session as asking
from borgdesk.engine.processes import process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import recovery
from borgdesk.engine.runs.backup import run as back_up
from tests.faults.lab import LAST, OWED, PRE, ROOT, World
from tests.faults.troubles import check_owed, once_owed_is_done, overwrite
from tests.listening import InStep

pytestmark = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="a private bus needs dbus-daemon")

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
</busconfig>
"""
BLOCK = ["inhibit", "sleep:shutdown", "BorgDesk", "Backup of Documents", "block"]
DELAY = [*BLOCK[:-1], "delay"]

INTERRUPTED = (
    "Backup of Documents was interrupted. BorgDesk was interrupted while the backup was running. "
    "“post1”, “post2”, “post3” and “report” ran afterwards."
)


class PrivateDesktop:
    """A bus with a login manager and a notification daemon."""

    def __init__(self, folder: Path, manner: str) -> None:
        folder.mkdir()
        socket, config = folder / "bus", folder / "bus.conf"
        config.write_text(BUS.format(socket=socket))
        self.address = f"unix:path={socket}"
        self._journal = folder / "asked"
        self._journal.touch()
        self._bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"], stdout=subprocess.PIPE
        )
        assert self._bus.stdout is not None
        self._bus.stdout.readline()
        fake = Path(__file__).with_name("fake_desktop.py")
        self._fake = subprocess.Popen(
            [sys.executable, str(fake), self.address, str(self._journal), manner],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def asked(self) -> list[list[str]]:
        lines = [json.loads(line) for line in self._journal.read_text().splitlines()]
        return [line for line in lines if line != ["ready"]]

    def wait_for(self, what: list[str], times: int = 1) -> None:
        while [json.loads(line) for line in self._journal.read_text().splitlines()].count(what) < times:
            assert self._fake.poll() is None
            time.sleep(0.02)

    def is_held(self) -> bool:
        asked = [line[0] for line in self.asked()]
        return asked.count("inhibit") - asked.count("refused") - asked.count("released") == 1

    def close(self) -> None:
        for program in (self._fake, self._bus):
            program.kill()
            program.communicate()


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], PrivateDesktop]]:
    made: list[PrivateDesktop] = []

    def make(manner: str) -> PrivateDesktop:
        made.append(PrivateDesktop(tmp_path / "bus", manner))
        made[-1].wait_for(["ready"])
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", made[-1].address)
        return made[-1]

    yield make
    for one in made:
        one.close()


def _run_watched(world: World, desktop: PrivateDesktop) -> list[bool]:
    """Execute a run; return whether the lock was held when its first script began, and when its last one had ended."""
    held: list[bool] = []

    def listen(event: Event) -> None:
        match event:
            case ExecutionStarted(name=name) if name == PRE[0]:
                held.append(desktop.is_held())
            case ExecutionEnded(name=name) if name == LAST[-1]:
                held.append(desktop.is_held())

    run = back_up(world.workspace, world.repository, Trigger.USER, InStep(listen), Cancel())
    assert run.status == "success", run.error
    check_owed(world, run)
    return held


def test_sleep_and_shutdown_are_blocked_for_as_long_as_the_run_lasts(
    world: World, desktop: Callable[[str], PrivateDesktop]
) -> None:
    logind = desktop("grants")
    assert _run_watched(world, logind) == [True, True]
    logind.wait_for(["released"])
    assert logind.asked() == [BLOCK, ["released"]]


@pytest.mark.faults
def test_they_are_delayed_where_blocking_is_refused(world: World, desktop: Callable[[str], PrivateDesktop]) -> None:
    logind = desktop("refuses-block")
    assert _run_watched(world, logind) == [True, True]
    logind.wait_for(["released"])
    assert logind.asked() == [BLOCK, ["refused"], DELAY, ["released"]]


@pytest.mark.faults
def test_login_manager_that_does_not_answer_is_not_waited_for(
    world: World, desktop: Callable[[str], PrivateDesktop]
) -> None:
    logind = desktop("silent")
    _run_watched(world, logind)
    assert logind.asked()[:2] == [BLOCK, DELAY]


def test_recovery_does_not_wait_for_the_login_manager(
    world: World, desktop: Callable[[str], PrivateDesktop], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers only when everything is done; a wait for it would time out and first ask for a delay lock."""
    world.rewrite("pre2", "sleep 30")
    victim = world.start_victim("pre2", "kill-both")
    victim.communicate()
    world.wait_for_guardians()
    monkeypatch.setattr(asking, "_PATIENCE", 100.0)
    logind = desktop("late")
    with once_owed_is_done(world, (tmp_path / "bus" / "go").touch):
        (run,) = recovery.recover_all(world.workspace)
    check_owed(world, run)
    logind.wait_for(["released"])
    assert logind.asked() == [BLOCK, ["released"]]


@pytest.mark.faults
@pytest.mark.parametrize("address", ["tcp:host=127.0.0.1,port=1", "nonsense"])
def test_without_a_usable_bus_all_works_the_same(address: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
    run = world.run_again()
    assert run.status == "success", run.error
    check_owed(world, run)


def test_guardian_tells_the_user_and_keeps_the_machine_awake_meanwhile(
    world: World, desktop: Callable[[str], PrivateDesktop]
) -> None:
    session = desktop("grants")
    world.environment |= {
        "DBUS_SESSION_BUS_ADDRESS": session.address,
        "DBUS_SYSTEM_BUS_ADDRESS": session.address,
    }
    world.rewrite("pre2", "sleep 30")
    victim = world.start_victim("pre2", "kill")
    victim.communicate()
    assert victim.returncode == -signal.SIGKILL
    world.wait_for_guardians()
    run = world.newest_run()
    assert run.status == "interrupted"
    assert world.ended() == ["pre1", *OWED]
    told = [line for line in session.asked() if line[0] == "notify"]
    assert told == [
        [
            "notify",
            "BorgDesk was interrupted during a backup",
            INTERRUPTED,
            "2",
        ]
    ]
    session.wait_for(["released"], times=2)
    locks = [line for line in session.asked() if line[0] != "notify"]
    assert locks == [BLOCK, ["released"], BLOCK, ["released"]]
    check_owed(world, run)


def test_guardian_whose_database_is_gone_puts_things_back_and_tells_the_user(
    world: World, desktop: Callable[[str], PrivateDesktop]
) -> None:
    """The application dies and the record of the run is lost; the guardian knows the pending scripts."""
    session, path = desktop("grants"), world.workspace.paths.database
    world.environment |= {"DBUS_SESSION_BUS_ADDRESS": session.address}
    world.rewrite("pre2", "sleep 30")
    victim = world.start_victim("pre2", "nothing")
    while "pre2" not in [entry.name for entry in world.journal()]:
        assert victim.poll() is None
    overwrite(path)
    victim.kill()
    victim.communicate()
    world.wait_for_guardians()
    assert [name for name in world.ended() if name in OWED] == list(OWED)
    why = f"The file {path} is not a database. BorgDesk did not change it. Move it away, or restore a copy of it, "
    text = f"“post1”, “post2”, “post3” and “report” ran afterwards. {why}and start again."
    session.wait_for(["notify", "BorgDesk was interrupted during a backup", text, "2"])
    marker = frozenset({f"BORGDESK_HOME={world.environment['BORGDESK_HOME']}"})
    process.end_families([marker], grace=1)
