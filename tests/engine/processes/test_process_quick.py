"""Programs that answer quickly, and programs that outlive us."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from borgdesk.engine.processes import process, procfs
from borgdesk.engine.processes.process import StartFailed
from tests.dead_disk import dead_disk, has_asked
from tests.engine.desk import wait_until


def test_capture() -> None:
    environment = {"PATH": os.environ["PATH"]}
    assert process.capture(["sh", "-c", "echo a; echo b >&2; exit 3"], environment, 60) == (3, b"a\n", b"b\n")
    with pytest.raises(StartFailed, match=r"^sleep did not respond within 0 seconds\.$"):
        process.capture(["sleep", "600"], environment, 0.1)
    with pytest.raises(StartFailed, match=r"^no-such-program is not installed\.$"):
        process.capture(["no-such-program"], environment, 20)


def test_detached(tmp_path: Path) -> None:
    go, log = tmp_path / "go", tmp_path / "log"
    reading, writing = os.pipe()
    text = f"echo said; while [ ! -e {go} ]; do sleep 0.02; done; cat <&{reading}"
    detached = process.Detached(["/bin/bash", "-c", text], {"PATH": os.environ["PATH"]}, (reading,), log)
    os.close(reading)
    os.write(writing, b"heard\n")
    os.close(writing)
    assert not detached.wait(0)
    found = procfs.look_up(detached.pid)
    assert found is not None
    assert found.session == detached.pid
    go.touch()
    assert detached.wait(60)
    assert log.read_bytes() == b"said\nheard\n"


def test_detached_from_nothing(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="not installed"):
        process.Detached(["/no/such/program"], {}, (), tmp_path / "log")


def test_capture_gives_what_is_to_be_read_and_closes_it() -> None:
    text = b"a line\n" * 100_000
    assert process.capture(["cat"], {"PATH": os.environ["PATH"]}, 60, text) == (0, text, b"")


@pytest.mark.parametrize("command", ["yes", "yes >&2"])
def test_capture_ends_what_answers_without_end(command: str) -> None:
    with pytest.raises(process.StartFailed) as caught:
        process.capture(["sh", "-c", f"exec {command}"], {"PATH": os.environ["PATH"]}, 60)
    assert str(caught.value) == "sh answers without end and was ended."


_HANG = "import os, sys; print(os.getpid(), flush=True); os.stat(sys.argv[1])"


def _state(pid: int) -> str:
    """Return the letter by which Linux tells what a process does, or nothing once it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def hang(file: Path) -> int:
    """Leave a program that hangs in the kernel; return its pid."""
    pid = 0
    lines = process.answers(
        [sys.executable, "-c", _HANG, str(file)], {}, 60, lambda: pid > 0 and has_asked(file.parent, pid)
    )
    pid = int(next(lines))
    assert not list(lines)
    return pid


def test_what_hangs_in_the_kernel_is_abandoned_and_collected_once_it_ends(tmp_path: Path) -> None:
    with dead_disk(tmp_path / "dead") as dead:
        pid = hang(dead / "file")
        wait_until(lambda: _state(pid) == "D")  # killed, and still there
    wait_until(lambda: _state(pid) == "Z")
    process.capture(["true"], {"PATH": os.environ["PATH"]}, 60)
    assert not _state(pid)


def test_nothing_is_said_at_the_exit_of_what_still_hangs(tmp_path: Path) -> None:
    text = f"import sys; from pathlib import Path; from {__name__} import hang; print(hang(Path(sys.argv[1])))"
    with dead_disk(tmp_path / "dead") as dead:
        argv = [sys.executable, "-W", "error", "-c", text, str(dead / "file")]
        exited = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        wait_until(lambda: _state(int(exited.stdout)) == "D")
    assert (exited.returncode, exited.stderr) == (0, "")
