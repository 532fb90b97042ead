"""Pending scripts run to their end exactly once, whoever dies meanwhile, and their output is in the history."""

from __future__ import annotations

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable

import pytest

from borgdesk.domain.run import ExecutionStatus
from tests.faults.lab import OWED, PRE, World
from tests.faults.test_recovery import start_recoverer
from tests.faults.troubles import check_owed, execution

GATE = "while ! test -e '{gate}'; do sleep 0.02; done"


def _strike(world: World, step: str, fault: str) -> None:
    victim = world.start_victim(step, fault)
    said, _ = victim.communicate(timeout=60)
    assert victim.returncode == -signal.SIGKILL, said


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def _claimed(world: World) -> bool:
    return world.newest_run().recovered


def _check_once(world: World) -> None:
    assert Counter(entry.name for entry in world.journal() if entry.what == "begin" and entry.name in OWED) == Counter(
        OWED
    )
    check_owed(world, world.newest_run())


@pytest.mark.parametrize("name", ["post1", "report"])
def test_the_guardian_waits_for_a_script_under_way(name: str, world: World) -> None:
    gate = world.folder / "gate"
    world.rewrite(name, f"{GATE.format(gate=gate)}; echo after the death; echo to the other >&2")
    _strike(world, name, "kill")
    _until(lambda: _claimed(world))
    gate.touch()
    world.wait_for_guardians()
    _check_once(world)
    run = world.newest_run()
    one = execution(run, name)
    assert (one.stdout, one.stderr) == ("working\nafter the death\n", "to the other\n")
    assert run.status == "success"


def test_a_later_recovery_waits_for_a_script_under_way(world: World) -> None:
    gate = world.folder / "gate"
    world.rewrite("post1", f"{GATE.format(gate=gate)}; echo after the death")
    _strike(world, "post1", "kill-both")
    recoverer = start_recoverer(world)
    _until(lambda: _claimed(world))
    gate.touch()
    assert recoverer.communicate(timeout=60)[0].strip() == "1"
    _check_once(world)
    assert execution(world.newest_run(), "post1").stdout == "working\nafter the death\n"


def test_recoverers_that_are_killed_leave_the_script_to_the_next(world: World) -> None:
    gate = world.folder / "gate"
    world.rewrite("post1", f"{GATE.format(gate=gate)}; echo after three deaths")
    _strike(world, "post1", "kill-both")
    owner = world.newest_run().owner
    for _ in range(2):
        recoverer = start_recoverer(world)
        _until(lambda: world.newest_run().owner not in (None, owner))  # noqa: B023 - called in this turn of the loop
        owner = world.newest_run().owner
        recoverer.kill()
        recoverer.communicate()
    gate.touch()
    assert start_recoverer(world).communicate(timeout=60)[0].strip() == "1"
    _check_once(world)
    assert execution(world.newest_run(), "post1").stdout == "working\nafter three deaths\n"


@pytest.mark.parametrize("name", ["pre2", "post1"])
@pytest.mark.parametrize("fault", ["kill", "kill-both"])
def test_a_script_that_had_ended_is_known_to_have(name: str, fault: str, world: World) -> None:
    """Its end was not in the history yet when everything died."""
    _strike(world, f"{name}-ended", fault)
    world.wait_for_guardians()
    if fault == "kill-both":
        assert world.command("recover").returncode == 0
    _check_once(world)
    run = world.newest_run()
    assert Counter(world.ended())[name] == 1
    one = execution(run, name)
    assert (one.status, one.stdout) == (ExecutionStatus.SUCCESS, "working\n")
    assert one.started_at is not None
    assert one.finished_at is not None
    assert one.started_at <= one.finished_at


def test_a_failure_that_was_not_recorded_is_a_failure(world: World) -> None:
    world.rewrite("post1", "echo ran >>$HOME/ran; exit 3")
    _strike(world, "post1-ended", "kill")
    world.wait_for_guardians()
    run = world.newest_run()
    one = execution(run, "post1")
    assert (one.status, one.exit_code, run.status) == (ExecutionStatus.FAILED, 3, "warning")
    assert (world.folder / "home" / "ran").read_text() == "ran\n"


def test_a_script_before_the_backup_is_not_waited_for(world: World) -> None:
    world.rewrite("pre2", "sleep 1000")
    _strike(world, "pre2", "kill")
    world.wait_for_guardians()
    run = world.newest_run()
    assert execution(run, "pre2").status is ExecutionStatus.INTERRUPTED
    check_owed(world, run)


def test_a_flood_after_the_death_breaks_no_pipe_and_is_kept(world: World) -> None:
    """More output than pipes hold, from a script that ignores broken pipes."""
    lines = 20_000
    world.rewrite("post1", f"trap '' PIPE; sleep 0.2; seq {lines} || exit 9; seq {lines} >&2 || exit 9")
    _strike(world, "post1", "kill")
    world.wait_for_guardians()
    _check_once(world)
    one = execution(world.newest_run(), "post1")
    everything = "".join(f"{number}\n" for number in range(1, lines + 1))
    assert (one.stdout, one.stderr) == ("working\n" + everything, everything)


def test_a_script_whose_supervisor_is_killed_is_green_only_if_the_kernel_says_so(world: World) -> None:
    """The kernel reports its end until somebody reaps it; after that it is unknown, and the script is still pending."""
    world.rewrite("post1", "kill -KILL $PPID; exit 3")
    run = world.run_again()
    one = execution(run, "post1")
    if one.exit_code is None:
        assert one.status is ExecutionStatus.PENDING
        assert one.reason is not None
        assert one.reason.startswith("how it ended is not known")
    else:
        assert (one.status, one.exit_code) == (ExecutionStatus.FAILED, 3)
    assert run.status == "warning"
    world.rewrite("post1", ":")
    assert [name for name in world.ended() if name in OWED] == ["post2", "post3", "report"]
    assert world.leftover_processes() == []


def test_supervisor_cannot_be_ended_by_what_a_script_sends_its_group(world: World) -> None:
    for name in (*PRE, "post1"):
        world.rewrite(name, "trap : TERM HUP INT; kill -TERM 0; kill -HUP $PPID; kill -TERM $PPID; kill -INT $PPID")
    run = world.run_again()
    assert run.status == "success", run.error
    check_owed(world, run)


def test_scripts_lead_their_sessions_and_see_signals(world: World) -> None:
    """As when started by hand: idioms such as ``kill -- -$$`` work, and no signal is ignored or blocked."""
    world.rewrite("post1", "ps -o pgid=,sid= -p $$; echo $$; grep -E 'Sig(Blk|Ign)' /proc/self/status")
    lines = execution(world.run_again(), "post1").stdout.split("\n")
    group, session = lines[1].split()
    assert group == session == lines[2]
    assert [int(line.split()[1], 16) & 0xFFFF for line in lines[3:5]] == [0, _ignored_here()]


def _ignored_here() -> int:
    """Return the signals ignored by child processes of this test."""
    status = subprocess.run(["grep", "SigIgn", "/proc/self/status"], capture_output=True, text=True, check=True)
    return int(status.stdout.split()[1], 16) & 0xFFFF
