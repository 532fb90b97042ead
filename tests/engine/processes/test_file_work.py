"""Work on files that can be left: what counts as progress, who leaves it, and what a thread that was left does."""

from __future__ import annotations

import itertools
import threading

import pytest

from borgdesk.domain.errors import Stopped
from borgdesk.engine.processes import file_work
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_probes import NoAnswer
from borgdesk.engine.processes.file_work import FileWork, unwritten

LATE = "It is not responding."


class Disk:
    """Work that hangs until the disk is back."""

    def __init__(self) -> None:
        self.hangs, self.is_back, self.tidied = threading.Event(), threading.Event(), threading.Event()
        self.cancel = Cancel()
        self.files = FileWork(self.cancel, 0.2, LATE, self.tidied.set)
        self.done: list[str] = []

    def work(self) -> None:
        self.hangs.set()
        self.is_back.wait()
        self.files.step()
        self.done.append("another item")


@pytest.fixture
def disk() -> Disk:
    return Disk()


def test_what_it_returns_or_raises(disk: Disk) -> None:
    assert disk.files.do(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        disk.files.do(lambda: 1 // 0)
    with pytest.raises(TimeoutError):
        disk.files.do(lambda: (_ for _ in ()).throw(TimeoutError("of the file system")))
    assert not disk.files.is_lost


def test_what_hangs_is_left_and_does_nothing_more(disk: Disk) -> None:
    with pytest.raises(NoAnswer, match=LATE):
        disk.files.do(disk.work)
    assert disk.files.is_lost
    with pytest.raises(NoAnswer):
        disk.files.do(lambda: disk.done.append("something else"))
    disk.is_back.set()
    assert disk.tidied.wait(60)
    assert disk.done == []


def test_work_that_ends_well_after_it_was_left_is_tidied_too(disk: Disk) -> None:
    with pytest.raises(NoAnswer):
        disk.files.do(disk.is_back.wait)
    disk.is_back.set()
    assert disk.tidied.wait(60)


def test_what_cannot_be_tidied_then_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    disk, logged = Disk(), threading.Event()

    def fail() -> None:
        logged.set()
        raise OSError("still not there")

    files = FileWork(Cancel(), 0.1, LATE, fail)
    with pytest.raises(NoAnswer):
        files.do(disk.is_back.wait)
    left = [one for one in threading.enumerate() if one.name == "file work"]
    disk.is_back.set()
    for one in left:
        one.join(60)
    assert logged.is_set()
    assert "what was left could not be removed" in caplog.text


def test_steps_are_progress(disk: Disk) -> None:
    files = FileWork(Cancel(), 1.0, LATE)

    def work() -> None:
        for _ in range(15):
            disk.is_back.wait(0.1)
            files.step()

    files.do(work)
    assert not files.is_lost


def test_less_to_do_than_ever_is_progress(disk: Disk) -> None:
    rest = itertools.chain(range(20, 0, -1), itertools.repeat(0))

    def remaining() -> float:
        left = next(rest)
        if left == 1:
            disk.is_back.set()
        return left

    files = FileWork(Cancel(), 1.0, LATE)
    files.do(disk.is_back.wait, rest=remaining)
    assert not files.is_lost


@pytest.mark.parametrize("rest", [itertools.repeat(5), itertools.cycle((5, 9))])
def test_as_much_as_before_is_none(disk: Disk, rest: itertools.repeat[int]) -> None:
    with pytest.raises(NoAnswer):
        disk.files.do(disk.work, rest=lambda: next(rest))
    disk.is_back.set()


def test_stop_does_not_wait(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_work, "_STILL", 0.1)
    files = FileWork(disk.cancel, 7200.0, LATE)
    disk.cancel.ask()
    with pytest.raises(Stopped):
        files.do(disk.work)
    disk.is_back.set()


def test_only_who_asks_twice_does_not_wait_for_what_tidies(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_work, "_STILL", 0.1)
    files, looks = FileWork(disk.cancel, 7200.0, LATE), itertools.count()

    def look() -> float:
        if next(looks) == 20:
            disk.cancel.ask()
        return 5.0

    disk.cancel.ask()
    with pytest.raises(Stopped):
        files.do(disk.work, rest=look, tidies=True)
    assert next(looks) > 20
    disk.is_back.set()


def test_without_a_thread_it_is_done_all_the_same(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    disk.is_back.set()
    disk.files.do(disk.work)
    assert disk.done == ["another item"]


def test_what_is_unwritten_is_a_number() -> None:
    assert 0 <= unwritten() < float("inf")
