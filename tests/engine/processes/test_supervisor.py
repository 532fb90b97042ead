"""Protocol of the supervisor of a run's scripts."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from borgdesk.engine.processes import procfs, supervisor
from borgdesk.engine.processes.script_records import Record, read_record
from borgdesk.engine.processes.supervisor import (
    ENDED,
    HALF,
    NOT_STARTED,
    READY,
    RELEASE,
    STARTED,
    receive,
    request,
    send,
)
from tests.engine.desk import wait_until


class Master:
    """A process that uses a supervisor."""

    def __init__(self, defaults: Sequence[int] = (signal.SIGPIPE, signal.SIGXFSZ)) -> None:
        ours, self.commands = os.pipe()
        self.replies, theirs = os.pipe()
        words = [str(ours), str(theirs), ",".join(str(int(number)) for number in defaults)]
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__, *words], pass_fds=(ours, theirs)
        )
        os.close(ours)
        os.close(theirs)
        self.ready = receive(self.replies)

    def start(self, record: Path, command: str, folder: Path, **environment: str) -> tuple[bytes, ...]:
        variables = [f"{name}={value}".encode() for name, value in {"PATH": os.environ["PATH"], **environment}.items()]
        argv = [b"/bin/sh", b"-c", command.encode()]
        return self.ask(request(bytes(record), bytes(folder), argv, variables))

    def ask(self, message: tuple[bytes, ...]) -> tuple[bytes, ...]:
        send(self.commands, message)
        return self.hear()

    def hear(self) -> tuple[bytes, ...]:
        answer = receive(self.replies)
        assert answer is not None
        return answer

    def release(self) -> None:
        send(self.commands, RELEASE)

    def leave(self) -> None:
        """Close the connection, as the death of the master would."""
        for pipe in (self.commands, self.replies):
            os.close(pipe)
        self.commands = self.replies = -1

    def close(self) -> None:
        if self.commands >= 0:
            self.leave()
        self.process.wait(30)


@pytest.fixture
def master() -> Iterator[Master]:
    master = Master()
    yield master
    master.close()


def printed(master: Master, started: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """Return the complete output of a started script on both streams."""
    return tuple(Path(f"/proc/{master.process.pid}/fd/{int(pipe)}").read_bytes() for pipe in started[2:4])  # type: ignore[return-value]


def of(message: tuple[bytes, ...]) -> tuple[bytes, int]:
    return message[0], int(message[1])


@pytest.mark.parametrize("size", [0, 1, (1 << 20) + 1])
def test_a_message_arrives_as_it_was_sent(size: int) -> None:
    reading, writing = os.pipe()
    fields = (b"one", b"", b"x" * size)
    child = os.fork()
    if child == 0:
        send(writing, fields)
        os._exit(0)
    os.close(writing)
    assert receive(reading) == fields
    assert receive(reading) is None
    os.close(reading)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("cut", [1, 7, 8, 9, 12])
def test_half_a_message_is_none(cut: int) -> None:
    reading, writing = os.pipe()
    os.write(writing, supervisor.framed(b"12345")[:cut])
    os.close(writing)
    assert receive(reading) is None
    os.close(reading)


def test_it_says_who_it_is_and_ends_with_its_master(master: Master) -> None:
    me = procfs.identity(master.process.pid)
    assert master.ready == (READY, b"%d:%d" % (me.pid, me.started))
    master.leave()
    assert master.process.wait(30) == 0


def test_scripts_one_after_the_other(master: Master, tmp_path: Path) -> None:
    for number in (3, 0):
        record = tmp_path / f"record{number}"
        started = master.start(record, f"pwd; echo $ONE >&2; read x; exit {number}", tmp_path, ONE="a=b")
        assert started[0] == STARTED
        assert printed(master, started) == (f"{tmp_path}\n".encode(), b"a=b\n")
        assert of(master.hear()) == (ENDED, number)
        known = read_record(record)
        assert known is not None
        assert known.began is not None
        assert known.ended is not None
        assert b"%d:%d" % known.began.script == started[1]
        assert (known.began.stdout, known.began.stderr) == tuple(map(int, started[2:4]))
        assert known.began.boot_id == procfs.boot_id()
        assert (known.ended.code, known.ended.alone) == (number, False)
        assert known.began.at == pytest.approx(time.monotonic(), abs=600)
        assert known.ended.at == pytest.approx(time.time(), abs=600)
        assert record.stat().st_mode & 0o777 == 0o600
        assert len(record.read_bytes()) == 2 * HALF, "all of it has its place from the beginning"
        master.release()


def test_between_two_scripts_nothing_stays_open(master: Master, tmp_path: Path) -> None:
    open_files = Path(f"/proc/{master.process.pid}/fd")
    before = len(list(open_files.iterdir()))
    for number in range(3):
        started = master.start(tmp_path / str(number), "true", tmp_path)
        assert of(master.hear()) == (ENDED, 0)
        assert Path(f"/proc/{int(started[1].partition(b':')[0])}").exists(), "its pid stays its own until then"
        master.release()
    assert master.ask(request(b"/nowhere/record", b"/", [b"/nowhere/program"], [])) == (
        NOT_STARTED,
        b"%d" % errno.ENOENT,
    )
    assert len(list(open_files.iterdir())) == before


def test_a_signal_is_a_negative_end(master: Master, tmp_path: Path) -> None:
    master.start(tmp_path / "record", "kill -9 $$", tmp_path)
    assert of(master.hear()) == (ENDED, -9)
    master.release()


def test_what_cannot_be_started_leaves_no_record(master: Master, tmp_path: Path) -> None:
    record = tmp_path / "record"
    answer = master.ask(request(bytes(record), bytes(tmp_path), [b"/nowhere/program"], []))
    assert of(answer) == (NOT_STARTED, errno.ENOENT)
    assert not record.exists()


def test_a_script_without_its_folder_or_a_record_runs_all_the_same(master: Master, tmp_path: Path) -> None:
    started = master.start(tmp_path / "not" / "there" / "record", "pwd", tmp_path / "nowhere")
    assert printed(master, started) == (b"/\n", b"")
    assert of(master.hear()) == (ENDED, 0)
    master.release()


def test_the_folder_of_a_record_is_made(master: Master, tmp_path: Path) -> None:
    record = tmp_path / "records" / "record"
    master.start(record, "true", tmp_path)
    assert of(master.hear()) == (ENDED, 0)
    master.release()
    assert record.exists()
    assert record.parent.stat().st_mode & 0o777 == 0o700


def test_the_record_of_an_earlier_try_is_replaced_by_another_file(master: Master, tmp_path: Path) -> None:
    record = tmp_path / "record"
    record.write_bytes(b"x" * 3 * HALF)
    with record.open("rb") as earlier:
        master.start(record, "true", tmp_path)
        assert of(master.hear()) == (ENDED, 0)
        assert earlier.read() == b"x" * 3 * HALF, "somebody may still write there"
    assert len(record.read_bytes()) == 2 * HALF
    master.release()


def test_a_script_has_a_session_no_input_and_signals_of_its_own(tmp_path: Path) -> None:
    command = "grep -E '^Sig(Ign|Blk)' /proc/self/status; cat; ps -o sid= -p $$"
    with closing(Master(defaults=(signal.SIGPIPE,))) as master:
        started = master.start(tmp_path / "record", command, tmp_path)
        blocked, ignored, session = printed(master, started)[0].split(b"\n")[:3]
        assert of(master.hear()) == (ENDED, 0)
    assert int(ignored.split()[1], 16) & 1 << signal.SIGPIPE - 1 == 0
    assert int(blocked.split()[1], 16) == 0
    assert b"%d" % int(session) == started[1].partition(b":")[0]


def test_a_script_goes_on_without_its_master_and_what_it_said_is_kept(master: Master, tmp_path: Path) -> None:
    go, record = tmp_path / "go", tmp_path / "record"
    started = master.start(record, f"while [ ! -e {go} ]; do sleep 0.02; done; echo last words; exit 4", tmp_path)
    outputs = [os.open(f"/proc/{master.process.pid}/fd/{int(pipe)}", os.O_RDONLY) for pipe in started[2:4]]
    master.leave()
    go.touch()
    wait_until(lambda: (known := read_record(record)) is not None and known.ended is not None and known.ended.alone)
    known = read_record(record)
    assert known is not None
    assert known.ended is not None
    assert known.ended.code == 4
    assert master.process.poll() is None, "it stays until somebody has read that"
    assert os.read(outputs[0], 100) == b"last words\n"
    assert master.process.wait(20) == 0, "and no longer"
    for output in outputs:
        os.close(output)


def test_with_its_outputs_read_a_supervisor_without_a_master_ends_at_once(master: Master, tmp_path: Path) -> None:
    record = tmp_path / "record"
    started = master.start(record, "echo out", tmp_path)
    assert printed(master, started) == (b"out\n", b"")
    assert of(master.hear()) == (ENDED, 0)
    master.leave()
    assert master.process.wait(20) == 0
    assert read_record(record) not in (None, Record())


def test_a_full_pipe_is_one_into_which_nobody_can_write() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    assert not supervisor._is_full(reading)
    while True:
        try:
            os.write(writing, b"x" * 4096)
        except BlockingIOError:
            break
    assert supervisor._is_full(reading)
    os.read(reading, 1 << 16)
    assert not supervisor._is_full(reading)
    for pipe in (reading, writing):
        os.close(pipe)
