"""Guardian's recovery from memory, with real scripts; the case without the program is tested in ``tests/faults``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.engine.processes import procfs, supervisor
from borgdesk.engine.processes.script_records import read_record
from borgdesk.engine.processes.supervisor import HALF, request
from borgdesk.engine.runs import hold_file, hold_process, last_resort
from borgdesk.engine.runs.hold_file import Member, Wish
from borgdesk.engine.runs.last_resort import Owed, in_words, pack, put_back, texts_in
from tests.engine.desk import wait_until
from tests.stepped_clock import SteppedClock


class Run:
    """A run with pending scripts, each of which writes its name to a journal at its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = f"BORGDESK_RUN_TOKEN={folder}"
        self.owed: list[Owed] = []
        self.journal_file = folder / "journal"

    def owe(self, name: str, command: str = "", timeout: float = 60.0) -> Owed:
        number = len(self.owed) + 1
        text = f"#!/bin/sh\n{command}\necho {name} >>{self.journal_file}\n".encode()
        script = self.folder / name
        script.write_bytes(text)
        script.chmod(0o700)
        marker = (self.mark, f"BORGDESK_EXECUTION_ID={number}", f"PATH={os.environ['PATH']}")
        variables = [variable.encode() for variable in marker]
        what = request(bytes(self.record(number)), bytes(self.folder), [b"/bin/sh", bytes(script)], variables)
        self.owed.append(Owed(number, name, timeout, text, what))
        return self.owed[-1]

    def record(self, number: int) -> Path:
        return self.folder / f"record{number}"

    def put_back(self) -> tuple[list[str], list[str]]:
        return put_back(pack(self.mark, self.owed))

    def journal(self) -> list[str]:
        return self.journal_file.read_text().split() if self.journal_file.exists() else []

    def code(self, number: int) -> int:
        record = read_record(self.record(number))
        assert record is not None
        assert record.ended is not None
        return record.ended.code


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


class Left:
    """A process left running by a dead run or by somebody else."""

    def __init__(self, execution: str, mark: str, words: str = "exec sleep 600") -> None:
        name, _, value = mark.partition("=")
        environment = {"PATH": os.environ["PATH"], name: value, "BORGDESK_EXECUTION_ID": execution}
        self.process = subprocess.Popen(["sh", "-c", words], env=environment, start_new_session=True)
        wait_until(lambda: Path(f"/proc/{self.process.pid}/cmdline").read_bytes().startswith(b"sleep"))

    def ended(self) -> int | None:
        return self.process.poll()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def left() -> Iterator[list[Left]]:
    found: list[Left] = []
    yield found
    for one in found:
        one.close()


def test_who_came_to_an_end_and_who_did_not_are_both_named() -> None:
    assert in_words(["a", "b", "c"], []) == "“a”, “b” and “c” ran afterwards."
    assert in_words(["a"], ["b"]) == "“a” ran afterwards. “b” did not finish. Check that all services are running."
    assert in_words([], []) == "There was nothing to put back."


def test_what_is_owed_runs_in_its_order_and_each_script_once(run: Run) -> None:
    run.owe("one")
    run.owe("two", "exit 7")
    run.owe("three", "yes | head -c 300000; yes | head -c 300000 >&2")
    assert run.put_back() == (["one", "two", "three"], [])
    assert run.journal() == ["one", "three"]
    assert [run.code(number) for number in (1, 2, 3)] == [0, 7, 0]
    assert run.put_back() == (["one", "two", "three"], [])
    assert run.journal() == ["one", "three"], "what has ended is not run again"


def test_texts_come_as_they_were_packed(run: Run) -> None:
    one, two = run.owe("one"), run.owe("two")
    assert texts_in(pack(run.mark, run.owed)) == [one.text, two.text]


@pytest.mark.parametrize("what", ["gone", "altered", "longer", "folder"])
def test_a_script_whose_copy_is_not_what_it_was_runs_from_memory(
    run: Run, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    run.owe("one")
    copy = run.folder / "one"
    text = copy.read_bytes()
    copy.unlink()
    if what == "altered":
        copy.write_bytes(text.replace(b"one", b"two"))
    elif what == "longer":
        copy.write_bytes(text + b"echo more >>" + bytes(run.journal_file))
    elif what == "folder":
        copy.mkdir()
    assert run.put_back() == (["one"], [])
    assert run.journal() == ["one"]
    assert "“one” is run from memory" in capfd.readouterr().err


def test_a_script_whose_copy_is_there_runs_from_that(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    run.owe("one", "echo $0 >&2")
    run.put_back()
    said = capfd.readouterr().err
    assert "“one” is started" in said
    assert "memory" not in said


def test_one_that_takes_too_long_is_ended_and_the_next_one_has_its_turn(run: Run) -> None:
    run.owe("one", "sleep 600", timeout=0.3)
    run.owe("two")
    assert run.put_back() == (["one", "two"], [])
    assert run.journal() == ["two"]
    assert run.code(1) == -signal.SIGTERM


def test_one_that_cannot_be_started_did_not_come_to_an_end(
    run: Run, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_resort, "time", SteppedClock())
    owed = run.owe("one", timeout=0.25)
    record, folder, count, _, *rest = owed.request
    owed.request = (record, folder, count, b"/nowhere/sh", *rest)
    run.owe("two")
    assert run.put_back() == (["two"], ["one"])
    said = capfd.readouterr().err
    assert "“one” could not be started: No such file or directory" in said
    assert said.count("“one” is started") == 2, "it is tried again while there is time"


def test_what_the_dead_run_left_is_ended_but_not_what_is_owed_or_foreign(run: Run, left: list[Left]) -> None:
    run.owe("one")
    run.owe("two")
    left += [
        Left("borg", run.mark),
        Left("77", run.mark),
        Left("2", run.mark),
        Left("supervisor", run.mark),
        Left("", run.mark),
        Left("borg", run.mark + "x"),
        Left("77", "OTHER=1"),
    ]
    assert run.put_back() == (["one", "two"], [])
    wait_until(lambda: None not in [one.ended() for one in left[:2]])
    assert [one.ended() for one in left] == [-signal.SIGTERM, -signal.SIGTERM, *[None] * 5]


def test_what_does_not_listen_is_killed(run: Run, left: list[Left]) -> None:
    left.append(Left("borg", run.mark, "trap '' TERM; exec sleep 600"))
    run.put_back()
    wait_until(lambda: left[0].ended() is not None)
    assert left[0].ended() == -signal.SIGKILL


class Supervised:
    """A script started by the dead run, whose supervisor still exists."""

    def __init__(self, owed: Owed) -> None:
        ours, self.commands = os.pipe()
        replies, theirs = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__, str(ours), str(theirs), "13"], pass_fds=(ours, theirs)
        )
        assert supervisor.receive(replies) is not None
        supervisor.send(self.commands, owed.request)
        answer = supervisor.receive(replies)
        assert answer is not None
        assert answer[0] == supervisor.STARTED
        for pipe in (ours, theirs, self.commands, replies):
            os.close(pipe)

    def close(self) -> None:
        self.process.wait(30)


def test_one_that_is_under_way_is_waited_for(run: Run) -> None:
    under_way = Supervised(run.owe("one", "sleep 0.5"))
    run.owe("two")
    assert run.put_back() == (["one", "two"], [])
    under_way.close()
    assert run.journal() == ["one", "two"]


def test_one_that_is_under_way_for_too_long_is_ended(run: Run) -> None:
    under_way = Supervised(run.owe("one", "sleep 600", timeout=0.3))
    assert run.put_back() == (["one"], [])
    under_way.close()
    assert run.journal() == []
    assert run.code(1) == -signal.SIGTERM


@pytest.mark.parametrize("lie", ["another boot", "another process", "nobody", "starting"])
def test_a_record_of_somebody_who_is_not_there_keeps_nothing_from_being_run(run: Run, lie: str) -> None:
    run.owe("one")
    me = procfs.identity(os.getpid())
    with subprocess.Popen(["true"]) as gone:
        pass
    boot = "another" if lie == "another boot" else procfs.boot_id()
    pid = gone.pid if lie == "nobody" else me.pid
    started = me.started + (lie == "another process")
    state = "starting" if lie == "starting" else "running"
    line = f"{state} {pid}:{started} {boot} {pid}:{started} 3 4 1.0".encode()
    run.record(1).write_bytes(line.ljust(2 * HALF))
    assert run.put_back() == (["one"], []), "it is not waited for"
    assert run.journal() == ["one"]


def test_a_record_that_is_a_pipe_keeps_nobody_waiting(run: Run) -> None:
    run.owe("one")
    os.mkfifo(run.record(1))
    assert run.put_back() == (["one"], [])
    assert run.journal() == ["one"]


def test_a_file_in_memory_has_its_text_to_the_end() -> None:
    text = os.urandom(1 << 20)
    assert Path(os.fsdecode(last_resort.in_memory(text))).read_bytes() == text


class TestHolds:
    """What several runs keep stopped is started by the last of them, also without the program."""

    KEY = "0" * 32

    @pytest.fixture
    def holds(self, tmp_path: Path) -> str:
        return str(tmp_path / "holds")

    def take(self, holds: str, run: int, who: str, mark: str = "TOKEN=1") -> None:
        hold_file.take(holds, Wish(self.KEY, "place", "web"), Member(run, mark, [who]), "now")
        hold_file.took(holds, self.KEY, run, stopped=True)

    def owe(self, run: Run, holds: str, command: str = "") -> None:
        run.owe("start", command).held = (holds, self.KEY, 1)

    def test_the_last_one_starts_it_and_says_so(self, run: Run, holds: str) -> None:
        self.take(holds, 1, hold_process.this_process())
        self.owe(run, holds)
        assert run.put_back() == (["start"], [])
        assert run.journal() == ["start"]
        assert hold_file.every(holds) == []

    def test_others_that_live_are_left_the_start(self, run: Run, holds: str) -> None:
        self.take(holds, 1, hold_process.this_process())
        self.take(holds, 2, hold_process.this_process())
        self.owe(run, holds)
        run.owe("report")
        assert run.put_back() == (["start", "report"], [])
        assert run.journal() == ["report"]
        (hold,) = hold_file.every(holds)
        assert (hold.state, [*hold.members]) == (hold_file.HELD, [2])

    def test_the_borg_of_a_dead_one_is_ended_before_the_start(self, run: Run, left: list[Left], holds: str) -> None:
        self.take(holds, 1, hold_process.this_process())
        self.take(holds, 2, "1:1:another-boot", "BORGDESK_RUN_TOKEN=other")
        left.append(Left("borg", "BORGDESK_RUN_TOKEN=other"))
        self.owe(run, holds)
        assert run.put_back() == (["start"], [])
        assert left[0].ended() == -signal.SIGTERM

    def test_a_start_that_failed_is_settled_by_whoever_writes_the_history(self, run: Run, holds: str) -> None:
        self.take(holds, 1, hold_process.this_process())
        self.owe(run, holds, "exit 7")
        assert run.put_back() == (["start"], [])
        (hold,) = hold_file.every(holds)
        assert (hold.state, [*hold.members]) == (hold_file.RELEASING, [1])

    def test_files_that_cannot_be_written_leave_it_undone(self, run: Run, holds: str) -> None:
        Path(holds).write_text("no folder")
        run.owe("start", timeout=0.3).held = (holds, self.KEY, 1)
        assert run.put_back() == ([], ["start"])
        assert run.journal() == []
