"""A clock that jumps by an hour during a run: nothing is decided by it, and no time in history runs backwards."""

from __future__ import annotations

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from borgdesk.domain.history import Run
from tests.faults.lab import LAST, OWED, POST, PRE, World
from tests.faults.troubles import check_owed

COMPILER = shutil.which("cc")

pytestmark = pytest.mark.skipif(COMPILER is None, reason="making the clock of a program jump needs a C compiler")

HOUR = {"back": "-3600", "forward": "+3600"}


@pytest.fixture
def clock(world: World, tmp_path: Path) -> Path:
    """What this file says is added to the clock of all programs of the run: scripts, Borg, guardian, application."""
    library, offset = tmp_path / "jump.so", tmp_path / "offset"
    source = Path(__file__).with_name("jump.c")
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    offset.write_text("+0")
    world.environment |= {"LD_PRELOAD": str(library), "CLOCK_OFFSET_FILE": str(offset)}
    return offset


def _jump(offset: Path, seconds: str) -> str:
    """Shell commands that let the clock jump, and show that it has."""
    return f"before=$(date +%s); echo {seconds} >{offset}; echo jumped $(( $(date +%s) - before ))"


def _check_times(run: Run) -> None:
    """The times of the scripts that ran follow each other."""
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
    """The guardian's clock is another one than that of the run's beginning; the dead are still known to be dead."""
    world.rewrite("pre2", _jump(clock, HOUR[direction]))
    world.rewrite("pre3", "sleep 30")
    victim = world.start_victim("pre3", "kill")
    victim.communicate()
    assert victim.returncode == -9
    world.wait_for_guardian()
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
    """Forward by an hour, a script with a minute goes on; back by an hour, one with a second is still ended."""
    world.rewrite("pre1", f"{_jump(clock, '+3600')}; sleep 0.5", timeout=60)
    world.rewrite("post1", f"{_jump(clock, '-3600')}; sleep 1000", timeout=1)
    victim = world.start_victim("nothing", "nothing")
    said, _ = victim.communicate()
    run = world.newest_run()
    assert run.status == "warning", said
    assert [e.planned.name for e in run.executions if e.status == "timed_out"] == ["post1"]
    check_owed(world, run, failed=("post1",))
