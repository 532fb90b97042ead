"""Scripts that do not end properly, in whole runs: limited time, complete output, no remaining processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from borgdesk.domain.run import ExecutionStatus, Hook
from borgdesk.engine.processes import procfs
from borgdesk.engine.runs import output_capture
from borgdesk.engine.runs.output_capture import KEPT
from borgdesk.engine.runs.run_folders import run_folder
from tests.faults.lab import OWED, World
from tests.faults.troubles import check_owed, execution

SETSID = "setsid sleep 1000 & echo last words; wait"
"""The grandchild has its own session."""

DETACHED = "(setsid sleep 1000 >/dev/null 2>&1 &) ; echo last words; sleep 1000"
"""The grandchild has its own session, holds no output open, and its parent is gone."""

STUBBORN = "trap '' TERM; echo last words; while :; do sleep 1; done"
HOLDER = "sleep 1000 & echo last words"
SILENT = "echo last words; exec >&- 2>&-; sleep 1000"
FLOOD = "echo last words; yes 'a line of output that never ends'"
FLOOD_WITHOUT_LINES = "echo last words; exec cat /dev/zero"

CAP = 1024 * 1024
"""Maximum size in bytes of a script's output in the log."""

BOTH = ("pre1", "post1")


def _peak_memory(act: Callable[[], object]) -> int:
    """Return the peak growth of this process in bytes during *act*."""
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    act()
    return _memory("VmHWM") - before


def _memory(name: str) -> int:
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name + ":")]
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize(
    ("body", "lanes"),
    [
        pytest.param(SETSID, BOTH, id="setsid", marks=pytest.mark.faults),
        pytest.param(DETACHED, BOTH, id="detached"),
        pytest.param(STUBBORN, ("pre1",), id="ignores-sigterm-pre", marks=pytest.mark.faults),
        pytest.param(STUBBORN, ("post1",), id="ignores-sigterm-post", marks=pytest.mark.faults),
        pytest.param(SILENT, BOTH, id="closed-outputs", marks=pytest.mark.faults),
    ],
)
def test_script_that_hangs_is_ended_with_its_tree(body: str, lanes: tuple[str, ...], world: World) -> None:
    for name in lanes:
        world.rewrite(name, body, timeout=3)
    run = world.run_again()
    assert run.outcome == ("failure" if "pre1" in lanes else "success")
    for name in lanes:
        one = execution(run, name)
        assert one.status is ExecutionStatus.TIMED_OUT
        assert one.reason == "timed out after 3 s"
        assert one.stdout == "working\nlast words\n"
    check_owed(world, run, failed=tuple(name for name in lanes if name in OWED))
    if "pre1" in lanes:
        assert run.error == "The script “pre1” timed out."


def test_script_that_leaves_a_child_with_its_output_has_ended(world: World) -> None:
    for name in BOTH:
        world.rewrite(name, HOLDER)
    run = world.run_again()
    assert run.status == "success", run.error
    for name in BOTH:
        one = execution(run, name)
        assert one.status is ExecutionStatus.SUCCESS
        assert one.stdout == "working\nlast words\n"
        assert one.reason == "1 process it left holding its output was ended"
    check_owed(world, run)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        pytest.param(FLOOD, "pre1", id="pre"),
        pytest.param(FLOOD, "post1", id="post", marks=pytest.mark.faults),
        pytest.param(FLOOD_WITHOUT_LINES, "pre1", id="without-lines", marks=pytest.mark.faults),
    ],
)
def test_script_that_prints_for_ever_fills_neither_memory_nor_disk(
    body: str, name: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a limit that any machine reaches in two seconds; 64 MiB would take too long on some."""
    monkeypatch.setattr(output_capture, "LOG_CAP", CAP)
    world.rewrite(name, body, timeout=2)
    grown = _peak_memory(world.run_again)
    run = world.newest_run()
    one = execution(run, name)
    assert one.status is ExecutionStatus.TIMED_OUT
    assert one.stdout.startswith("working\nlast words\n")
    assert one.truncated
    assert len(one.stdout) < KEPT + 1000
    assert "bytes left out" in one.stdout
    folder = run_folder(world.workspace, run.id)
    assert sorted(file.name for file in folder.iterdir()) == ["events.jsonl", "output", "run.log"]
    assert sum(file.stat().st_size for file in (folder / "output").iterdir()) < 33 * 1024 * 1024
    log = folder / "run.log"
    assert log.stat().st_size < CAP + 64 * 1024
    assert f"the log keeps {CAP} bytes of a script" in log.read_text(errors="replace")
    assert grown < 32 * 1024 * 1024
    check_owed(world, run, failed=(name,) if name in OWED else ())


@pytest.mark.faults
def test_service_that_a_script_started_is_left_alone(world: World, tmp_path: Path) -> None:
    """Counterpart: a process that detached itself from a successful script is not terminated."""
    pid_file = tmp_path / "service.pid"
    service = f"setsid sh -c 'echo $$ >{pid_file}; exec sleep 1000' >/dev/null 2>&1 </dev/null &"
    world.rewrite("post1", f"{service}\nwhile ! [ -s {pid_file} ]; do sleep 0.05; done")
    run = world.run_again()
    assert run.status == "success", run.error
    process = procfs.look_up(int(pid_file.read_text()))
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    assert all(e.status is ExecutionStatus.SUCCESS for e in run.executions if e.planned.hook is not Hook.TEST)
