"""BorgDesk runs nothing of the folder in which it is started, whoever has put something there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.domain.run import Hook
from borgdesk.domain.script import NewScript
from borgdesk.engine.processes.self_start import python_command
from tests.cli.lab import BorgDesk, wait_until

MODULES = (
    *(
        "borgdesk",
        "sitecustomize",
        "usercustomize",
        "json",
        "queue",
        "random",
        "signal",
        "sqlite3",
        "logging",
        "select",
    ),
    *("secrets", "subprocess", "PySide6", "sqlalchemy", "keyring", "jeepney", "platformdirs", "encodings"),
)
PROGRAMS = ("borg", "bash", "sh", "python3", "ssh", "systemctl", "shellcheck", "fusermount3", "mktemp", "sleep")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[BorgDesk]:
    """Provide a BorgDesk with a script that finds its programs in the search path."""
    desk = BorgDesk(tmp_path / "desk")
    del desk.environment["PYTHONPATH"]
    desk.add_repository("Docs")
    text = b"#!/usr/bin/env bash\nsleep 0\nsh -c 'exit 0'\n"
    desk.workspace.store.scripts.add(NewScript("look around", text))
    desk.assign("Docs", "look around", Hook.PRE_BACKUP)
    yield desk
    desk.close()


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Create a folder of somebody else, with files named like what BorgDesk imports and starts."""
    folder = tmp_path / "trap"
    folder.mkdir()
    for name in MODULES:
        (folder / f"{name}.py").write_text(f"open({str(folder / 'sprung')!r}, 'a').write({name!r} + ' ')\n")
    for name in PROGRAMS:
        (folder / name).write_text(f"#!/bin/bash\necho -n '{name} ' >>'{folder}/sprung'\nexit 1\n")
        (folder / name).chmod(0o755)
    return folder


def sprung(trap: Path) -> list[str]:
    """Return what was imported or started from the folder."""
    file = trap / "sprung"
    return sorted({*file.read_text().split()}) if file.exists() else []


def test_a_run_with_its_guardian_and_scripts(desk: BorgDesk, trap: Path) -> None:
    """Nor if the search path leads there: an empty entry means the current folder, too."""
    here = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": f".::../trap:{desk.environment['PATH']}:"}
    done = started(desk, trap, [sys.executable, "-P", "-m", "borgdesk", "run", "Docs"], **here)
    assert done.returncode == 0, done.stdout
    assert sprung(trap) == []


def test_folders_of_the_environment_are_not_for_borgdesk_itself(desk: BorgDesk, trap: Path) -> None:
    variables = {"PYTHONPATH": str(trap), "PYTHONSTARTUP": str(trap / "queue.py"), "PYTHONHOME": str(trap)}
    done = started(desk, trap, [*python_command("borgdesk.__main__"), "repo", "list"], **variables)
    assert done.returncode == 0, done.stdout
    assert sprung(trap) == []


def test_the_window(desk: BorgDesk, trap: Path) -> None:
    runtime = desk.folder / "run"
    runtime.mkdir(0o700)
    variables = {"XDG_RUNTIME_DIR": str(runtime), "QT_QPA_PLATFORM": "offscreen", "PATH": f".:{os.environ['PATH']}"}
    window = subprocess.Popen(
        python_command("borgdesk.__main__"),
        cwd=trap,
        env={**desk.environment, **variables, "PYTHONPATH": str(trap)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        wait_until(lambda: [one for one in runtime.rglob("*") if one.is_socket()], "the window listens")
    finally:
        window.send_signal(signal.SIGTERM)
        printed, _ = window.communicate(timeout=60)
    assert window.returncode == 0, printed
    assert sprung(trap) == []


def started(desk: BorgDesk, folder: Path, argv: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder."""
    return subprocess.run(
        argv,
        cwd=folder,
        env={**desk.environment, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
