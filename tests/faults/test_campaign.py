"""The campaign: whole runs killed at random moments. Whatever the moment, nothing that is owed may be missing."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults.lab import OWED, PRE, World
from tests.faults.victim import guardians_of

SEED = 20261123


def _hurt(world: World, longest: float, chance: random.Random) -> bool:
    """Start a run, and kill it at a random moment, with or without its guardian; says whether it died of that."""
    victim = world.start_victim("nothing", "nothing")
    moment, both = chance.uniform(0.1, 1.0) * longest, chance.random() < 0.5
    try:
        victim.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        if both:
            for guardian in guardians_of(victim.pid):
                _kill(guardian)
        victim.kill()
        victim.communicate()
    return victim.returncode == -signal.SIGKILL


def _kill(pid: int) -> None:
    subprocess.run(["/bin/kill", "-KILL", str(pid)], check=False, capture_output=True)


def _length(world: World) -> float:
    """Seconds a run takes on this machine, start of its process included, and some more: a kill after it is no harm."""
    began = time.monotonic()
    world.start_victim("nothing", "nothing").communicate()
    return 1.1 * (time.monotonic() - began)


def _round(world: World, longest: float, chance: random.Random) -> Counter[str]:
    world.forget_journal()
    count = Counter(runs=1)
    count["killed"] += _hurt(world, longest, chance)
    world.wait_for_guardian()
    recovery = world.command("recover")
    assert recovery.returncode == 0, recovery.stderr
    began = {entry.name for entry in world.journal() if entry.what == "begin"}
    ended = Counter(entry.name for entry in world.journal() if entry.what == "end")
    if began & set(PRE):
        count["armed"] += 1
        count["missed"] += sum(ended[name] == 0 for name in OWED)
        count["twice"] += sum(ended[name] > 1 for name in OWED)
    assert world.leftover_processes() == []
    assert all(run.status.is_final for run in world.workspace.store.runs.list(limit=3))
    return count


def _campaign(world: World, rounds: int) -> Counter[str]:
    chance = random.Random(SEED)
    for name in (*PRE, *OWED):
        world.rewrite(name, "sleep 0.1")
    total: Counter[str] = Counter()
    longest = _length(world)
    for _ in range(rounds):
        total += _round(world, longest, chance)
    return total


@pytest.mark.timeout(300)
def test_a_few_runs(world: World) -> None:
    total = _campaign(world, 5)
    assert total["armed"]
    assert not total["missed"], total


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_whole_campaign(world: World, record_property: Callable[[str, object], None]) -> None:
    began = time.monotonic()
    total = _campaign(world, 200)
    minutes = (time.monotonic() - began) / 60
    record_property(
        "campaign",
        f"{total['runs']} runs, {total['killed']} of them killed, {total['armed']} after their first script had begun: "
        f"{total['missed']} owed scripts missed, {total['twice']} run to their end twice ({minutes:.0f} min)",
    )
    assert total["armed"]
    assert not total["missed"], total
