"""Benchmark of the tick that systemd starts every five minutes. Run by ``make bench``."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from datetime import time
from pathlib import Path

import pytest

from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.schedule import Schedule, daily
from borgdesk.engine.processes.self_start import python_command
from borgdesk.engine.schedule import due
from borgdesk.engine.workspace import Workspace
from tests.benchmarks.pairs import cpu

pytestmark = pytest.mark.benchmark

ROUNDS = 15


def test_a_tick_without_anything_due(tmp_path: Path) -> None:
    environment = {**os.environ, "BORGDESK_HOME": str(tmp_path)}
    workspace = Workspace.open(environment)
    papers = workspace.store.repositories.add(Repository(RepositoryId(0), "Papers", str(tmp_path / "papers")))
    workspace.store.schedules.put(Schedule(papers.id, daily(time(2, 30))))
    due.record(workspace, due.look_at_all(workspace))
    workspace.store.close()
    commands = {"tick": [*python_command("borgdesk.__main__"), "due", "--start"],
                "bare Python": [sys.executable, "-I", "-S", "-c", "pass"]}  # fmt: skip
    for name, argv in commands.items():
        spent = []
        for _ in range(ROUNDS):
            before = cpu(resource.RUSAGE_CHILDREN)
            subprocess.run(argv, env=environment, check=True, capture_output=True)
            spent.append(1000 * (cpu(resource.RUSAGE_CHILDREN) - before))
        print(f"\n{name}: {statistics.median(spent):.1f} ms of CPU (fastest {min(spent):.1f})", end="")
    print()
