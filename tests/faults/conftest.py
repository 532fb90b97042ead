"""Fixtures of the fault tests, and the table printed at the end."""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.lab import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, os.environ.get("BORGDESK_BORG") or shutil.which("borg") or "borg")
    yield made
    made.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the matrix: one row per step, one column per fault."""
    from tests.faults.test_matrix import FAULTS, STEPS, applies

    cells: dict[tuple[str, str], str] = {}
    delays: list[tuple[float, str]] = []
    for verdict in ("passed", "failed"):
        for report in terminalreporter.getreports(verdict):
            properties = dict(report.user_properties)
            if "cell" in properties:
                step, fault = str(properties["cell"]).split("|")
                cells[step, fault] = "ok" if verdict == "passed" else "FAILED"
            if "delay" in properties:
                delays.append((float(str(properties["delay"])), str(properties["cell"]).split("|")[0]))
    write = terminalreporter.write_line
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        if campaign := dict(report.user_properties).get("campaign"):
            write(f"campaign: {campaign}")
    if not cells:
        return
    write("")
    write("step".ljust(14) + "".join(fault.ljust(12) for fault in FAULTS))
    for step in STEPS:
        row = [cells.get((step, fault), "not run" if applies(step, fault) else "-") for fault in FAULTS]
        write(step.ljust(14) + "".join(word.ljust(12) for word in row))
    passed = sum(word == "ok" for word in cells.values())
    write(f"{passed} of {len(cells)} cells as the contract says")
    if delays:
        median, (longest, step) = statistics.median(delay for delay, _ in delays), max(delays)
        write(f"from SIGKILL to what the guardian ran first: median {median:.2f} s, max {longest:.2f} s ({step})")
