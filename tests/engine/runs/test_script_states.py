"""States of a dead run's scripts as a recovery finds them, with real supervisors whose master is gone."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from borgdesk.domain.decisions import Policy
from borgdesk.domain.history import Execution, PlannedScript
from borgdesk.domain.ids import ExecutionId, RunId
from borgdesk.domain.run import ALWAYS, ExecutionStatus, Hook, OnFailure
from borgdesk.engine.processes import supervisor
from borgdesk.engine.processes.script_records import read_record, record_file, records_in
from borgdesk.engine.processes.supervisor import HALF, request
from borgdesk.engine.runs.script_states import ScriptStates
from tests.engine.desk import POST, PRE, wait_until

RUNNING, PENDING = ExecutionStatus.RUNNING, ExecutionStatus.PENDING
ENDED = b"ended 0 1000.5"


class Dead:
    """A dead run, with scripts that it had started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = f"BORGDESK_RUN_TOKEN={folder}"
        self.executions: list[Execution] = []
        self._supervisors: list[subprocess.Popen[bytes]] = []
        records_in(folder).mkdir()

    def add(
        self, hook: Hook, status: ExecutionStatus, *, timeout: int = 3600, finished_at: datetime | None = None
    ) -> ExecutionId:
        number = ExecutionId(len(self.executions) + 1)
        planned = PlannedScript("one", hook, 1, Policy(ALWAYS, OnFailure.STOP, timeout), revision=None)
        self.executions.append(Execution(number, RunId(1), planned, status, finished_at=finished_at))
        return number

    def write(self, number: ExecutionId, ended: bytes = ENDED) -> None:
        """Write a record whose supervisor is gone."""
        began = b"running 1:1 another-boot 1:1 3 4 5.5"
        record_file(self.folder, number).write_bytes(began.ljust(HALF - 1) + b"\n" + ended)

    def start(self, number: ExecutionId, command: str = "") -> None:
        """Let a supervisor start the script, and disconnect from it."""
        ours, commands = os.pipe()
        replies, theirs = os.pipe()
        words = [sys.executable, "-I", "-S", supervisor.__file__, str(ours), str(theirs), "13"]
        self._supervisors.append(subprocess.Popen(words, pass_fds=(ours, theirs)))
        assert supervisor.receive(replies) is not None
        variables = [self.mark, f"BORGDESK_EXECUTION_ID={number}", f"PATH={os.environ['PATH']}"]
        there = self.folder / f"there{number}"
        argv = [b"/bin/sh", b"-c", f"{command or ':'}; touch '{there}'; while :; do sleep 0.02; done".encode()]
        record = bytes(record_file(self.folder, number))
        supervisor.send(commands, request(record, b"/", argv, [variable.encode() for variable in variables]))
        assert supervisor.receive(replies) is not None
        for pipe in (ours, theirs, commands, replies):
            os.close(pipe)
        wait_until(there.exists)

    def runs_on(self, number: ExecutionId) -> bool:
        record = read_record(record_file(self.folder, number))
        assert record is not None
        assert record.began is not None
        return Path(f"/proc/{record.began.script[0]}").exists()

    def settle(self) -> set[ExecutionId]:
        return set(ScriptStates(self.folder, self.mark, tuple(self.executions)).settle())

    def close(self) -> None:
        for one in self._supervisors:
            for execution in self.executions:
                if (record := read_record(record_file(self.folder, execution.id))) and record.began:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(record.began.script[0], signal.SIGKILL)
            one.kill()
            one.wait()


@pytest.fixture
def dead(tmp_path: Path) -> Iterator[Dead]:
    dead = Dead(tmp_path)
    yield dead
    dead.close()


def test_what_has_ended_without_history_s_knowing_is_found_and_nothing_else(dead: Dead) -> None:
    found = {dead.add(PRE, RUNNING), dead.add(POST, RUNNING), dead.add(POST, PENDING)}
    others = {
        dead.add(POST, ExecutionStatus.SUCCESS),
        dead.add(PRE, ExecutionStatus.FAILED),
        # Undone by a recovery, since it failed there.
        dead.add(POST, PENDING, finished_at=datetime.now(UTC)),
    }
    dead.add(POST, PENDING)
    for number in (*found, *others):
        dead.write(number)
    assert dead.settle() == found


def test_a_script_that_is_owed_goes_on_and_one_before_the_backup_is_ended(dead: Dead) -> None:
    before, after = dead.add(PRE, RUNNING), dead.add(POST, RUNNING)
    dead.start(before)
    dead.start(after)
    assert dead.settle() == {after}
    assert dead.runs_on(after)
    assert not dead.runs_on(before)


def test_a_script_whose_time_is_over_is_ended(dead: Dead) -> None:
    late = dead.add(POST, RUNNING, timeout=0)
    dead.start(late)
    assert dead.settle() == set()
    assert not dead.runs_on(late)


@pytest.mark.parametrize(("code", "is_found"), [(0, True), (3, False)])
def test_one_that_is_ended_and_ends_well_all_the_same_has_had_its_turn(
    dead: Dead, code: int, *, is_found: bool
) -> None:
    one = dead.add(PRE, RUNNING)
    dead.start(one, f"trap 'exit {code}' TERM")
    assert dead.settle() == ({one} if is_found else set())


def test_what_is_left_of_a_script_that_nobody_watches_is_ended(dead: Dead) -> None:
    """They are found by an environment variable that all of a script's processes have; its record has no start."""
    one = dead.add(POST, RUNNING)
    dead.write(one, b"")
    name, _, value = dead.mark.partition("=")
    environment = {name: value, "BORGDESK_EXECUTION_ID": str(one)}
    with subprocess.Popen(["sleep", "600"], env=environment) as left:
        assert dead.settle() == set()
        assert left.wait(30) < 0
