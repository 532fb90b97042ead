"""Missing copies of scripts: a script unmounted their disk, or somebody deleted them."""

from __future__ import annotations

import signal

import pytest

from tests.engine.desk import wait_until
from tests.faults.lab import OWED, World
from tests.faults.troubles import check_owed

AWAY = 'mv "$BORGDESK_HOME_OF_TEST/data/revisions" "$BORGDESK_HOME_OF_TEST/away"'
AND_A_FILE_THERE = f'{AWAY}; touch "$BORGDESK_HOME_OF_TEST/data/revisions"'
ALTERED = 'for one in "$BORGDESK_HOME_OF_TEST"/data/revisions/*/*; do chmod u+w "$one"; echo "exit 9" >"$one"; done'


def _spoil(world: World, how: str) -> str:
    return how.replace("$BORGDESK_HOME_OF_TEST", world.environment["BORGDESK_HOME"])


@pytest.mark.parametrize("how", [AWAY, AND_A_FILE_THERE, ALTERED], ids=["away", "cannot be made again", "altered"])
def test_what_is_owed_runs_from_memory(how: str, world: World) -> None:
    world.rewrite("pre3", _spoil(world, how))
    run = world.run_again()
    assert run.status == "success", run.error
    check_owed(world, run)


def test_the_guardian_has_it_in_memory_too(world: World) -> None:
    world.rewrite("pre3", f"{_spoil(world, AWAY)}; say gone pre3; sleep 99")
    _kill_when_gone(world)
    check_owed(world, world.newest_run())


def test_also_when_all_of_borgdesk_s_folders_are_gone(world: World) -> None:
    world.rewrite("pre3", f"rm -rf '{world.environment['BORGDESK_HOME']}'; say gone pre3; sleep 99")
    _kill_when_gone(world)
    assert [name for name in world.ended() if name in OWED] == list(OWED)


def _kill_when_gone(world: World) -> None:
    victim = world.start_victim("nothing", "nothing")
    wait_until(lambda: any(entry.what == "gone" for entry in world.journal()))
    victim.kill()
    victim.communicate()
    assert victim.returncode == -signal.SIGKILL
    wait_until(lambda: [name for name in world.ended() if name in OWED] == list(OWED))
    if world.workspace.paths.turns.exists():
        world.wait_for_guardians()
