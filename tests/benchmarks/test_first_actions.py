"""Benchmark of what is done for the first time: how long the window's thread works at once. Run by ``make bench``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.first_action import ACTIONS
from tests.gui.scene import POST, PRE, Scene

pytestmark = [pytest.mark.benchmark, pytest.mark.gui, pytest.mark.timeout(3600)]

TIMES = 3
_PROGRAM = """
import sys
from borgdesk.gui.workers.plain_import import load_qt
load_qt()
from tests.benchmarks import first_action
first_action.main(*sys.argv[1:])
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a set-up with two repositories, scripts and runs."""
    scene = Scene(tmp_path)
    documents, _photos = scene.repository(), scene.repository("Photos")
    scene.hook(documents, "Stop containers", "echo stopping", PRE)
    scene.hook(documents, "Start containers", "echo starting", POST)
    for _ in range(3):
        scene.run(documents)
    scene.close()
    assert scene.workspace.paths.home is not None
    return scene.workspace.paths.home


@pytest.mark.parametrize("when", ["early", "late"])
def test_first_actions(home: Path, tmp_path: Path, when: str) -> None:
    environment = {
        **os.environ,
        "BORGDESK_HOME": str(tmp_path / "copy"),
        "BORGDESK_SECRETS": "file",
        "QT_QPA_PLATFORM": "offscreen",
        # The dispatcher of GLib does not say when it begins to wait.
        "QT_NO_GLIB": "1",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    print()
    for name in ACTIONS:
        turns = []
        for _ in range(TIMES):
            shutil.copytree(home, tmp_path / "copy")
            done = subprocess.run(
                [sys.executable, "-c", _PROGRAM, name, when],
                env=environment, capture_output=True, text=True, check=True, timeout=120,
            )  # fmt: skip
            turns.append(json.loads(done.stdout.splitlines()[-1]))
            shutil.rmtree(tmp_path / "copy")
        turns.sort(key=lambda turn: float(turn["work"]))
        print(f"{name}, {when}: {', '.join(format(turn['work'], '.0f') for turn in turns)} ms of work")
        if turns[0]["work"] > 25:
            print("".join(f"    {line}\n" for line in turns[0]["causes"]), end="")
