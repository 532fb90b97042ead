"""Faults of Borg: killed, and locked out by dead and living processes on this and other machines."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from borgdesk.borg.command import Borg
from borgdesk.engine.borg_calls import borg_process
from borgdesk.engine.processes import procfs
from tests.faults.lab import World
from tests.faults.troubles import borg_reads, check_owed, run_with

IN_USE = (
    "The repository is mounted or in use by another Borg process: try again later. Break the lock only if you are "
    "sure that nothing is using it. "
    "It is held by {} since 20"
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
        "Borg was killed (SIGKILL), by someone or because memory ran out. It removes its old lock the next time it "
        "runs."
    )
    check_owed(world, run)
    assert world.locks() == []


_BORG_THAT_SAYS = """#!/bin/bash
case " $* " in *" create "*) ;; *) exec borg "$@" ;; esac
printf '{"type": "log_message", "time": 1, "levelname": "ERROR", "name": "borg", "msgid": "x", ' >&2
printf '"message": "%s"}\\n' '@' >&2
exit 2
"""


@pytest.mark.parametrize(
    "said", ["cut\\u0000off", "half of \\ud83d a character", "y" * 200_000], ids=["NUL", "half", "long"]
)
def test_whatever_borg_says_the_scripts_afterwards_are_started(said: str, world: World) -> None:
    """Scripts get the message in a variable."""
    borg = world.folder / "borg that says"
    borg.write_text(_BORG_THAT_SAYS.replace("@", said))
    borg.chmod(0o700)
    world.workspace = replace(world.workspace, fixed_borg=str(borg))
    run = world.run_again()
    assert run.status == "failure"
    check_owed(world, run)


@contextlib.contextmanager
def _locked_by_borg(world: World) -> Iterator[subprocess.Popen[bytes]]:
    """Hold the repository's exclusive lock with another Borg."""
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
    """Let Borg wait for a lock for a second instead of a minute."""
    monkeypatch.setattr(borg_process, "Borg", partial(Borg, lock_wait=1))


@pytest.mark.usefixtures("impatient")
def test_lock_of_another_machine_is_respected_and_named(world: World) -> None:
    lock = Path(world.repository.location, "lock.exclusive", "otherhost@281474976710655.4242-0")
    lock.parent.mkdir()
    lock.touch()
    run = world.run_again()
    assert run.status == "failure"
    assert (run.error or "").startswith(IN_USE.format("process 4242 on otherhost"))
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
    assert (run.error or "").startswith(IN_USE.format(f"process {holder.pid} on this machine"))
    world.forget_journal()
    assert world.run_again().status == "success"
