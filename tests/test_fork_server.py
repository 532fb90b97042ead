"""Processes of the fork server are given what Python is given when it starts, and end as it does."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import fork_server, process_state

Completed = subprocess.CompletedProcess[bytes]

LINES = random.Random(0).randbytes(500_000).hex().encode() + b"\r\n"
"""More than a pipe takes."""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "BORGDESK_HOME": str(tmp_path)}
    return fork_server.SURROUNDINGS | own


def forked(*arguments: str, environment: dict[str, str], stdin: bytes = b"") -> Completed:
    return fork_server.run(arguments, environment, stdin, module="tests.process_state")


def started(*arguments: str, environment: dict[str, str], stdin: bytes = b"") -> Completed:
    argv = [sys.executable, "-W", "error", "-m", "tests.process_state", *arguments]
    return subprocess.run(argv, env=environment, input=stdin, capture_output=True, check=False, timeout=60)


def test_they_are_given_the_same(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environment |= {"TZ": "Asia/Kolkata", "BYTES": "\udcff", "LANGUAGE": "sv"}
    words = ("state", "two words", "\udcff", "")
    before = os.umask(0o027)
    try:
        state = json.loads(forked(*words, environment=environment).stdout)
        assert state == json.loads(started(*words, environment=environment).stdout)
    finally:
        os.umask(before)
    assert state["environment"] == environment
    assert (state["folder"], state["status"]["Umask"], state["descriptors"]) == (str(tmp_path), "0027", [0, 1, 2, 3])


@pytest.mark.parametrize("way", process_state.WAYS)
def test_they_end_in_the_same_way(way: str, environment: dict[str, str]) -> None:
    one = forked(way, environment=environment, stdin=LINES)
    other = started(way, environment=environment, stdin=LINES)
    assert (one.returncode, one.stdout) == (other.returncode, other.stdout)
    # The tracebacks of both have the same exception, called by different modules.
    assert one.stderr.splitlines()[-1:] == other.stderr.splitlines()[-1:]
    assert bool(one.stderr) == bool(other.stderr)


def test_nothing_is_remembered_from_before(environment: dict[str, str]) -> None:
    found = json.loads(forked("loaded", environment=environment).stdout)
    assert {"borgdesk.cli.runs", "borgdesk.store.tables", "alembic.command"} <= set(found["modules"])
    assert not {"PySide6", "PyQt6", "shiboken6"} & set(found["modules"])
    assert found["functions"] > 3
    assert found["cached"] == []


def test_many_at_a_time(environment: dict[str, str]) -> None:
    texts = [f"{number}".encode() * 100_000 for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        read = [*threads.map(lambda text: forked("read", environment=environment, stdin=text).stdout, texts)]
    assert read == [text + b"\nno newline" for text in texts]


def test_one_that_takes_too_long_is_killed(environment: dict[str, str]) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        fork_server.run(["wait"], environment, timeout=1, module="tests.process_state")
    assert forked("code", environment=environment).returncode == 75


@pytest.mark.parametrize("variable", ["PYTHONUTF8", "PYTHONWARNINGS", "LC_ALL", "LANG"])
def test_what_python_reads_itself_cannot_be_changed(variable: str, environment: dict[str, str]) -> None:
    assert fork_server.can_run(environment | {"LANGUAGE": "sv", "TZ": "UTC"})
    assert not fork_server.can_run(environment | {variable: "C"})
    del environment["LANG"]
    assert not fork_server.can_run(environment)
