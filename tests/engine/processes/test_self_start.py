"""Processes of our own import only our modules and the standard library, wherever they are started."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from borgdesk.engine.desktop import autostart
from borgdesk.engine.processes.self_start import GUARDIAN, is_guardian, own_folders, python_command

TRAPS = ("queue.py", "random.py", "calendar.py", "signal.py", "sqlite3.py")
SPRUNG = "raise SystemExit('imported from a folder that is not ours')\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Create a folder with files named like modules, as home folders may have."""
    for name in TRAPS:
        (tmp_path / name).write_text(SPRUNG)
    return tmp_path


def started(argv: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        argv,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout


def test_nothing_is_imported_from_the_current_folder(home: Path) -> None:
    assert started([*python_command("borgdesk.__main__"), "recover"], home) == "Nothing is owed.\n"


def test_nothing_is_imported_from_the_folders_of_an_environment(home: Path) -> None:
    printed = started(
        [*python_command("borgdesk.__main__"), "recover"], Path("/"), HOME=str(home), PYTHONPATH=str(home)
    )
    assert printed == "Nothing is owed.\n"


def test_backports_do_not_stand_in_for_the_standard_library(home: Path) -> None:
    """A folder of packages on this process's path comes after the standard library."""
    folders = own_folders([str(Path.cwd()), str(home), *sys.path], safe=False)
    code = f"import sys; sys.path += {folders!r}; import queue, sqlite3, borgdesk.engine.workspace; print('ours')"
    assert started([sys.executable, "-I", "-S", "-c", code], Path("/")) == "ours\n"


def test_the_folder_that_it_was_started_in_is_left_out(tmp_path: Path) -> None:
    path = ["", str(tmp_path / "given"), "relative"]
    assert str(tmp_path / "given") in own_folders(path, safe=False)
    assert own_folders([str(tmp_path), str(tmp_path / "given")], safe=False)[1:] == [str(tmp_path / "given")]
    assert own_folders([str(tmp_path)], safe=True)[1:] == [str(tmp_path)]
    assert all(Path(folder).is_absolute() for folder in own_folders(path, safe=True))


def test_the_autostart_of_a_checkout_starts_anywhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    path = autostart.install({"HOME": str(home)})
    assert path is not None
    (line,) = [line for line in path.read_text().splitlines() if line.startswith("Exec=")]
    argv = shlex.split(line.removeprefix("Exec=").replace("%%", "%"))
    assert started(argv, home) == "Nothing is owed.\n"


def test_a_guardian_is_known_by_its_command_while_it_is_there() -> None:
    argv = [sys.executable, "-c", "print(flush=True); input()", GUARDIAN]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as guardian:
        assert guardian.stdout is not None
        guardian.stdout.readline()  # before it runs, its command may still be empty
        assert is_guardian(guardian.pid)
        assert not is_guardian(os.getpid())
        guardian.kill()
    assert not is_guardian(guardian.pid)
