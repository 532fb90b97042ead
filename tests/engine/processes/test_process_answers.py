"""Helper programs that print several answers: delivery one by one, and termination if one is late."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from borgdesk.engine.processes.process import StartFailed, answers
from tests.engine.desk import wait_until

ENVIRONMENT = {"PATH": os.environ["PATH"]}
LONG = 600.0


def shell(command: str, patience: float = LONG, **variables: str) -> list[bytes]:
    return list(answers(["sh", "-c", command], ENVIRONMENT | variables, patience, lambda: False))


def test_each_line_is_an_answer() -> None:
    assert shell("echo one; printf 'two\\n\\nth'; sleep 0.1; echo ree") == [b"one", b"two", b"", b"three"]


def test_half_a_line_is_none() -> None:
    assert shell("echo one; printf two") == [b"one"]


def test_where_it_finds_itself() -> None:
    assert shell("pwd; echo $ONE; cat; echo no >&2; ps -o sid= -p $$ | tr -d ' '; echo $$", ONE="1")[:2] == [b"/", b"1"]
    *_, session, pid = shell("ps -o sid= -p $$ | tr -d ' '; echo $$")
    assert session == pid


def test_answers_come_as_they_are_given(tmp_path: Path) -> None:
    go = tmp_path / "go"
    found = answers(
        ["sh", "-c", f"echo one; while [ ! -e {go} ]; do sleep 0.02; done; echo two"], ENVIRONMENT, LONG, bool
    )
    assert next(found) == b"one"
    go.touch()
    assert list(found) == [b"two"]


def test_each_answer_has_the_time_of_its_own() -> None:
    assert shell("for n in 1 2 3; do sleep 0.4; echo $n; done", patience=1.0) == [b"1", b"2", b"3"]


def test_one_that_is_late_ends_them_and_the_program(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    assert shell(f"echo $$ >{pid}; echo one; exec sleep 600", patience=0.5) == [b"one"]
    wait_until(lambda: not Path(f"/proc/{pid.read_text().strip()}").exists())


def test_nobody_need_wait_for_them() -> None:
    began = time.monotonic()
    stop = lambda: time.monotonic() - began > 0.2  # noqa: E731
    assert list(answers(["sh", "-c", "echo one; exec sleep 600"], ENVIRONMENT, LONG, stop)) == [b"one"]


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(StartFailed, match="/no/such/tool is not installed"):
        list(answers(["/no/such/tool"], ENVIRONMENT, LONG, bool))
