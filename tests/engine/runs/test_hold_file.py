"""The files that say which runs hold a shared service: what cannot be left to chance."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from borgdesk.engine.runs import hold_file, hold_process
from borgdesk.engine.runs.hold_file import Locked, Member, Wish

KEY, OTHER = "0" * 32, "1" * 32


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "holds")


def take(folder: str, run: int, who: str | None = None, key: str = KEY, *, stopped: bool = True) -> str:
    member = Member(run, f"TOKEN={run}", [who or hold_process.this_process()])
    answer, _hold = hold_file.take(folder, Wish(key, "place", "web"), member, "now")
    if answer == hold_file.TAKEN:
        hold_file.took(folder, key, run, stopped=stopped)
    return answer


def give_back(folder: str, run: int, *, stopped: bool = True) -> tuple[str, int]:
    answer, to, _marks = hold_file.give_back(folder, KEY, run, hold_process.this_process(), stopped=stopped)
    return answer, to


@pytest.mark.parametrize("content", [None, b"", b"member x\n", b"\xff\xfe", b"run one\n", b"state x\n"])
def test_without_a_file_what_was_stopped_is_started_better_twice_than_not_at_all(
    folder: str, content: bytes | None
) -> None:
    take(folder, 1)
    path = Path(folder, KEY)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert give_back(folder, 1) == (hold_file.LAST, 1)


def test_without_a_trace_nothing_is_started_under_another_run(folder: str) -> None:
    take(folder, 2)
    assert give_back(folder, 1) == (hold_file.GONE, 2)


def test_who_has_not_stopped_it_starts_nothing(folder: str) -> None:
    assert give_back(folder, 1, stopped=False)[0] == hold_file.NEVER
    assert hold_file.every(folder) == []


def test_another_text_of_the_same_scripts_waits(folder: str) -> None:
    take(folder, 1)
    assert take(folder, 2, key=OTHER) == hold_file.WAIT
    give_back(folder, 1)
    assert take(folder, 2, key=OTHER) == hold_file.WAIT
    hold_file.gave_back(folder, KEY, 1, started=True)
    assert take(folder, 2, key=OTHER) == hold_file.TAKEN


def test_nobody_joins_only_dead_ones(folder: str) -> None:
    take(folder, 1, "1:1:another-boot")
    assert take(folder, 2) == hold_file.WAIT
    hold_file.forget(folder, KEY, [1])
    assert take(folder, 2) == hold_file.TAKEN


def test_a_process_that_has_ended_but_is_not_waited_for_is_dead(folder: str) -> None:
    child = subprocess.Popen(["sleep", "600"])
    who = hold_process.who_is(child.pid)
    assert Member(1, "", [who]).is_alive
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not Member(1, "", [who]).is_alive
    child.wait()
    assert not Member(1, "", [who]).is_alive
    assert not Member(1, "", ["nonsense"]).is_alive


def test_a_lock_that_nobody_releases_has_a_limit(folder: str) -> None:
    with Locked(folder), pytest.raises(TimeoutError), Locked(folder, patience=0.1):
        pass
    with Locked(folder):
        pass


def test_the_lock_ends_with_its_process(folder: str) -> None:
    with Locked(folder):
        pass
    descriptor = os.open(f"{folder}/lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.close(descriptor)
    with Locked(folder, patience=0.1):
        pass


def test_a_file_tells_everything_again(folder: str) -> None:
    take(folder, 1)
    take(folder, 2)
    take(folder, 3)
    give_back(folder, 3)
    hold = hold_file.read(folder, KEY)
    assert (hold.state, hold.run, hold.since, hold.place, hold.name) == (hold_file.HELD, 1, "now", "place", "web")
    assert {run: (one.mark, one.who) for run, one in hold.members.items()} == {
        1: ("TOKEN=1", [hold_process.this_process()]),
        2: ("TOKEN=2", [hold_process.this_process()]),
    }
    assert hold.gone == {3: 2}
    hold_file.settled(folder, KEY, [3])
    assert hold_file.read(folder, KEY).gone == {}
