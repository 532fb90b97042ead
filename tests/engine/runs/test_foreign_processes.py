"""Processes that a script left running and that cannot be terminated: the run waits for them for a limited time."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from threading import Thread

from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.process_tree import ProcessTree
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.foreign_processes import wait_for_what_is_left
from tests.engine.desk import POST, PRE, Desk, execution, wait_until
from tests.engine.runs.armed_runs import active, with_execution

MARK = "BORGDESK_TEST=left"
WAITING = re.compile(r"waiting for sleep \(process \d+\) of “stop”\n")


class Left:
    """A process that a script has left running."""

    def __init__(self) -> None:
        name, _, value = MARK.partition("=")
        self.process = subprocess.Popen(["sleep", "600"], env={name: value})
        self.tree = ProcessTree(frozenset({MARK}))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def left_running(desk: Desk, timeout: int, cancel: Cancel, *, ends: bool = False) -> Iterator[ActiveRun]:
    """Provide a run whose pre-backup script “stop”, limited to *timeout* seconds, has left a program running.

    If it *ends*, that is while the run waits for it.
    """
    desk.add("before", PRE)
    desk.add("stop", PRE)
    desk.add("start", POST)
    with active(desk, cancel) as state, closing(Left()) as left:
        stop = execution(state.run, "stop").planned
        one = with_execution(state, "stop", planned=replace(stop, policy=replace(stop.policy, timeout=timeout)))
        state.left_running = {one.id: left.tree}
        if not ends:
            yield state
            return
        assert not WAITING.search(desk.log(state.run)), "the log is there"
        ending = Thread(target=_end_when_waited_for, args=(desk, state, left))
        ending.start()
        yield state
        ending.join()


def _end_when_waited_for(desk: Desk, state: ActiveRun, left: Left) -> None:
    wait_until(lambda: WAITING.search(desk.log(state.run)))
    left.process.kill()


def test_it_is_waited_for_and_named(desk: Desk) -> None:
    with left_running(desk, 3600, Cancel(), ends=True) as state:
        wait_for_what_is_left(state)
        assert state.workspace.store.runs.get(state.run.id).note is None
        assert WAITING.search(desk.log(state.run))


def test_it_is_waited_for_no_longer_than_its_script_might_have_taken(desk: Desk) -> None:
    with left_running(desk, 0, Cancel()) as state:
        wait_for_what_is_left(state)
        note = state.workspace.store.runs.get(state.run.id).note
    assert note is not None
    assert re.search(r"sleep \(process \d+\)", note)
    assert "“stop”" in note


def test_whoever_asks_to_stop_twice_does_not_wait(desk: Desk) -> None:
    cancel = Cancel()
    cancel.ask()
    cancel.ask()
    with left_running(desk, 3600, cancel) as state:
        wait_for_what_is_left(state)
        assert "sleep" in (state.workspace.store.runs.get(state.run.id).note or "")


def test_whoever_asks_to_stop_once_waits_all_the_same(desk: Desk) -> None:
    cancel = Cancel()
    cancel.ask()
    with left_running(desk, 3600, cancel, ends=True) as state:
        wait_for_what_is_left(state)
        assert state.workspace.store.runs.get(state.run.id).note is None
