"""Helper programs that print several answers: delivery one by one, and termination if one is late."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from borgdesk.engine.processes import process
from borgdesk.engine.processes.process import StartFailed, answers
from tests.engine.desk import wait_until
from tests.stepped_clock import SteppedClock

ENVIRONMENT = {"PATH": os.environ["PATH"]}
LONG = 600.0


def shell(command: str, **variables: str) -> list[bytes]:
    return list(answers(["sh", "-c", command], ENVIRONMENT | variables, LONG, lambda: False))


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


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SteppedClock:
    clock = SteppedClock()
    monkeypatch.setattr(process, "time", clock)
    return clock


def test_each_answer_has_the_time_of_its_own(tmp_path: Path, clock: SteppedClock) -> None:
    heard = list[bytes]()

    def pass_time() -> bool:
        go = tmp_path / str(len(heard) + 1)
        if not go.exists():
            clock.now += 0.9 * LONG
            go.touch()
        return False

    text = f"cd {tmp_path}; for n in 1 2 3; do while [ ! -e $n ]; do sleep 0.02; done; echo $n; done"
    for answer in answers(["sh", "-c", text], ENVIRONMENT, LONG, pass_time):
        heard.append(answer)
    assert heard == [b"1", b"2", b"3"]


def test_one_that_is_late_ends_them_and_the_program(clock: SteppedClock) -> None:
    heard = list[bytes]()

    def pass_time() -> bool:
        clock.now += LONG * len(heard)
        return False

    for answer in answers(["sh", "-c", "echo $$; exec sleep 600"], ENVIRONMENT, LONG, pass_time):
        heard.append(answer)
    (pid,) = heard
    wait_until(lambda: not Path(f"/proc/{int(pid)}").exists())


def test_nobody_need_wait_for_them() -> None:
    began = time.monotonic()
    stop = lambda: time.monotonic() - began > 0.2  # noqa: E731
    assert list(answers(["sh", "-c", "echo one; exec sleep 600"], ENVIRONMENT, LONG, stop)) == [b"one"]


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(StartFailed, match="/no/such/tool is not installed"):
        list(answers(["/no/such/tool"], ENVIRONMENT, LONG, bool))
