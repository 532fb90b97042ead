"""Logs are private to their owner, whatever the umask and whatever an older version left."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk import logs
from borgdesk.domain.events import Stream
from borgdesk.domain.script import NewScript
from borgdesk.engine.processes import process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.event_delivery import NOBODY
from borgdesk.engine.runs.output_capture import Capture, Masker
from borgdesk.engine.runs.output_files import OutputFiles
from borgdesk.engine.runs.run_log import RunLog
from borgdesk.engine.script_tests.script_test import ScriptTestSetup, run_test
from tests.engine.desk import PRE, Desk


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct, autouse=True)
def umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """Return the modes of a folder and its content."""
    found = [folder, *folder.rglob("*")]
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in found}


def test_of_runs_and_of_tests(tmp_path: Path) -> None:
    before = os.umask(0o022)
    desk = Desk(tmp_path / "work")
    script = desk.workspace.store.scripts.add(NewScript("Alone", b"echo hello"))
    desk.add("Stop", PRE, "echo hello")
    os.umask(before)
    run = desk.run()
    test = run_test(desk.workspace, script, ScriptTestSetup(), NOBODY, Cancel())
    state = desk.workspace.paths.state
    desk.close()
    for folder, execution in (
        (state / "runs" / str(run.id), run.executions[0]),
        (state / "tests" / str(test.id), test),
    ):
        assert modes(folder) == {
            ".": 0o700,
            "run.log": 0o600,
            "events.jsonl": 0o600,
            "output": 0o700,
            f"output/{execution.id}.0": 0o600,
        }
    assert modes(state / "tests")["."] == 0o700


def test_of_long_output_while_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("borgdesk.engine.runs.output_capture.LOG_CAP", 400)
    log = RunLog(tmp_path / "state" / "runs" / "1" / "run.log")
    capture = Capture(log, "Dump", Masker([]), lambda *_: None, OutputFiles(log.path.parent, "1"))
    for number in range(100):
        capture.feed(Stream.STDOUT, b"line %d\n" % number)
    found = modes(tmp_path / "state")
    assert {name: mode for name, mode in found.items() if name.startswith("runs/1/")} == {
        "runs/1/run.log": 0o600,
        "runs/1/output": 0o700,
        "runs/1/output/1.0": 0o600,
    }
    assert [found[name] for name in (".", "runs", "runs/1")] == [0o700] * 3
    capture.close()
    log.close()


def test_of_the_program_and_its_older_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_SIZE", 2000)
    root = logging.getLogger()
    before = list(root.handlers)
    logs.start(tmp_path / "above" / "state")
    (ours,) = set(root.handlers) - set(before)
    try:
        for number in range(100):
            logging.getLogger("borgdesk.test").warning("message %d", number)
    finally:
        root.removeHandler(ours)
        ours.close()
    names = {"borgdesk.log": 0o600, "borgdesk.log.1": 0o600, "borgdesk.log.2": 0o600}
    assert modes(tmp_path / "above" / "state") == {".": 0o700, **names}


def test_of_the_guardian(tmp_path: Path) -> None:
    log = tmp_path / "guardian.log"
    detached = process.Detached(["/bin/echo", "said"], {}, (), log)
    assert detached.wait(60)
    assert (log.read_text(), modes(log)) == ("said\n", {".": 0o600})


def test_what_an_older_version_left_to_others_is_theirs_no_more(tmp_path: Path) -> None:
    folder, log = tmp_path / "1", tmp_path / "1" / "run.log"
    folder.mkdir()
    folder.chmod(0o755)
    log.touch()
    log.chmod(0o644)
    RunLog(log).close()
    assert modes(folder) == {".": 0o700, "run.log": 0o600}


def test_a_log_that_is_a_device_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run.log").symlink_to("/dev/null")
    before = Path("/dev/null").stat().st_mode
    RunLog(tmp_path / "run.log").close()
    assert Path("/dev/null").stat().st_mode == before
    assert subprocess.run([sys.executable, "-c", "open('/dev/null', 'w')"], check=False).returncode == 0
