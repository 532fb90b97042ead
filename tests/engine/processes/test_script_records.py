"""Records of supervisors about scripts, as a recovery reads them from files in any condition."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from borgdesk.domain.ids import ExecutionId
from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.script_records import (
    Began,
    Ended,
    Record,
    all_records,
    read_record,
    record_file,
    records_in,
)
from borgdesk.engine.processes.supervisor import HALF
from borgdesk.engine.runs.run_folders import run_folder
from tests.engine.desk import PRE, Desk, wait_until
from tests.engine.repositories.test_queue import gate

BOOT = "0a1b2c3d-boot"
RUNNING = f"running 10:11 {BOOT} 20:21 3 4 5.500".encode()
BEGAN = Began((10, 11), BOOT, (20, 21), 3, 4, 5.5)


def written(folder: Path, began: bytes, ended: bytes = b"") -> Path:
    path = record_file(folder, ExecutionId(7))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(began.ljust(HALF - 1) + b"\n" + (ended.ljust(HALF - 1) + b"\n" if ended else b""))
    return path


def test_a_script_has_a_record_as_long_as_history_does_not_know_its_end(desk: Desk) -> None:
    desk.add("Stop", PRE, f"echo $$ >{desk.file('pid')}; {gate(desk)}")
    running = desk.start()
    wait_until(desk.file("there").exists)
    (run,) = desk.workspace.store.runs.unfinished()
    folder = run_folder(desk.workspace, run.id)
    (record,) = all_records(folder)
    assert record.began is not None
    assert record.ended is None
    pid = int(desk.file("pid").read_text())
    assert record.began.script == (pid, procfs.identity(pid).started)
    assert record.began.session() == {pid}
    assert procfs.identity(record.began.supervisor[0]).started == record.began.supervisor[1]
    assert 0.0 < record.began.at <= time.monotonic()
    desk.file("go").touch()
    running.result()
    assert all_records(folder) == []
    assert not records_in(folder).exists()


@pytest.mark.parametrize(
    ("began", "ended", "record"),
    [
        (RUNNING, b"", Record(BEGAN)),
        (RUNNING, b"ended 0 1700000000.500", Record(BEGAN, Ended(0, 1700000000.5))),
        (RUNNING, b"ended -9 1.000 alone", Record(BEGAN, Ended(-9, 1.0, alone=True))),
        (b"starting 10:11 " + BOOT.encode(), b"", Record()),
        (RUNNING.replace(b"running", b"waiting"), b"", Record()),
        (RUNNING.replace(b"20:21", b"20"), b"", Record()),
        (RUNNING[:20], b"", Record()),
        (RUNNING, b"ended", Record(BEGAN)),
        (RUNNING, b"ended soon 1.0", Record(BEGAN)),
        (RUNNING, b"began 0 1.0", Record(BEGAN)),
        (b"\0\xff", b"\0\xff", Record()),
    ],
)
def test_what_a_record_says_and_what_a_broken_one_does_not(
    tmp_path: Path, began: bytes, ended: bytes, record: Record
) -> None:
    assert read_record(written(tmp_path, began, ended)) == record
    assert all_records(tmp_path) == [record]


def test_what_is_no_record_keeps_nobody_waiting(tmp_path: Path) -> None:
    assert read_record(record_file(tmp_path, ExecutionId(7))) is None
    assert all_records(tmp_path) == []
    known = written(tmp_path, RUNNING)
    (known.parent / "folder").mkdir()
    os.mkfifo(known.parent / "pipe")
    assert read_record(known.parent / "folder") is None
    assert Record(BEGAN) in all_records(tmp_path)


def test_a_pid_is_used_again() -> None:
    with subprocess.Popen(["sleep", "600"]) as other:
        started, boot = procfs.identity(other.pid).started, procfs.boot_id()
        sessions = [
            Began((1, 1), boot_id, (other.pid, began), 3, 4, 1.0).session()
            for boot_id, began in ((boot, started), (boot, started - 1), ("another", started))
        ]
        other.kill()
        other.wait()
    assert sessions == [{other.pid}, frozenset(), frozenset()]
    # The session's leader has ended, but a process of it remains.
    assert Began((1, 1), boot, (other.pid, started), 3, 4, 1.0).session() == {other.pid}
