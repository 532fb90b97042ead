"""Shortage of resources: scripts that cannot be started are retried and stay pending; none runs unwatched."""

from __future__ import annotations

import errno
import os
import resource
import select
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from borgdesk.domain.events import Event
from borgdesk.domain.run import ExecutionStatus, Step, Trigger
from borgdesk.engine.processes import child, procfs
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.markers import mark_of, supervisor_marker
from borgdesk.engine.runs import recovery, script_execution
from borgdesk.engine.runs.backup import run as back_up
from tests.faults.lab import OWED, PRE, World
from tests.faults.troubles import after, check_owed, execution, run_with, script_ends, step_begins
from tests.faults.victim import guardians_of
from tests.listening import InStep
from tests.stepped_clock import SteppedClock

_LIMIT = resource.RLIMIT_NOFILE


@pytest.fixture
def descriptors() -> Iterator[Callable[[bool], None]]:
    """Take all free descriptors of this process, or give them back."""
    soft, hard = resource.getrlimit(_LIMIT)

    def limit(there_are: bool) -> None:
        resource.setrlimit(_LIMIT, (soft if there_are else 3, hard))

    yield limit
    limit(True)


def _supervisor(world: World) -> int:
    run = world.newest_run()
    marker = supervisor_marker(mark_of(run.token, world.folder))
    (found,) = [one.pid for one in procfs.processes() if procfs.has_marker(one.pid, marker)]
    return found


def test_a_shortage_that_passes_costs_nothing_but_time(world: World, descriptors: Callable[[bool], None]) -> None:
    threads = []

    def strike() -> None:
        descriptors(False)
        threads.append(after(0.5, lambda: descriptors(True)))

    run = run_with(world, step_begins(Step.POST_BACKUP), strike)
    threads[0].join()
    assert run.status == "success", run.error
    check_owed(world, run)


def test_a_shortage_of_the_supervisor_passes_as_well(world: World) -> None:
    threads = []

    def strike() -> None:
        pid = _supervisor(world)
        before = resource.prlimit(pid, _LIMIT, (3, resource.getrlimit(_LIMIT)[1]))
        threads.append(after(0.5, lambda: resource.prlimit(pid, _LIMIT, before)))

    run = run_with(world, script_ends("pre3"), strike)
    threads[0].join()
    assert run.status == "success", run.error
    check_owed(world, run)


def test_what_could_not_be_started_is_owed_and_done_by_the_next_recovery(
    world: World, descriptors: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script never started has not failed, and is not successful before it has run."""
    with monkeypatch.context() as patch:
        # A minute for each of them is over soon.
        patch.setattr(script_execution, "time", SteppedClock())
        run = run_with(world, step_begins(Step.POST_BACKUP), lambda: descriptors(False))
    descriptors(True)
    assert run.outcome == "success"
    assert run.status == "warning"
    for name in OWED:
        one = execution(run, name)
        assert one.status is ExecutionStatus.PENDING
        assert one.reason is not None
        assert one.reason.startswith("not started yet: ")
        assert "Too many open files" in one.reason
    assert not set(world.ended()) & set(OWED)
    (recovered,) = recovery.recover_all(world.workspace)
    assert recovered.status == "warning"
    check_owed(world, recovered)
    assert recovery.recover_all(world.workspace) == []


def test_a_script_before_the_backup_that_cannot_be_started_is_a_failure(
    world: World, descriptors: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script_execution, "_PATIENCE_BEFORE", 0.3)
    ended = script_ends("pre1")

    def listen(event: Event) -> None:
        if step_begins(Step.PRE_BACKUP)(event):
            descriptors(False)
        elif ended(event):
            descriptors(True)

    run = back_up(world.workspace, world.repository, Trigger.USER, InStep(listen), Cancel())
    assert run.outcome == "failure"
    one = execution(run, "pre1")
    assert one.status is ExecutionStatus.FAILED
    assert "Too many open files" in (one.reason or "")
    assert [name for name in world.ended() if name in PRE] == []
    check_owed(world, run)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_without_pidfds_nothing_is_stopped(number: int, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a sandbox that forbids the system call."""

    def refused(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pidfd_open", refused)
        run = world.run_again()
    assert run.status == "failure"
    assert "BorgDesk cannot monitor programs" in (run.error or "")
    assert world.journal() == []
    assert all(one.status is ExecutionStatus.SKIPPED for one in run.executions)


@pytest.mark.parametrize("error", [RuntimeError("a defect"), OSError(errno.EMFILE, "Too many open files")])
def test_what_was_started_and_cannot_be_watched_is_ended_before_it_is_started_again(
    error: Exception, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error occurs between its start and the first look at it."""
    go = world.folder / "go"
    world.rewrite("post1", f"while ! test -e '{go}'; do sleep 0.02; done; echo $$ >>$HOME/alive")

    def broken() -> object:
        monkeypatch.setattr(child, "select", SimpleNamespace(poll=watched, POLLIN=select.POLLIN))
        raise error

    def watched() -> object:
        monkeypatch.setattr(child, "select", select)
        go.touch()
        return select.poll()

    trouble = SimpleNamespace(poll=broken)
    run = run_with(world, step_begins(Step.POST_BACKUP), lambda: monkeypatch.setattr(child, "select", trouble))
    assert run.status == "success", run.error
    assert vars(child)["select"] is select
    assert Counter(world.ended()) == Counter([*PRE, *OWED])
    assert len((world.folder / "home" / "alive").read_text().splitlines()) == 1
    check_owed(world, run)


def test_a_guardian_that_meets_a_shortage_goes_on_trying(world: World) -> None:
    """It has descriptors for its own modules, but none for the database."""
    world.rewrite("pre2", "sleep 30")
    victim = world.start_victim("nothing", "nothing")
    while not any(entry.name == "pre2" for entry in world.journal()):
        assert victim.poll() is None
        time.sleep(0.02)
    (guardian,) = guardians_of(victim.pid)
    open_ones = len(list(Path(f"/proc/{guardian}/fd").iterdir()))
    before = resource.prlimit(guardian, _LIMIT, (open_ones + 3, resource.getrlimit(_LIMIT)[1]))
    victim.kill()
    victim.communicate()
    log = world.workspace.paths.state / "borgdesk.log"
    while not log.exists() or "could not be recovered" not in log.read_text():
        assert Path(f"/proc/{guardian}").exists()
        time.sleep(0.05)
    resource.prlimit(guardian, _LIMIT, before)
    while not (run := world.newest_run()).status.is_final:
        assert Path(f"/proc/{guardian}").exists()
        time.sleep(0.05)
    assert run.status == "interrupted"
    while Path(f"/proc/{guardian}").exists():
        time.sleep(0.05)
    check_owed(world, run)
