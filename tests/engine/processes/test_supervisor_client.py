"""Client of the supervisor: normal use, and a supervisor that is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.domain.events import Stream
from borgdesk.domain.ids import ExecutionId
from borgdesk.engine.processes import procfs, supervisor
from borgdesk.engine.processes.adopted import Adopted, is_watched
from borgdesk.engine.processes.markers import execution_marker, supervisor_marker
from borgdesk.engine.processes.process import EndUnknown, Program, StartFailed, StopReason, follow
from borgdesk.engine.processes.procfs import Marker
from borgdesk.engine.processes.script_records import Began, read_record
from borgdesk.engine.processes.supervisor_client import Supervisor, request_for
from tests.engine.desk import wait_until


class Bench:
    """A supervisor, and the output of its scripts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = f"BORGDESK_RUN_TOKEN={folder}"
        self.supervisor = Supervisor({"PATH": os.environ["PATH"]}, supervisor_marker(self.mark), folder / "log")
        self.heard = {Stream.STDOUT: b"", Stream.STDERR: b""}
        self.number = 0

    def program(self, command: str, **variables: str) -> Program:
        marker = execution_marker(self.mark, ExecutionId(self.number))
        environment = {"PATH": os.environ["PATH"], **dict(one.split("=", 1) for one in marker), **variables}
        return Program(("sh", "-c", command), environment, marker, cwd=self.folder)

    def record(self) -> Path:
        return self.folder / "scripts" / str(self.number)

    def hear(self, stream: Stream, chunk: bytes) -> None:
        self.heard[stream] += chunk

    def run(self, command: str, stop: StopReason | None = None) -> int:
        self.number += 1
        self.heard = dict.fromkeys(self.heard, b"")
        return self.supervisor.run(
            request_for(self.program(command), self.record()), self.hear, lambda _: stop
        ).exit_code

    def pids(self, marker: Marker) -> list[int]:
        return [one.pid for one in procfs.processes() if procfs.has_marker(one.pid, marker)]

    def supervisors(self) -> list[int]:
        return self.pids(supervisor_marker(self.mark))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    with bench.supervisor:
        yield bench


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_one_supervisor_for_all_scripts_of_a_run(bench: Bench) -> None:
    bench.supervisor.confirm()
    first = bench.supervisors()
    assert len(first) == 1
    assert bench.run("echo out; echo err >&2; pwd; exit 3") == 3
    assert bench.heard == {Stream.STDOUT: f"out\n{bench.folder}\n".encode(), Stream.STDERR: b"err\n"}
    before = open_descriptors()
    assert [bench.run(f"exit {code}") for code in (0, 5)] == [0, 5]
    assert open_descriptors() == before
    assert bench.supervisors() == first
    bench.supervisor.close()
    assert bench.supervisors() == []


def test_its_record_tells_how_it_ended(bench: Bench) -> None:
    bench.run("exit 3")
    record = read_record(bench.record())
    assert record is not None
    assert record.ended is not None
    assert record.ended.code == 3


def test_one_that_was_ended_between_two_scripts_is_replaced(bench: Bench) -> None:
    bench.run("true")
    (first,) = bench.supervisors()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: procfs.look_up(first) is None)
    assert bench.run("exit 4") == 4
    assert bench.supervisors() not in ([], [first])


def test_after_one_that_was_ended_under_a_script_the_next_script_gets_another(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run("true")
    (first,) = bench.supervisors()
    monkeypatch.setattr(bench, "hear", lambda *_: os.kill(first, signal.SIGKILL))
    # Whether Linux still reports the exit status depends on who reaps orphans here.
    with contextlib.suppress(EndUnknown):
        assert bench.run("echo; sleep 0.2; exit 7") == 7
    monkeypatch.undo()
    assert bench.run("exit 4") == 4
    assert bench.supervisors() not in ([], [first])


def test_one_that_is_ended_before_anybody_reads_the_output_is_no_defect(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run("true")
    (first,) = bench.supervisors()
    opened = Supervisor.open_pipe

    def too_late(of: Supervisor, number: int) -> int:
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: procfs.look_up(first) is None)
        return opened(of, number)

    with monkeypatch.context() as patch:
        patch.setattr(Supervisor, "open_pipe", too_late)
        with pytest.raises(EndUnknown):
            bench.run("exec sleep 600")
    assert bench.pids(execution_marker(bench.mark, ExecutionId(bench.number))) == []
    assert bench.run("exit 4") == 4


def test_a_script_that_is_stopped(bench: Bench) -> None:
    assert bench.run("exec sleep 600", StopReason.TIMED_OUT) == 128 + signal.SIGTERM


def test_there_is_time_for_something_else_while_a_script_is_started(bench: Bench) -> None:
    made = bench.folder / "made meanwhile"
    request = request_for(bench.program('until test -e "made meanwhile"; do sleep 0.01; done; exit 5'), bench.record())
    assert bench.supervisor.run(request, bench.hear, lambda _: None, made.touch).exit_code == 5


@pytest.mark.parametrize("word", ["/no/such/tool", "no-such-tool"])
def test_a_program_that_is_not_there(bench: Bench, word: str) -> None:
    bench.number += 1
    program = Program(
        (word,), {"PATH": os.environ["PATH"]}, execution_marker(bench.mark, ExecutionId(1)), cwd=bench.folder
    )
    with pytest.raises(StartFailed, match=f"{word} is not installed"):
        bench.supervisor.run(request_for(program, bench.record()), bench.hear, lambda _: None)
    assert not bench.record().exists()
    assert bench.run("exit 4") == 4


def test_a_nul_is_refused_before_anything_is_asked(bench: Bench) -> None:
    with pytest.raises(StartFailed, match="a value contains a NUL character"):
        request_for(bench.program("true", ONE="a\0b"), bench.record())
    assert bench.supervisors() == []


def test_without_python_there_is_no_supervisor(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    before = open_descriptors()
    with pytest.raises(StartFailed, match="/no/such/python is not installed"):
        bench.supervisor.confirm()
    assert open_descriptors() == before


class Orphan:
    """A script whose master has died."""

    def __init__(self, bench: Bench, command: str) -> None:
        bench.number += 1
        self.record = bench.record()
        self.record.parent.mkdir(exist_ok=True)
        ours, self.commands = os.pipe()
        replies, theirs = os.pipe()
        self.supervisor = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__, str(ours), str(theirs), "13"], pass_fds=(ours, theirs)
        )
        self.program = bench.program(command)
        supervisor.receive(replies)
        supervisor.send(self.commands, request_for(self.program, self.record).message)
        supervisor.receive(replies)
        for pipe in (ours, theirs, self.commands, replies):
            os.close(pipe)
        record = read_record(self.record)
        assert record is not None
        assert record.began is not None
        self.began: Began = record.began

    def close(self) -> None:
        self.supervisor.kill()
        self.supervisor.wait()
        if (script := procfs.look_up(self.began.script[0])) is not None and script.started == self.began.script[1]:
            os.kill(script.pid, signal.SIGKILL)


@pytest.fixture
def orphan(bench: Bench) -> Iterator[Orphan]:
    orphan = Orphan(bench, f"while [ ! -e {bench.folder}/go ]; do sleep 0.02; done; echo late; echo err >&2; exit 6")
    yield orphan
    orphan.close()


def test_a_script_of_a_dead_master_is_seen_to_its_end(bench: Bench, orphan: Orphan) -> None:
    assert is_watched(orphan.began)
    before = open_descriptors()
    adopted = Adopted(orphan.began, orphan.record)
    assert adopted.roots() == {orphan.began.script[0]}
    assert 0 <= adopted.elapsed <= time.monotonic() - orphan.began.at
    (bench.folder / "go").touch()
    assert follow(adopted, orphan.program, bench.hear, lambda _: None).exit_code == 6
    assert bench.heard == {Stream.STDOUT: b"late\n", Stream.STDERR: b"err\n"}
    assert open_descriptors() == before
    assert orphan.supervisor.wait(30) == 0
    assert not is_watched(orphan.began)


def test_one_whose_supervisor_is_gone_cannot_be_taken_over(orphan: Orphan) -> None:
    orphan.supervisor.kill()
    orphan.supervisor.wait()
    assert not is_watched(orphan.began)
    with pytest.raises(ProcessLookupError):
        Adopted(orphan.began, orphan.record)


def test_the_end_of_one_whose_supervisor_stands_still_is_what_linux_says(bench: Bench, orphan: Orphan) -> None:
    adopted = Adopted(orphan.began, orphan.record)
    orphan.supervisor.send_signal(signal.SIGSTOP)
    (bench.folder / "go").touch()
    assert follow(adopted, orphan.program, bench.hear, lambda _: None).exit_code == 6
    assert orphan.supervisor.wait(30) == -signal.SIGKILL, "it has nothing more to say"
