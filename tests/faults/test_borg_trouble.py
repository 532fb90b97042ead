"""Borg in trouble: killed, locked out by the dead and by the living, on this machine and on others."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from borgdesk.borg.command import Borg
from borgdesk.engine import borg_process, procfs
from tests.faults.lab import World
from tests.faults.troubles import borg_reads, check_owed, run_with

IN_USE = (
    "The repository is in use by another Borg, or mounted: wait. Break the lock only if surely nothing uses it. "
    "It is held by {}."
)


def _kill_borg() -> None:
    marker = frozenset({"BORGDESK_EXECUTION_ID=borg"})
    borgs = [p for p in procfs.processes() if p.parent == os.getpid() and procfs.has_marker(p.pid, marker)]
    assert borgs
    for borg in borgs:
        os.kill(borg.pid, signal.SIGKILL)


@pytest.mark.faults
def test_borg_that_is_killed_is_a_failure_and_leaves_no_lock(world: World) -> None:
    world.make_create_slow()
    run = run_with(world, borg_reads, _kill_borg)
    assert run.status == "failure"
    assert run.borg_exit_code == 137
    assert run.error == (
        "Borg was killed (SIGKILL), by somebody or because memory ran out; it removes its old lock the next time."
    )
    check_owed(world, run)
    assert world.locks() == []


@contextlib.contextmanager
def _locked_by_borg(world: World) -> Iterator[subprocess.Popen[bytes]]:
    """Another Borg has the repository for itself."""
    with subprocess.Popen(
        ["borg", "with-lock", world.repository.location, "sh", "-c", "echo held; read -r _; true"],
        env={**world.environment, "BORG_PASSPHRASE": "a passphrase"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield holder


def test_lock_of_a_dead_process_of_this_machine_is_no_hindrance(world: World) -> None:
    with _locked_by_borg(world) as borg:
        borg.kill()
    assert world.locks() != []
    run = world.run_again()
    assert run.status == "success", run.error
    check_owed(world, run)
    assert world.locks() == []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Borg waits a second for a lock, and not a minute."""
    monkeypatch.setattr(borg_process, "Borg", partial(Borg, lock_wait=1))


@pytest.mark.usefixtures("impatient")
def test_lock_of_another_machine_is_respected_and_named(world: World) -> None:
    lock = Path(world.repository.location, "lock.exclusive", "otherhost@281474976710655.4242-0")
    lock.parent.mkdir()
    lock.touch()
    run = world.run_again()
    assert run.status == "failure"
    assert run.error == IN_USE.format("process 4242 of the machine otherhost")
    check_owed(world, run)
    assert lock.exists()


@pytest.mark.faults
@pytest.mark.usefixtures("impatient")
def test_lock_of_a_living_borg_of_this_machine_is_respected_and_named(world: World) -> None:
    with _locked_by_borg(world) as holder:
        run = world.run_again()
        holder.communicate(b"\n")
    assert holder.returncode == 0
    assert run.status == "failure"
    assert run.error == IN_USE.format(f"process {holder.pid} of this machine")
    world.forget_journal()
    assert world.run_again().status == "success"
