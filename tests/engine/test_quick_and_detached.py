"""Programs that answer quickly, and programs that go on when we die."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from borgdesk.engine import process, procfs
from borgdesk.engine.process import StartFailed


def test_capture() -> None:
    environment = {"PATH": os.environ["PATH"]}
    assert process.capture(["sh", "-c", "echo a; echo b >&2; exit 3"], environment, 60) == (3, b"a\n", b"b\n")
    with pytest.raises(StartFailed, match=r"^sleep did not answer within 0 seconds\.$"):
        process.capture(["sleep", "600"], environment, 0.1)
    with pytest.raises(StartFailed, match=r"^no-such-program is not on this machine\.$"):
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
    with pytest.raises(StartFailed, match="not on this machine"):
        process.Detached(["/no/such/program"], {}, (), tmp_path / "log")
