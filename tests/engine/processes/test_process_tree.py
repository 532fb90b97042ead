"""Membership of processes in a program after the evidence for it is gone."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.process_tree import ProcessTree, name_of
from tests.engine.desk import wait_until

MARK = "BORGDESK_TEST_TREE"


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[str]:
    yield f"{MARK}={tmp_path}"
    for process in ProcessTree(frozenset({f"{MARK}={tmp_path}"})).look():
        procfs.send(process, signal.SIGKILL)


def start(text: str, mark: str, told: Path) -> subprocess.Popen[bytes]:
    """Start a shell in its own session that writes the pid of the process it starts last."""
    name, _, value = mark.partition("=")
    shell = subprocess.Popen(
        ["/bin/bash", "-c", text],
        env={"PATH": os.environ["PATH"], name: value, "TOLD": str(told)},
        start_new_session=True,
    )
    wait_until(lambda: told.exists() and told.read_text().endswith("\n"))
    return shell


def pids(tree: ProcessTree) -> set[int]:
    return {process.pid for process in tree.look()}


def test_a_member_that_was_seen_stays_one_when_nothing_shows_it_any_more(mark: str, tmp_path: Path) -> None:
    """A child without our environment in its own session, whose parent has ended."""
    told = tmp_path / "told"
    with start('setsid env -i sleep 600 & sleep 0.3; echo $! >"$TOLD"; wait', mark, told) as shell:
        child = int(told.read_text())
        tree = ProcessTree(frozenset({mark}))
        assert pids(tree) >= {shell.pid, child}
        shell.kill()
    assert pids(tree) == {child}
    assert pids(ProcessTree(frozenset({mark}))) == set(), "nobody would know it who had not seen it"
    assert name_of(next(iter(tree.look()))) == f"sleep (process {child})"
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: pids(tree) == set())


def test_who_starts_in_the_session_of_a_member_is_one(mark: str, tmp_path: Path) -> None:
    """It lacks our environment, and its parent had ended before the first look."""
    told = tmp_path / "told"
    shell = start('(env -i sleep 600 & echo $! >"$TOLD.new"); mv "$TOLD.new" "$TOLD"; sleep 600', mark, told)
    with shell:
        child = int(told.read_text())
        tree = ProcessTree(frozenset({mark}))
        assert child in pids(tree)
        for process in tree.look():
            if process.pid != child:
                procfs.send(process, signal.SIGKILL)
    assert pids(tree) == {child}
    assert pids(ProcessTree(frozenset(), lambda: frozenset({shell.pid}))) == {child}, "the session is enough"


@pytest.mark.parametrize("difference", [-1, 1])
def test_a_session_whose_number_is_used_again_is_somebody_else_s(difference: int) -> None:
    tree = ProcessTree(frozenset())
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as foreign:
        started = procfs.identity(foreign.pid).started
        tree._sessions[foreign.pid] = started + difference
        assert pids(tree) == set()
        tree._sessions[foreign.pid] = started
        assert pids(tree) == {foreign.pid}
        foreign.kill()


def test_this_process_is_never_a_member() -> None:
    tree = ProcessTree(frozenset(), lambda: frozenset({os.getpid(), os.getppid()}))
    assert os.getpid() not in pids(tree)


def test_a_process_that_has_ended_has_a_name_for_people_all_the_same() -> None:
    with subprocess.Popen(["true"]) as gone:
        process = procfs.look_up(gone.pid) or procfs.Process(gone.pid, 1, 1, 1)
    assert name_of(process) == f"a program (process {gone.pid})"
