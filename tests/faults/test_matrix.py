"""Fault matrix: every step of a run × every fault, with real processes, real kills and real Borg.

The expectations follow from the documentation, independently of the tested code.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from borgdesk.domain.run import ExecutionStatus, Hook
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.repositories.shared_locations import turn_of
from tests.faults.lab import LAST, OWED, POST, PRE, World

STEPS = (
    "queued", "arming", "pre1", "between-pre", "pre2", "create", "post1", "between-post", "prune", "report",
)  # fmt: skip
FAULTS = ("kill", "kill-both", "sigterm", "cancel", "exception", "fails", "hangs", "borg-error", "borg-killed")
SCRIPT_STEPS = ("pre1", "pre2", "post1", "report")
BORG_STEPS = ("create", "prune")
QUICK = {
    ("queued", "sigterm"), ("arming", "kill"), ("pre2", "kill"), ("pre2", "hangs"), ("pre1", "fails"),
    ("create", "kill"), ("create", "kill-both"), ("create", "cancel"), ("post1", "kill"), ("between-post", "kill-both"),
    ("prune", "kill"), ("report", "sigterm"),
}  # fmt: skip
"""Cells included in every `make test`; `make faults` covers all."""


def applies(step: str, fault: str) -> bool:
    """Return whether the cell exists: a script cannot fail where none runs."""
    if fault in ("fails", "hangs"):
        return step in SCRIPT_STEPS
    if fault in ("borg-error", "borg-killed"):
        return step in BORG_STEPS
    return not (step == "queued" and fault == "kill-both")  # there is no guardian yet


def _cells() -> list[object]:
    return [
        pytest.param(step, fault, marks=() if (step, fault) in QUICK else pytest.mark.faults, id=f"{step}-{fault}")
        for step in STEPS
        for fault in FAULTS
        if applies(step, fault)
    ]


@dataclass(frozen=True, slots=True)
class Expected:
    """Documented result of a cell."""

    outcome: str
    status: str
    ended: tuple[str, ...] = OWED
    """The pending scripts that must have ended, once each and in this order."""


def expected(step: str, fault: str) -> Expected:
    before_settled = STEPS.index(step) <= STEPS.index("create")
    if step == "queued":
        ended = {"kill": "interrupted", "exception": "interrupted"}.get(fault, "cancelled")
        return Expected(ended, ended, ended=())
    if fault in ("fails", "hangs"):
        if step.startswith("pre"):
            return Expected("failure", "failure")
        return Expected("success", "warning", tuple(name for name in OWED if name != step))
    if fault == "exception" and step in SCRIPT_STEPS:
        return Expected("success", "success")  # only a listener failed, not the script
    if before_settled:
        outcome = {"kill": "interrupted", "kill-both": "interrupted", "sigterm": "cancelled", "cancel": "cancelled"}
        return Expected(outcome.get(fault, "failure"), outcome.get(fault, "failure"))
    trouble_in_retention = step == "prune" and fault in ("exception", "borg-error", "borg-killed")
    return Expected("success", "warning" if trouble_in_retention else "success")


def _prepare(world: World, step: str, fault: str) -> None:
    """Prepare the set-up for the fault."""
    place = world.repository.location
    if step in PRE + POST + LAST:
        bodies = {"fails": "exit 3", "hangs": "sleep 1000"}
        # A process to be killed must not end by itself before; one that is only asked to stop may. Pending scripts are
        # not terminated but waited for.
        first_time = (
            f"test -e '{world.folder}/first' || {{ touch '{world.folder}/first'; sleep {2 if step in OWED else 30}; }}"
        )
        body = first_time if fault.startswith("kill") else bodies.get(fault, "sleep 0.3")
        world.rewrite(step, body, timeout=1 if fault == "hangs" else 60)
    if step == "create" and fault != "borg-error":
        world.make_create_slow()
    if fault == "borg-error":
        away, back = ("pre3", "post1") if step == "create" else ("post3", "report")
        world.rewrite(away, f"mv -- '{place}' '{place}.away'")
        world.rewrite(back, f"mv -- '{place}.away' '{place}'")
    if step == "prune":
        for _ in range(4):
            world.run_again()
        world.forget_journal()


@pytest.mark.parametrize(("step", "fault"), _cells())
def test_cell(step: str, fault: str, world: World, record_property: Callable[[str, object], None]) -> None:
    record_property("cell", f"{step}|{fault}")
    _prepare(world, step, fault)
    turn = Turn.try_take(world.workspace, turn_of(world.repository)) if step == "queued" else None
    victim = world.start_victim(step, fault)
    if turn is not None and fault == "exception":
        _wait_for_blow(world, victim)
        turn.__exit__()
    said, _ = victim.communicate()
    if turn is not None and fault != "exception":
        turn.__exit__()
    if fault.startswith("kill"):
        assert victim.returncode == -9, said
    world.wait_for_guardians()
    if fault == "kill-both" or step == "queued":
        assert world.ended() == [] or step not in ("queued", "arming", "pre1")
        recovery = world.command("recover")
        assert recovery.returncode == 0, recovery.stderr
    _check(world, expected(step, fault), said)
    if fault == "kill" and (delay := _delay(world)) is not None:
        record_property("delay", delay)
    _check_next_run(world)


def _wait_for_blow(world: World, victim: subprocess.Popen[str]) -> None:
    while not Path(world.environment["BORGDESK_HOME"], "struck").exists():
        assert victim.poll() is None
        time.sleep(0.01)


def _check(world: World, wanted: Expected, said: str) -> None:
    run = world.newest_run()
    assert (run.outcome, run.status) == (wanted.outcome, wanted.status), f"{said}\n{run.error}"
    assert [name for name in world.ended() if name in OWED] == list(wanted.ended), said
    assert all(execution.status.is_final for execution in run.executions), run.executions
    for execution in run.executions:
        if execution.status is ExecutionStatus.SKIPPED:
            assert execution.reason, execution
        if execution.planned.hook is not Hook.PRE_BACKUP and execution.planned.name in wanted.ended:
            assert execution.status is ExecutionStatus.SUCCESS, execution
    if wanted.ended:
        assert len(run.executions) == len(PRE) + len(OWED)
    assert world.leftover_processes() == []
    assert world.locks() == []


def _delay(world: World) -> float | None:
    """Return the seconds from the fault to the guardian's first script; None if it had none to start."""
    struck = float(Path(world.environment["BORGDESK_HOME"], "struck").read_text())
    began = [e.uptime for e in world.journal() if e.what == "begin" and e.name in OWED and e.uptime > struck + 0.02]
    return round(began[0] - struck, 2) if began else None


def _check_next_run(world: World) -> None:
    """Check that the next run is a normal one."""
    for name in (*PRE, *OWED):
        world.rewrite(name, ":")
    world.forget_journal()
    run = world.run_again()
    assert run.status == "success", run.error
    assert world.ended() == [*PRE, *OWED]
