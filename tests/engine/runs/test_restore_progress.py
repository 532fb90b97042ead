"""Progress of a restore: what Borg is writing, seen from outside."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from borgdesk.domain.events import BorgProgressed, Event
from borgdesk.engine.processes.markers import borg_marker, marked
from borgdesk.engine.runs import restore_progress
from borgdesk.engine.runs.restore_progress import ExtractProgress, StepProgress
from tests.engine.desk import Desk, wait_until
from tests.engine.runs.armed_runs import active
from tests.listening import InStep

BORG = """
import os, sys
file = os.open(os.fsencode(sys.argv[1]), os.O_WRONLY | os.O_CREAT)
os.write(file, bytes(300_000))
input()
os.close(file)
other = os.open("/dev/null", os.O_WRONLY)
os.write(other, bytes(200_000))
input()
"""


def test_not_every_item_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[BorgProgressed] = []

    def tell(event: Event) -> None:
        assert isinstance(event, BorgProgressed)
        told.append(event)

    with active(desk, tell=InStep(tell)) as run:
        progress = StepProgress(run, 4, 0)
        for moment in (100.0, 100.1, 100.3, 100.4):
            monkeypatch.setattr(restore_progress, "time", SimpleNamespace(monotonic=partial(float, moment)))
            progress.add(f"at {moment}", 10)
    assert [(one.text, one.files, one.original_size, one.fraction) for one in told] == [
        ("at 100.0", 1, 10, 0.25), ("at 100.3", 3, 30, 0.75),
    ]  # fmt: skip


def test_what_borg_writes_is_told_from_its_first_file_on(desk: Desk, tmp_path: Path) -> None:
    """Between two files, Borg has none open."""
    stage = tmp_path.resolve() / "stage"
    stage.mkdir()
    told: list[BorgProgressed] = []

    def tell(event: Event) -> None:
        assert isinstance(event, BorgProgressed)
        told.append(event)

    with active(desk, tell=InStep(tell)) as run, ExtractProgress(run, stage, 400_000):
        borg = subprocess.Popen(
            [sys.executable, "-B", "-c", BORG, stage / "letter\udcff"],
            env=marked(borg_marker(run.mark)),
            stdin=subprocess.PIPE,
        )
        assert borg.stdin is not None
        wait_until(lambda: told and told[-1].original_size == 300_000)
        assert (told[-1].text, told[-1].files, told[-1].fraction) == ("letter?", None, 0.75)
        borg.stdin.write(b"\n")
        borg.stdin.flush()
        wait_until(lambda: told[-1].original_size == 500_000)
        assert (told[-1].text, told[-1].fraction) == ("letter?", 1.0)
        borg.communicate(b"\n")
        count = len(told)
        wait_until(lambda: len(told) > count)
        assert told[-1].original_size == 500_000, "it is gone"
