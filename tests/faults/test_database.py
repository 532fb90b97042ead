"""Database locked or destroyed by another program: pending scripts come first, history as soon as it can be written."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from borgdesk.domain.errors import StoreUnusable
from borgdesk.domain.events import Event, RunEnded, RunQueued
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import ExecutionStatus, Step, Trigger
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import recovery
from borgdesk.engine.runs.backup import run as back_up
from borgdesk.engine.runs.run_folders import run_folder
from borgdesk.engine.workspace import Workspace
from borgdesk.store.store import Store
from tests.faults.lab import OWED, PRE, World
from tests.faults.troubles import (
    HeldDatabase,
    Striker,
    after,
    check_owed,
    execution,
    once_owed_is_done,
    overwrite,
    run_with,
    script_ends,
    step_begins,
)
from tests.listening import InStep


@pytest.fixture
def hasty(world: World) -> World:
    """Provide a world whose database waits only a fifth of a second for another writer."""
    store = Store(world.workspace.paths, busy_timeout=200)
    store.open()
    world.workspace.store.close()
    world.workspace = replace(world.workspace, store=store)
    return world


def _is_queued(event: Event) -> bool:
    return isinstance(event, RunQueued)


def _holder(world: World) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return two functions: lock the database, unlock it."""
    held: list[HeldDatabase] = []

    def take() -> None:
        held.append(HeldDatabase(world.workspace.paths.database))

    def release() -> None:
        for one in held:
            one.release()

    return take, release


@pytest.mark.faults
def test_run_that_cannot_be_queued_at_once_waits(hasty: World) -> None:
    take, release = _holder(hasty)
    take()
    thread = after(1.5, release)
    run = hasty.run_again()
    thread.join()
    assert run.status == "success", run.error
    check_owed(hasty, run)


def test_run_that_cannot_be_armed_at_once_waits_with_nothing_stopped(hasty: World) -> None:
    take, release = _holder(hasty)
    journal: list[object] = []

    def let_go() -> None:
        journal.extend(hasty.journal())
        release()

    threads = []

    def strike() -> None:
        take()
        threads.append(after(1.5, let_go))

    run = run_with(hasty, _is_queued, strike)
    threads[0].join()
    assert journal == []
    assert run.status == "success", run.error
    check_owed(hasty, run)


def test_run_that_cannot_be_armed_and_is_cancelled_leaves_the_queue(hasty: World) -> None:
    take, release = _holder(hasty)
    cancel = Cancel()

    def strike() -> None:
        take()
        cancel.ask()

    with pytest.raises(StoreUnusable) as refused:
        run_with(hasty, _is_queued, strike, cancel)
    assert "is locked by another program" in str(refused.value)
    assert hasty.journal() == []
    release()
    run = hasty.run_again()
    assert run.status == "success", run.error
    assert hasty.workspace.store.runs.get(RunId(run.id - 1)).status.is_final


@pytest.mark.parametrize("step", [Step.PRE_BACKUP, pytest.param(Step.POST_BACKUP, marks=pytest.mark.faults)])
def test_owed_scripts_do_not_wait_for_a_locked_database(
    step: Step, hasty: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The database is unlocked only after the last pending script, so waiting for it would never end."""
    take, release = _holder(hasty)
    with once_owed_is_done(hasty, release), caplog.at_level(logging.WARNING):
        run = run_with(hasty, step_begins(step), take)
    assert "history waits" in caplog.text
    assert run.status == "success", run.error
    assert hasty.ended() == [*PRE, *OWED]
    assert [execution(run, name).stdout for name in (*PRE, *OWED)] == ["working\n"] * 7
    check_owed(hasty, run)


@pytest.mark.faults
def test_database_locked_for_half_a_minute(world: World, record_property: Callable[[str, object], None]) -> None:
    """With the real lock and the real timeout; the delay of the scripts is recorded, not judged."""
    take, release = _holder(world)
    threads = []

    def strike() -> None:
        take()
        threads.append(after(30, release))

    began = time.monotonic()
    run = run_with(world, step_begins(Step.PRE_BACKUP), strike)
    whole = time.monotonic() - began
    threads[0].join()
    assert run.status == "success", run.error
    check_owed(world, run)
    times = [entry.uptime for entry in world.journal()]
    record_property("locked", f"scripts took {times[-1] - times[0]:.1f} s of {whole:.1f} s")


@pytest.mark.faults
def test_guardian_does_not_wait_for_a_locked_database(world: World) -> None:
    """The application dies while another program holds the lock, which is released only after the pending scripts."""
    world.rewrite("pre2", "sleep 30")
    take, release = _holder(world)
    victim = world.start_victim("pre2", "nothing")
    while "pre2" not in [entry.name for entry in world.journal()]:
        assert victim.poll() is None
        time.sleep(0.05)
    with once_owed_is_done(world, release):
        take()
        victim.kill()
        victim.communicate()
        world.wait_for_guardians()
    run = world.newest_run()
    assert run.status == "interrupted"
    assert run.recovered
    check_owed(world, run)


def test_database_that_is_damaged_at_the_start_is_told_and_kept(world: World) -> None:
    path = world.workspace.paths.database
    world.close()
    overwrite(path)
    content = path.read_bytes()
    for _ in range(2):
        with pytest.raises(StoreUnusable) as refused:
            Workspace.open(world.environment)
    assert str(refused.value) == (
        f"The file {path} is not a database. BorgDesk did not change it. Move it away, or restore a copy of it, and "
        "start again."
    )
    assert path.read_bytes() == content
    command = world.command("repo", "list")
    assert command.returncode == 2
    assert command.stderr == f"borgdesk: {refused.value}\n"


def test_database_that_is_destroyed_during_a_run_costs_history_only(world: World) -> None:
    events: list[Event] = []
    striker = Striker(script_ends("pre1"), lambda: overwrite(world.workspace.paths.database), events)
    run = back_up(world.workspace, world.repository, Trigger.USER, InStep(striker), Cancel())
    assert striker.struck
    assert world.ended() == [*PRE, *OWED]
    assert run.outcome == "success"
    assert run.status == "warning", "which archives are this set-up's own is not known any more, so all are kept"
    assert run.archive
    assert run.note is not None
    assert run.note.startswith("The history could not be written: The ")
    assert [one.status for one in run.executions] == [ExecutionStatus.SUCCESS] * 7
    assert isinstance(events[-1], RunEnded)
    assert "== finished: warning" in (run_folder(world.workspace, run.id) / "run.log").read_text()
    world.wait_for_guardians()
    assert world.ended() == [*PRE, *OWED]


def test_one_dead_run_that_cannot_be_claimed_is_recovered_later(hasty: World) -> None:
    """A recovery that finds the database locked runs the scripts nevertheless, and updates the history afterwards."""
    hasty.rewrite("pre2", "sleep 30")
    victim = hasty.start_victim("pre2", "kill-both")
    victim.communicate()
    assert victim.returncode == -9
    take, release = _holder(hasty)
    with once_owed_is_done(hasty, release):
        take()
        (run,) = recovery.recover_all(hasty.workspace)
    assert run.status == "interrupted"
    check_owed(hasty, run)
    assert recovery.recover_all(hasty.workspace) == []
