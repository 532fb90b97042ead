from __future__ import annotations

import shutil
import threading
from functools import partial

from pytestqt.qtbot import QtBot

from borgdesk.domain.events import (
    BorgProgressed,
    Event,
    OutputLeftOut,
    OutputPrinted,
    RunEnded,
    StepBegan,
    StopAsked,
    Stream,
)
from borgdesk.domain.ids import ExecutionId, RepositoryId, RunId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ExecutionStatus, RunKind, RunStatus, Step
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.run_log_reader import LONGEST_SHOWN
from borgdesk.gui.workers.engine_thread import Batch, EngineThread
from borgdesk.gui.workers.executor import Executor, _Job
from borgdesk.gui.workers.live_run import KEPT_LINES, LiveRun, Output
from borgdesk.store.connections import Connections
from borgdesk.store.database import DEFAULT_BUSY_TIMEOUT
from tests.gui.scene import POST, PRE, Scene

OUT = Stream.STDOUT


class Witness:
    """Records all signals of an executor."""

    def __init__(self, executor: Executor) -> None:
        self.events: list[Event] = []
        self.deliveries = 0
        self.ends: list[RunEnded] = []
        executor.events_arrived.connect(self._hear)
        executor.run_ended.connect(self.ends.append)

    def _hear(self, events: list[Event]) -> None:
        self.deliveries += 1
        self.events += events

    def said(self, text: str) -> bool:
        return any(isinstance(event, OutputPrinted) and text in event.lines for event in self.events)


def test_a_run_is_told_from_begin_to_end(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    repository, witness = scene.repository(), Witness(executor)
    scene.hook(repository, "Stop", "echo stopped", PRE)
    with qtbot.waitSignals(
        [executor.run_began, executor.run_ended, executor.became_idle], order="strict", timeout=60_000
    ):
        assert executor.start(repository)
        assert not executor.start(repository)
    assert [event.status for event in witness.ends] == [RunStatus.SUCCESS]
    assert witness.said("stopped")
    steps = [event.step for event in witness.events if isinstance(event, StepBegan)]
    assert steps == [Step.ARMING, Step.PRE_BACKUP, Step.CREATE, Step.POST_BACKUP, Step.POST_RUN]
    assert executor.active() == ()
    assert scene.workspace.store.runs.get(witness.ends[0].run_id).status is RunStatus.SUCCESS


def test_repositories_run_side_by_side(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    first, second, gate = scene.repository("First"), scene.repository("Second"), scene.gate()
    scene.hook(first, "Wait", f"echo waiting; {gate.line}", PRE)
    witness = Witness(executor)
    executor.start(first)
    qtbot.waitUntil(lambda: witness.said("waiting"), timeout=30_000)
    executor.start(second)
    qtbot.waitUntil(lambda: len(witness.ends) == 1, timeout=60_000)
    assert witness.ends[0].repository == "Second"
    assert [live.repository for live in executor.active()] == ["First"]
    gate.open()
    qtbot.waitUntil(lambda: len(witness.ends) == 2, timeout=60_000)


def test_stop_is_told_at_once_and_what_is_owed_runs(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    repository, witness = scene.repository(), Witness(executor)
    scene.hook(repository, "Stop containers", "echo stopping; exec sleep 60", PRE)
    scene.hook(repository, "Start containers", "echo started", POST)
    executor.start(repository)
    qtbot.waitUntil(lambda: witness.said("stopping"), timeout=30_000)
    (live,) = executor.active()
    with qtbot.waitSignal(executor.run_ended, timeout=60_000):
        executor.stop(live.run_id)
        assert live.story.stopping
        assert not live.story.hurried
        assert StopAsked(live.run_id) in witness.events
    assert witness.ends[0].status is RunStatus.CANCELLED
    assert witness.said("started")


def test_a_second_stop_hurries(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    repository, gate, witness = scene.repository(), scene.gate(), Witness(executor)
    scene.hook(repository, "Start", f"echo starting; {gate.line}", POST)
    executor.start(repository)
    qtbot.waitUntil(lambda: witness.said("starting"), timeout=60_000)
    (live,) = executor.active()
    executor.stop(live.run_id)
    executor.stop_all()
    hurried = [live.story.hurried]
    executor.stop(live.run_id)
    hurried.append(live.story.hurried)
    assert hurried == [False, True]
    gate.open()
    qtbot.waitUntil(lambda: bool(witness.ends), timeout=60_000)
    assert witness.ends[0].status is RunStatus.SUCCESS


def test_only_the_run_that_is_meant_is_stopped(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    witness, store = Witness(executor), scene.workspace.store
    for name in ("one", "two"):
        # Borg is not asked before the scripts whether there is a repository.
        location, sources = str(scene.folder / name), (str(scene.source),)
        made = Repository(RepositoryId(0), name, location, sources, encryption="none", archive_name="{now}")
        repository = store.repositories.add(made)
        scene.hook(repository, name, f"echo waits {name}; {scene.gate(f'gate {name}').line}", PRE)
        executor.start(repository)
        qtbot.waitUntil(partial(witness.said, f"waits {name}"), timeout=60_000)
    first, second = executor.active()
    executor.stop(second.run_id)
    assert (first.story.stopping, second.story.stopping) == (False, True)
    assert not executor.wait(0.0)
    executor.stop_repository(first.repository_id)
    assert first.story.stopping
    assert executor.wait(60.0)


def test_the_end_of_a_dead_run_that_goes_first_is_not_its_own() -> None:
    def state() -> tuple[LiveRun | None, bool]:
        return job.live, job.is_recorded

    job = _Job(EngineThread(lambda *_: None, Cancel()), None, RunKind.BACKUP)
    job.live = own = LiveRun(RepositoryId(1), "Documents", RunId(5))
    for number in (4, 6):
        job.end_run(RunEnded(RunId(number), "Documents", RunStatus.INTERRUPTED, "It was interrupted."))
        assert state() == (own, False)
    job.end_run(RunEnded(RunId(5), "Documents", RunStatus.SUCCESS, "It is done."))
    assert state() == (None, True)


def test_a_hundred_thousand_lines_arrive_in_few_capped_batches(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    repository, witness = scene.repository(), Witness(executor)
    scene.hook(repository, "Chatty", "seq -f 'line %.0f' 100000", PRE)
    lives: list[LiveRun] = []
    executor.run_began.connect(lambda run_id: lives.append(executor.live(run_id)))  # type: ignore[arg-type]
    with qtbot.waitSignal(executor.became_idle, timeout=90_000):
        executor.start(repository)
    printed = [event for event in witness.events if isinstance(event, OutputPrinted)]
    left_out = [event for event in witness.events if isinstance(event, OutputLeftOut)]
    assert sum(len(event.lines) for event in printed) + sum(event.count for event in left_out) == 100_000
    assert printed[-1].lines[-1] == "line 100000"
    (output,) = [output for which, output in lives[0].outputs.items() if which is not None]
    assert output.size + output.left_out == 100_000
    assert KEPT_LINES <= output.size <= 3 * KEPT_LINES


def test_what_cannot_even_begin_is_refused_with_a_sentence(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    repository = scene.repository()
    database = scene.workspace.paths.database
    scene.workspace.store.close()
    database.write_bytes(b"this is not a database" * 1000)
    for leftover in database.parent.glob("*-wal"):
        leftover.unlink()
    scene.workspace.store.database._connections = Connections(database, DEFAULT_BUSY_TIMEOUT)
    executor.start(repository)
    executor.stop_repository(repository.id)
    with qtbot.waitSignal(executor.refused, timeout=60_000) as refused:
        pass
    assert "database" in refused.args[0]
    assert not executor.active()


def test_recovery_is_a_run_of_its_own(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    with qtbot.waitSignal(executor.recovered, timeout=30_000) as told:
        assert executor.recover()
        assert executor.is_recovering
        assert not executor.recover()
    assert told.args == [[]]
    qtbot.waitUntil(lambda: not executor.is_busy)


def test_a_missing_source_ends_as_a_failure(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    repository, witness = scene.repository(), Witness(executor)
    shutil.rmtree(scene.source)
    with qtbot.waitSignal(executor.became_idle, timeout=60_000):
        executor.start(repository)
    assert witness.ends[0].status is RunStatus.FAILURE
    assert str(scene.source) in witness.ends[0].sentence


def test_again_while_the_last_one_takes_leave(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    repository, witness = scene.repository(), Witness(executor)
    scene.hook(repository, "Wait", "sleep 0.3", PRE)
    executor.run_ended.connect(lambda _: len(witness.ends) == 1 and executor.start(repository))
    with qtbot.waitSignal(executor.became_idle, timeout=60_000):
        executor.start(repository)
    assert [event.status for event in witness.ends] == [RunStatus.SUCCESS] * 2


class TestBatch:
    def test_only_the_last_progress_counts(self) -> None:
        batch = Batch()
        for files in range(10):
            batch.put(BorgProgressed(RunId(1), "x", files))
        batch.put(StepBegan(RunId(1), Step.CREATE))
        assert batch.take() == [BorgProgressed(RunId(1), "x", 9), StepBegan(RunId(1), Step.CREATE)]
        assert batch.take() == []

    def test_drops_old_lines_and_nothing_else(self) -> None:
        batch = Batch(kept=10)
        batch.put(OutputPrinted(RunId(1), ExecutionId(5), OUT, ("old",) * 8))
        batch.put(StepBegan(RunId(1), Step.CREATE))
        batch.put(OutputPrinted(RunId(1), ExecutionId(5), OUT, ("new",) * 10))
        batch.put(OutputPrinted(RunId(1), None, OUT, ("newest",) * 5))
        events = batch.take()
        assert events[0] == OutputLeftOut(RunId(1), ExecutionId(5), 8)
        assert StepBegan(RunId(1), Step.CREATE) in events
        lines = [line for event in events if isinstance(event, OutputPrinted) for line in event.lines]
        assert lines == ["new"] * 10 + ["newest"] * 5

    def test_long_lines_are_cut(self) -> None:
        batch = Batch()
        batch.put(OutputPrinted(RunId(1), ExecutionId(5), OUT, ("short", "x" * 50_000)))
        (event,) = batch.take()
        assert isinstance(event, OutputPrinted)
        assert [len(line) for line in event.lines] == [5, LONGEST_SHOWN + 1]

    def test_many_threads_lose_nothing(self) -> None:
        batch, taken = Batch(kept=10**6), list[Event]()

        def put_all() -> None:
            for number in range(2000):
                batch.put(OutputPrinted(RunId(1), ExecutionId(1), OUT, (str(number),)))

        threads = [threading.Thread(target=put_all) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            taken += batch.take()
        taken += batch.take()
        assert len(taken) == 8000


def test_a_run_tells_of_all_its_scripts(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop", "exit 3", PRE)
    scene.hook(repository, "Never", "true", PRE)
    lives: list[LiveRun] = []
    executor.run_began.connect(lambda run_id: lives.append(executor.live(run_id)))  # type: ignore[arg-type]
    with qtbot.waitSignal(executor.became_idle, timeout=60_000):
        executor.start(repository)
    (live,) = lives
    by_name = {entry.name: entry for entry in live.story.entries}
    assert by_name["Stop"].status is ExecutionStatus.FAILED
    assert by_name["Stop"].exit_code == 3
    assert by_name["Never"].status is ExecutionStatus.SKIPPED
    assert "before it" in (by_name["Never"].reason or "")


def test_a_batch_nobody_takes_stays_small() -> None:
    batch = Batch(kept=100)
    for _ in range(1000):
        batch.put(OutputPrinted(RunId(1), ExecutionId(1), OUT, ("line",) * 10))
    events = batch.take()
    kept = sum(len(event.lines) for event in events if isinstance(event, OutputPrinted))
    assert 100 <= kept <= 200
    assert events[0] == OutputLeftOut(RunId(1), ExecutionId(1), 10_000 - kept)


class TestOutput:
    def test_gives_what_came_since(self) -> None:
        output = Output()
        output.add(OUT, ("one", "two"))
        seen = output.total
        output.add(OUT, ("three",))
        output.add(Stream.STDERR, ("four",))
        assert output.since(seen) == ([(OUT, ("three",)), (Stream.STDERR, ("four",))], 0)
        assert output.since(output.total) == ([], 0)

    def test_says_what_it_does_not_have_any_more(self) -> None:
        output = Output()
        for _ in range(4):
            output.add(OUT, ("line",) * KEPT_LINES)
        chunks, lost = output.since(10)
        assert sum(len(lines) for _, lines in chunks) + lost == 4 * KEPT_LINES - 10
        assert output.size == KEPT_LINES
        assert lost > 0
