"""Processes stopped by SIGSTOP, which exist but do nothing: pending scripts still run, and only once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from borgdesk.domain.run import ExecutionStatus
from borgdesk.engine.processes import procfs, supervisor
from borgdesk.engine.processes.self_start import GUARDIAN, is_guardian
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.repositories.shared_locations import turn_of
from tests.command_lines import command_line
from tests.engine.desk import wait_until
from tests.faults.lab import OWED, World
from tests.faults.troubles import check_owed, execution


def _supervisors(world: World) -> list[procfs.Process]:
    program = str(supervisor.__file__).encode()
    return [one for one in world.leftover_processes() if program in command_line(one.pid)]


def _guardians(world: World) -> list[procfs.Process]:
    return [one for one in world.leftover_processes() if is_guardian(one.pid)]


def _started(world: World, name: str) -> subprocess.Popen[str]:
    """Start a run, and wait until the script *name* is running and its gate exists.

    Its output is in the run's log, so the application knows that it was started and reads its output.
    """
    world.rewrite(name, f"echo on its way; while ! test -e '{world.folder}/gate'; do sleep 0.02; done; exit 0")
    victim = world.start_victim("nothing", "nothing")
    wait_until(lambda: _is_heard(world) or victim.poll() is not None)
    assert victim.poll() is None
    return victim


def _is_heard(world: World) -> bool:
    return any("on its way" in log.read_text() for log in world.workspace.paths.runs.glob("*/*.log"))


def _freeze(processes: list[procfs.Process]) -> None:
    (one,) = processes
    os.kill(one.pid, signal.SIGSTOP)


def _check_once(world: World) -> None:
    began = Counter(entry.name for entry in world.journal() if entry.what == "begin" and entry.name in OWED)
    assert began == Counter(OWED)
    assert execution(world.newest_run(), "post1").status is ExecutionStatus.SUCCESS
    wait_until(lambda: world.leftover_processes() == [])


def test_the_end_of_a_script_is_known_though_its_supervisor_does_not_say_it(world: World) -> None:
    victim = _started(world, "post1")
    _freeze(_supervisors(world))
    (world.folder / "gate").touch()
    assert victim.communicate(timeout=60)
    run = world.newest_run()
    assert run.status == "success", run.error
    _check_once(world)


def test_so_it_is_when_the_application_dies(world: World) -> None:
    victim = _started(world, "post1")
    _freeze(_supervisors(world))
    victim.kill()
    victim.communicate()
    (world.folder / "gate").touch()
    world.wait_for_guardians()
    assert world.newest_run().status == "success"
    _check_once(world)


def test_a_failure_stays_a_failure(world: World) -> None:
    victim = _started(world, "post1")
    _freeze(_supervisors(world))
    for one in world.leftover_processes():
        if b"/revisions/" in command_line(one.pid):
            os.kill(one.pid, signal.SIGKILL)
    victim.communicate(timeout=60)
    failed = execution(world.newest_run(), "post1")
    assert (failed.status, failed.reason) == (ExecutionStatus.FAILED, "killed by signal 9")


def test_a_frozen_guardian_does_not_keep_the_location(world: World) -> None:
    victim = _started(world, "post1")
    _freeze(_guardians(world))
    (world.folder / "gate").touch()
    victim.communicate(timeout=60)
    _check_once(world)
    world.forget_journal()
    assert world.run_again().status == "success"
    _check_once(world)


def test_what_is_no_record_keeps_nobody_waiting(world: World) -> None:
    """A named pipe in place of a record."""
    world.rewrite(
        "pre2",
        'cd "$(dirname "$BORGDESK_LOG_FILE")/scripts"; rm -f *; for n in {1..50}; do mkfifo $n; done\n'
        "say made pre2; sleep 99",
    )
    victim = world.start_victim("nothing", "nothing")
    wait_until(lambda: any(entry.what == "made" for entry in world.journal()))
    victim.kill()
    victim.communicate()
    world.wait_for_guardians()
    check_owed(world, world.newest_run())


def test_a_recovery_wakes_a_frozen_guardian(world: World) -> None:
    victim = _started(world, "pre2")
    _freeze(_guardians(world))
    victim.kill()
    victim.communicate()
    world.command("recover")
    world.wait_for_guardians()
    check_owed(world, world.newest_run())
    _check_once(world)


_STOPPED = f"import os, signal; os.kill(os.getpid(), signal.SIGSTOP)  # as {GUARDIAN}"


def test_a_run_wakes_a_frozen_guardian_of_one_that_is_over(world: World) -> None:
    """Its application was killed between the end of the run and the end of the guardian."""
    turn = Turn.try_take(world.workspace, turn_of(world.repository))
    assert turn is not None
    with turn:
        left = subprocess.Popen([sys.executable, "-c", _STOPPED], pass_fds=(turn.descriptor,))
    wait_until(lambda: Path(f"/proc/{left.pid}/stat").read_text().split()[2] == "T")
    assert world.run_again().status == "success"
    assert left.wait(10) == 0
