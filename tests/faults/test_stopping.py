"""Stopping a run: twice, with and without a checkpoint, by signals, and by closing the terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from borgdesk.domain.run import ExecutionStatus, Outcome
from borgdesk.engine.borg_calls import borg_process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import script_execution
from tests.faults.lab import OWED, World
from tests.faults.troubles import borg_reads, check_owed, execution, run_with, script_prints


def test_asked_twice_each_owed_script_gets_little_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """This applies to the running script and those that follow; scripts that finish sooner are not affected."""
    monkeypatch.setattr(script_execution, "HURRIED_TIMEOUT", 3)
    for name in ("post1", "post3"):
        world.rewrite(name, "echo hanging; sleep 1000", timeout=3600)
    cancel = Cancel()

    def ask_twice() -> None:
        cancel.ask()
        cancel.ask()

    run = run_with(world, script_prints("hanging"), ask_twice, cancel)
    assert run.outcome is Outcome.SUCCESS
    assert run.status == "warning"
    for name in ("post1", "post3"):
        one = execution(run, name)
        assert one.status is ExecutionStatus.TIMED_OUT
        assert one.reason == "ended 3 s after stop was asked for twice"
        assert one.stdout == "working\nhanging\n"
    check_owed(world, run, failed=("post1", "post3"))


@pytest.mark.faults
def test_asked_once_owed_scripts_keep_their_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_execution, "HURRIED_TIMEOUT", 0)
    world.rewrite("post1", "echo hanging; sleep 0.5")
    cancel = Cancel()
    run = run_with(world, script_prints("hanging"), cancel.ask, cancel)
    assert run.status == "success", run.error
    check_owed(world, run)


def _archives(world: World, *options: str) -> list[str]:
    command = subprocess.run(
        ["borg", "list", "--short", *options, world.repository.location],
        env={**world.environment, "BORG_PASSPHRASE": "a passphrase"},
        capture_output=True,
        text=True,
        check=True,
    )
    return command.stdout.splitlines()


@pytest.mark.parametrize("keep", [True, False])
def test_cancelled_borg_keeps_its_checkpoint_when_asked_for(
    keep: bool, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a busy machine takes to write one."""
    monkeypatch.setattr(borg_process, "_CHECKPOINT_PATIENCE", 60.0)
    world.make_create_slow()
    cancel = Cancel()
    cancel.keep_checkpoint = keep
    run = run_with(world, borg_reads, cancel.ask, cancel)
    assert run.status == "cancelled"
    assert run.archive is None
    assert world.locks() == []
    check_owed(world, run)
    assert _archives(world) == []
    checkpoints = _archives(world, "--consider-checkpoints")
    assert len(checkpoints) == (1 if keep else 0)
    assert all(name.endswith(".checkpoint") for name in checkpoints)


def _begun(world: World, name: str) -> bool:
    return any(entry.what == "begin" and entry.name == name for entry in world.journal())


@pytest.mark.faults
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_to_the_command_is_a_cancel(number: signal.Signals, world: World) -> None:
    world.rewrite("pre2", "sleep 30")
    command = subprocess.Popen(
        [sys.executable, "-m", "borgdesk", "run", "Documents"],
        env=world.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    while not _begun(world, "pre2"):
        assert command.poll() is None
        time.sleep(0.05)
    command.send_signal(number)
    said, _ = command.communicate()
    assert command.returncode == 130, said
    assert "Stopping…" in said
    run = world.newest_run()
    assert run.status == "cancelled"
    check_owed(world, run)
    assert not run.recovered


def test_terminal_that_is_closed_is_a_cancel(world: World) -> None:
    """A logout, or closing the terminal window, sends SIGHUP and leaves nowhere to print."""
    world.rewrite("pre2", "sleep 30")
    terminal, its_end = os.openpty()
    command = subprocess.Popen(
        ["setsid", "--ctty", sys.executable, "-m", "borgdesk", "run", "Documents"],
        env=world.environment,
        stdin=its_end,
        stdout=its_end,
        stderr=its_end,
    )
    os.close(its_end)
    while not _begun(world, "pre2"):
        assert command.poll() is None
        time.sleep(0.05)
    os.close(terminal)
    assert command.wait() == 130
    run = world.newest_run()
    assert run.status == "cancelled"
    assert world.ended() == ["pre1", *OWED]
    check_owed(world, run)
    assert not run.recovered


def test_scripts_of_a_guardian_can_be_stopped(world: World) -> None:
    """The guardian survives a logout, but what it starts, including services, must not inherit that."""
    world.rewrite("pre2", "sleep 30")
    world.rewrite(
        "post1", "kill -TERM $PPID; kill -HUP $PPID; kill -INT $PPID; grep -E 'Sig(Ign|Blk)' /proc/self/status"
    )
    victim = world.start_victim("pre2", "kill")
    victim.communicate()
    world.wait_for_guardians()
    run = world.newest_run()
    assert run.status == "interrupted"
    _, blocked, _, ignored = execution(run, "post1").stdout.split()[-4:]
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        assert not (int(blocked, 16) | int(ignored, 16)) & 1 << (number - 1), number
    check_owed(world, run)
