"""Event delivery: the engine never waits for a listener, even if it is slow or never returns."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.events import (
    BorgProgressed,
    Event,
    ExecutionEnded,
    OutputLeftOut,
    OutputPrinted,
    RunEnded,
    StepBegan,
    Stream,
)
from borgdesk.domain.ids import ExecutionId, RunId
from borgdesk.domain.run import ExecutionStatus, RunStatus, Step, Trigger
from borgdesk.domain.script import NewScript
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import backup, event_delivery
from borgdesk.engine.runs.event_delivery import Backlog, delivered
from borgdesk.engine.script_tests.script_test import ScriptTestSetup, run_test
from tests.engine.desk import LAST, POST, PRE, Desk

OUT = Stream.STDOUT


class Gate:
    """A listener that does not return before it is opened."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.heard = threading.Event()
        self.opened = threading.Event()
        self.ended = threading.Event()

    def __call__(self, event: Event) -> None:
        self.heard.set()
        self.opened.wait()
        self.events.append(event)
        if isinstance(event, RunEnded):
            self.ended.set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    monkeypatch.setattr(event_delivery, "CATCH_UP", 0.2)
    gate = Gate()
    yield gate
    gate.opened.set()


def test_a_listener_that_never_returns_keeps_nothing_from_running(desk: Desk, gate: Gate) -> None:
    desk.add("Stop", PRE, "echo stopped")
    desk.add("Hangs", PRE, "sleep 600", timeout=1, run_on=None)
    desk.add("Start", POST, "yes | head -c 20000000; echo started >&2")
    desk.add("Report", LAST)
    run = backup.run(desk.workspace, desk.repository, Trigger.CLI, gate, Cancel())
    assert gate.heard.is_set()
    assert gate.events == []
    assert [name for name in desk.journal() if name != "Hangs"] == ["Stop", "Start", "Report"]
    status = {execution.planned.name: execution.status for execution in run.executions}
    assert status["Hangs"] is ExecutionStatus.TIMED_OUT
    assert run.status is RunStatus.FAILURE
    assert run.executions[2].stderr == "started\n"


def test_what_a_listener_missed_is_counted_and_what_became_of_the_run_is_not_lost(desk: Desk, gate: Gate) -> None:
    desk.add("Chatty", POST, "yes | head -c 20000000")
    backup.run(desk.workspace, desk.repository, Trigger.CLI, gate, Cancel())
    gate.opened.set()
    assert gate.ended.wait(60)
    shown = sum(len(event.lines) for event in gate.events if isinstance(event, OutputPrinted))
    left_out = sum(event.count for event in gate.events if isinstance(event, OutputLeftOut))
    assert shown + left_out == 10_000_000
    assert 0 < shown < 1_000_000
    assert [event.step for event in gate.events if isinstance(event, StepBegan)] == [
        Step.ARMING, Step.PRE_BACKUP, Step.CREATE, Step.POST_BACKUP, Step.POST_RUN,
    ]  # fmt: skip
    assert [event.name for event in gate.events if isinstance(event, ExecutionEnded)] == ["Chatty"]


def test_a_test_of_a_script_does_not_wait_either(desk: Desk, gate: Gate) -> None:
    script = desk.workspace.store.scripts.add(NewScript("Chatty", b"yes | head -c 10000000"))
    assert run_test(desk.workspace, script, ScriptTestSetup(), gate, Cancel()).status is ExecutionStatus.SUCCESS
    assert gate.events == []


def test_a_slow_listener_gets_everything_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_delivery, "CATCH_UP", 60)
    turn, events = threading.Semaphore(0), list[Event]()

    def listen(event: Event) -> None:
        turn.acquire()
        events.append(event)

    def let_it() -> None:
        for _ in range(100):
            turn.release()

    told = [StepBegan(RunId(number), Step.CREATE) for number in range(100)]
    with delivered(listen) as backlog:
        for event in told:
            backlog(event)
        threading.Thread(target=let_it).start()
    assert events == told


lines = st.integers(1, 40).map(lambda count: b"".join(b"line %d\n" % number for number in range(count)))
happened = st.one_of(
    st.builds(StepBegan, st.just(1), st.sampled_from(Step)),
    st.builds(BorgProgressed, st.just(1), st.just("path"), st.integers(0, 9)),
    st.tuples(st.sampled_from([1, 2, None]), st.sampled_from(Stream), lines),
)


@given(st.lists(happened, max_size=60), st.integers(1, 30), st.integers(1, 300), st.integers(0, 60))
def test_nothing_is_lost_without_being_counted(
    events: list[Event | tuple[ExecutionId | None, Stream, bytes]], most_lines: int, most_bytes: int, look: int
) -> None:
    backlog, taken = Backlog(most_lines, most_bytes), list[Event]()
    for place, event in enumerate(events):
        if isinstance(event, tuple):
            execution_id, stream, text = event
            backlog.put_output(RunId(1), execution_id, stream, text, text.count(b"\n"))
        else:
            backlog.put(event)
        if place == look:
            taken += backlog.take()
    taken += backlog.take()
    for script in (1, 2, None):
        printed = sum(one[2].count(b"\n") for one in events if isinstance(one, tuple) and one[0] == script)
        shown = [event for event in taken if isinstance(event, OutputPrinted) and event.execution_id == script]
        gone = [event for event in taken if isinstance(event, OutputLeftOut) and event.execution_id == script]
        assert sum(len(event.lines) for event in shown) + sum(event.count for event in gone) == printed
    assert [event for event in taken if isinstance(event, StepBegan)] == [
        event for event in events if isinstance(event, StepBegan)
    ]
    progress = [event for event in events if isinstance(event, BorgProgressed)]
    assert [event for event in taken if isinstance(event, BorgProgressed)][-1:] == progress[-1:]


@pytest.mark.parametrize(("most_lines", "most_bytes"), [(5, 10_000), (1000, 50)])
def test_of_too_much_the_newest_is_kept_up_to_the_limit(most_lines: int, most_bytes: int) -> None:
    backlog = Backlog(most_lines, most_bytes)
    for number in range(11):
        backlog.put_output(RunId(1), None, OUT, b"line %04d\n" % number, 1)
    shown = [event.lines for event in backlog.take() if isinstance(event, OutputPrinted)]
    assert shown == [(f"line {number:04}",) for number in range(6, 11)]


def test_nothing_is_left_out_of_what_a_listener_can_take() -> None:
    backlog, line = Backlog(), b"x" * 999 + b"\n"
    for _ in range(30):
        backlog.put_output(RunId(1), None, OUT, 100 * line, 100)
    assert [type(event) for event in backlog.take()] == [OutputPrinted] * 30


def test_only_after_much_output_there_is_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_delivery, "_BREATH", 3600.0)
    heard = threading.Semaphore(0)
    with delivered(lambda _: heard.release()) as backlog:
        for _ in range(3):
            backlog.put_output(RunId(1), None, OUT, b"x\n" * 10_000, 10_000)
            assert heard.acquire(timeout=60)


def test_a_backlog_that_nobody_takes_from_stays_small() -> None:
    backlog = Backlog(100, 10_000)
    for number in range(3000):
        backlog.put_output(RunId(1), ExecutionId(1), OUT, b"x" * 99 + b"\n", 1)
        backlog.put(BorgProgressed(RunId(1), str(number)))
    events = backlog.take()
    assert len(events) < 1000
    assert events[0] == OutputLeftOut(
        RunId(1), ExecutionId(1), 3000 - sum(isinstance(event, OutputPrinted) for event in events)
    )
