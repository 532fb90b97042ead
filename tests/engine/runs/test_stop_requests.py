"""Requests from other processes to stop a run, and who receives them."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.domain.events import Event, ExecutionStarted, StopAsked
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import RunStatus, Trigger
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import backup
from borgdesk.engine.runs.run_folders import run_folder
from borgdesk.engine.runs.stop_requests import StopRequests, ask_to_stop, requests_in
from borgdesk.engine.runs.story_reader import read_events, story_of
from tests.engine.desk import POST, PRE, Desk, statuses
from tests.listening import InStep


class Heard:
    """Messages to the listener, with a way to wait for more."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._more = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._more:
            self.events.append(event)
            self._more.notify_all()

    def wait_for(self, count: int) -> None:
        with self._more:
            assert self._more.wait_for(lambda: len(self.events) >= count, 30)


def test_asked_once_a_run_stops_and_asked_twice_it_hurries(tmp_path: Path) -> None:
    heard, cancel = Heard(), Cancel()
    with StopRequests(tmp_path, RunId(7), cancel, heard):
        assert ask_to_stop(tmp_path)
        heard.wait_for(1)
        assert (cancel.asked, cancel.hurried) == (True, False)
        assert ask_to_stop(tmp_path)
        heard.wait_for(2)
        assert (cancel.asked, cancel.hurried) == (True, True)
    assert heard.events == [StopAsked(RunId(7)), StopAsked(RunId(7), hurried=True)]
    assert read_events(tmp_path) == heard.events, "whoever follows it from elsewhere hears, too"


def test_who_was_asked_in_its_own_process_tells_everybody(tmp_path: Path) -> None:
    heard, cancel = Heard(), Cancel()
    with StopRequests(tmp_path, RunId(7), cancel, heard):
        cancel.ask()
        heard.wait_for(1)
    assert read_events(tmp_path) == [StopAsked(RunId(7))]


def test_nobody_hears_where_there_is_no_run(tmp_path: Path) -> None:
    assert not ask_to_stop(tmp_path)
    cancel = Cancel()
    with StopRequests(tmp_path, RunId(7), cancel, Heard()):
        pass
    assert not ask_to_stop(tmp_path)
    assert not requests_in(tmp_path).exists()
    assert not cancel.asked


def test_what_a_dead_process_left_is_heard_by_nobody_and_in_nobodys_way(tmp_path: Path) -> None:
    os.mkfifo(requests_in(tmp_path))
    assert not ask_to_stop(tmp_path)
    heard = Heard()
    with StopRequests(tmp_path, RunId(7), Cancel(), heard):
        assert ask_to_stop(tmp_path)
        heard.wait_for(1)


def test_who_does_not_read_its_requests_gets_no_more(tmp_path: Path) -> None:
    os.mkfifo(requests_in(tmp_path))
    reader = os.open(requests_in(tmp_path), os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        assert ask_to_stop(tmp_path)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(reader, bytes(1))
        assert not ask_to_stop(tmp_path)
    finally:
        os.close(reader)


def test_without_a_pipe_a_run_still_tells_that_it_was_asked(tmp_path: Path) -> None:
    requests_in(tmp_path).mkdir()
    heard, cancel = Heard(), Cancel()
    with StopRequests(tmp_path, RunId(7), cancel, heard):
        assert not ask_to_stop(tmp_path)
        cancel.ask()
        heard.wait_for(1)


def test_one_of_several_is_asked_alone_and_all_of_them_together() -> None:
    together = Cancel()
    one, other = together.child(), together.child()
    one.ask()
    assert (one.asked, other.asked, together.asked) == (True, False, False)
    together.ask()
    assert (one.asked, other.asked, together.asked) == (True, True, True)
    assert (one.hurried, other.hurried) == (True, False)
    assert together.child().asked, "one that comes late"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "work")
    yield desk
    desk.close()


def test_a_run_is_stopped_from_elsewhere_and_puts_things_back(desk: Desk) -> None:
    desk.add("Stop", PRE, "exec sleep 60")
    desk.add("Start", POST)

    def listen(event: Event) -> None:
        if isinstance(event, ExecutionStarted) and event.name == "Stop":
            assert event.run_id is not None
            assert ask_to_stop(run_folder(desk.workspace, event.run_id))

    run = backup.run(desk.workspace, desk.repository, Trigger.USER, InStep(listen), Cancel())
    assert run.status is RunStatus.CANCELLED
    assert statuses(run) == {"Stop": "cancelled", "Start": "success"}
    assert story_of(desk.workspace, run).stopping
    assert not requests_in(run_folder(desk.workspace, run.id)).exists()
