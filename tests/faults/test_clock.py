"""Clock jumps of an hour during a run: decisions do not depend on the clock, and the history's times stay in order."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from borgdesk.domain.history import Run
from tests.faults.lab import LAST, OWED, POST, PRE, World
from tests.faults.troubles import check_owed
from tests.jumping_clock import JumpingClock

HOUR = {"back": "-3600", "forward": "+3600"}


@pytest.fixture
def clock(world: World, tmp_path: Path) -> Path:
    """Return the file with the offset of the clock of the run's programs: scripts, Borg, guardian, application."""
    clock = JumpingClock(tmp_path)
    world.environment |= clock.environment
    return clock.offset


def _jump(offset: Path, seconds: str) -> str:
    """Return shell commands that make the clock jump and verify it."""
    return f"before=$(date +%s); echo {seconds} >{offset}; echo jumped $(( $(date +%s) - before ))"


def _check_times(run: Run) -> None:
    """Check that the times of the executed scripts are in order."""
    names = (*PRE, *POST, *LAST)
    in_order = sorted((e for e in run.executions if e.started_at), key=lambda e: names.index(e.planned.name))
    times = [moment for e in in_order for moment in (e.started_at, e.finished_at) if moment is not None]
    assert run.started_at is not None
    assert run.finished_at is not None
    for earlier, later in pairwise([run.started_at, *times, run.finished_at]):
        assert earlier <= later
        assert (later - earlier).total_seconds() < 1800
    for one in in_order:
        assert one.duration is not None
        assert 0 <= one.duration < 60


def _jumped(run: Run, name: str, seconds: str) -> None:
    (said,) = [e.stdout.split()[-1] for e in run.executions if e.planned.name == name]
    assert abs(int(said) - int(seconds)) < 60, "the clock did not jump"


@pytest.mark.parametrize("direction", ["back", pytest.param("forward", marks=pytest.mark.faults)])
def test_jump_during_a_run(direction: str, world: World, clock: Path) -> None:
    world.rewrite("pre2", _jump(clock, HOUR[direction]))
    world.rewrite("post2", _jump(clock, "+0"))
    victim = world.start_victim("nothing", "nothing")
    said, _ = victim.communicate()
    run = world.newest_run()
    assert run.status == "success", said
    assert world.ended() == [*PRE, *OWED]
    _jumped(run, "pre2", HOUR[direction])
    _check_times(run)
    check_owed(world, run)


@pytest.mark.faults
@pytest.mark.parametrize("direction", ["back", "forward"])
def test_jump_before_the_application_dies(direction: str, world: World, clock: Path) -> None:
    """The guardian's clock differs from that at the beginning of the run; dead processes are still recognised."""
    world.rewrite("pre2", _jump(clock, HOUR[direction]))
    world.rewrite("pre3", "sleep 30")
    victim = world.start_victim("pre3", "kill")
    victim.communicate()
    assert victim.returncode == -9
    world.wait_for_guardians()
    run = world.newest_run()
    assert run.status == "interrupted"
    assert run.recovered
    _jumped(run, "pre2", HOUR[direction])
    assert [e.planned.name for e in run.executions if e.recovered] == [*OWED]
    check_owed(world, run)
    assert run.started_at is not None
    assert run.finished_at is not None
    assert run.finished_at >= run.started_at
    for one in run.executions:
        assert one.duration is None or one.duration >= 0, one


@pytest.mark.faults
def test_timeout_is_not_moved_by_a_jump(world: World, clock: Path) -> None:
    """After an hour forward, a script with a minute continues; after an hour back, one with a second times out."""
    world.rewrite("pre1", f"{_jump(clock, '+3600')}; sleep 0.5", timeout=60)
    world.rewrite("post1", f"{_jump(clock, '-3600')}; sleep 1000", timeout=1)
    victim = world.start_victim("nothing", "nothing")
    said, _ = victim.communicate()
    run = world.newest_run()
    assert run.status == "warning", said
    assert [e.planned.name for e in run.executions if e.status == "timed_out"] == ["post1"]
    check_owed(world, run, failed=("post1",))
