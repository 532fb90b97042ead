"""Program replaced or removed during a run that then dies: its pending scripts run nevertheless."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from borgdesk.domain.run import ExecutionStatus
from borgdesk.engine.lanes.assignments import Changes, edit_assignment
from borgdesk.engine.runs.held_services import held_services
from tests.engine.desk import wait_until
from tests.faults.lab import OWED, ROOT, World


@pytest.fixture
def installed(world: World, tmp_path: Path) -> Path:
    """Install BorgDesk in its own folder, from which the runs of this world are started."""
    folder = tmp_path / "installed"
    for name in ("borgdesk", "resources"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    world.environment["PYTHONPATH"] = str(folder)
    return folder


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


def replace_by_nonsense(folder: Path) -> None:
    for module in (folder / "borgdesk").rglob("*.py"):
        module.write_text("this is not = the program\n")


def forbid(folder: Path) -> None:
    """Make the folder inaccessible, as on a mounted disk that does not answer."""
    (folder / "borgdesk" / "engine").rename(folder / "borgdesk" / "engine.away")
    (folder / "borgdesk" / "engine").symlink_to(folder / "borgdesk" / "engine")


def _started(world: World, name: str) -> subprocess.Popen[str]:
    """Start a run and wait until the script *name* is running."""
    victim = world.start_victim("nothing", "nothing")
    wait_until(lambda: any(entry.name == name for entry in world.journal()) or victim.poll() is not None)
    assert victim.poll() is None
    return victim


def _die(victim: subprocess.Popen[str]) -> None:
    victim.kill()
    victim.communicate()
    assert victim.returncode == -signal.SIGKILL


@pytest.mark.parametrize("act", [remove, replace_by_nonsense, forbid])
def test_what_is_owed_is_done_and_the_next_version_tells_it(
    world: World, installed: Path, act: Callable[[Path], None]
) -> None:
    world.rewrite("pre2", "sleep 1000")
    world.rewrite("post2", 'echo "$BORGDESK_OUTCOME $BORGDESK_TRIGGER" >"$BORGDESK_STATE_DIR/seen"')
    world.rewrite(
        "report",
        'cat "$BORGDESK_STATE_DIR/seen"; yes | head -c 300000; say "$(cat "$BORGDESK_STATE_DIR/seen" | tr " " /)" seen',
    )
    victim = _started(world, "pre2")
    act(installed)
    _die(victim)
    world.wait_for_guardians()
    assert [name for name in world.ended() if name in OWED] == list(OWED)
    assert [entry.what for entry in world.journal() if entry.name == "seen"] == ["interrupted/recovery"]
    # It keeps retrying, in a program that is available again.
    wait_until(lambda: world.newest_run().status.is_final)
    run = world.newest_run()
    assert (run.outcome, run.status) == ("interrupted", "interrupted")
    told = {one.planned.name: one.status for one in run.executions}
    assert told["pre2"] is ExecutionStatus.FAILED, "it was ended, which is in its record; by whom is not"
    assert {told[name] for name in OWED} == {ExecutionStatus.SUCCESS}
    assert [name for name in world.ended() if name in OWED] == list(OWED), "nothing ran twice"
    wait_until(lambda: world.leftover_processes() == [])


@pytest.mark.parametrize("act", [remove, replace_by_nonsense])
def test_what_is_shared_is_started_by_the_last_one(world: World, installed: Path, act: Callable[[Path], None]) -> None:
    """The guardian decides from memory as the program would; the history is completed later, and nothing runs twice."""
    for one in world.workspace.store.assignments.list(world.repository.id):
        if one.script in ("pre1", "post1"):
            edit_assignment(world.workspace, one, Changes(shared="The database"))
    world.rewrite("pre1", 'echo down >"$BORGDESK_STATE_DIR/notes"')
    world.rewrite("post1", 'cat "$BORGDESK_STATE_DIR/notes" && say found notes')
    world.rewrite("pre2", "sleep 1000")
    victim = _started(world, "pre2")
    assert [len(one.runs) for one in held_services(world.workspace)] == [1]
    act(installed)
    _die(victim)
    world.wait_for_guardians()
    assert [name for name in world.ended() if name in OWED] == list(OWED)
    assert any(entry.what == "found" for entry in world.journal())
    assert held_services(world.workspace) == []
    wait_until(lambda: world.newest_run().status.is_final)
    assert {one.status for one in world.newest_run().executions if one.planned.name in OWED} == {
        ExecutionStatus.SUCCESS
    }
    assert [name for name in world.ended() if name in OWED] == list(OWED), "nothing ran twice"
    wait_until(lambda: world.leftover_processes() == [])


def test_a_script_under_way_is_waited_for(world: World, installed: Path) -> None:
    gate = world.folder / "gate"
    world.rewrite("post1", f"while ! test -e '{gate}'; do sleep 0.02; done; echo after it")
    victim = _started(world, "post1")
    remove(installed)
    _die(victim)
    gate.touch()
    world.wait_for_guardians()
    assert [name for name in world.ended() if name in OWED] == list(OWED)
    wait_until(lambda: world.newest_run().status.is_final)
    run = world.newest_run()
    assert (run.outcome, run.status) == ("success", "success"), "the outcome was settled before"
    assert {one.status for one in run.executions} == {ExecutionStatus.SUCCESS}
    wait_until(lambda: world.leftover_processes() == [])


def test_a_script_that_does_not_end_is_ended(world: World, installed: Path) -> None:
    world.rewrite("pre2", "sleep 1000")
    world.rewrite("post1", "setsid sleep 1000 & wait", timeout=2)
    victim = _started(world, "pre2")
    remove(installed)
    _die(victim)
    world.wait_for_guardians()
    assert [name for name in world.ended() if name in OWED] == [name for name in OWED if name != "post1"]
    wait_until(lambda: world.newest_run().status.is_final)
    wait_until(lambda: world.leftover_processes() == [])
