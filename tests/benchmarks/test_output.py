"""Benchmark of output processing: throughput and memory. Run by ``make bench``; prints figures, sets no limits."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.domain.events import Event, Tell
from borgdesk.domain.script import NewScript, Script
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.event_delivery import NOBODY
from borgdesk.engine.script_tests.script_test import ScriptTestSetup, run_test
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.workers.engine_thread import Batch

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(300)]

SIZE = 300_000_000
SECRETS = {f"PASSWORD_{number}": f"correct horse battery {number}" for number in range(3)}


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace.open({**os.environ, "BORGDESK_HOME": str(tmp_path / "desk"), "BORGDESK_SECRETS": "file"})
    yield workspace
    workspace.store.close()


def peak_memory() -> int:
    """Return the peak memory in bytes of this process since :func:`forget_peak`."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def forget_peak() -> int:
    Path("/proc/self/clear_refs").write_text("5")
    return peak_memory()


def script(workspace: Workspace, line: str) -> Script:
    return workspace.store.scripts.add(
        NewScript("Flood", f"#!/bin/sh\nyes '{line}' | head -c {SIZE}\n".encode(), timeout=280)
    )


def heard(_: Event) -> None:
    """Listener that is called in a thread, like the command line's."""


LISTENERS: dict[str, Tell] = {"nobody": NOBODY, "a thread": heard, "a window": Batch()}


@pytest.mark.parametrize("listener", LISTENERS)
@pytest.mark.parametrize("hidden", [False, True], ids=["nothing to mask", "three secrets"])
@pytest.mark.parametrize("width", [2, 70])
def test_throughput(workspace: Workspace, width: int, hidden: bool, listener: str) -> None:
    flood = script(workspace, "y" * (width - 1))
    secrets = SECRETS if hidden else {}
    setup = ScriptTestSetup(values=secrets, secrets=frozenset(secrets))
    before = forget_peak()
    began = time.perf_counter()
    execution = run_test(workspace, flood, setup, LISTENERS[listener], Cancel())
    took = time.perf_counter() - began
    grown = peak_memory() - before
    assert execution.truncated
    bare = time.perf_counter()
    subprocess.run(["/bin/sh", "-c", f"yes {'y' * (width - 1)} | head -c {SIZE} | cat > /dev/null"], check=True)
    bare = time.perf_counter() - bare
    print(
        f"\n{SIZE // 10**6} MB of lines of {width} bytes, {len(secrets)} secrets, heard by {listener}: "
        f"{SIZE / took / 1e6:.0f} MB/s, {grown / 1e6:.0f} MB of memory more; cat {SIZE / bare / 1e6:.0f} MB/s"
    )


def test_every_line_has_a_secret(workspace: Workspace) -> None:
    flood = script(workspace, f"the password is {SECRETS['PASSWORD_1']}, as every line says, again and again")
    began = time.perf_counter()
    run_test(workspace, flood, ScriptTestSetup(values=SECRETS, secrets=frozenset(SECRETS)), NOBODY, Cancel())
    print(f"\na secret in every line: {SIZE / (time.perf_counter() - began) / 1e6:.0f} MB/s")
