"""Runs of other processes, followed by a window: real ones, started by the command line."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from borgdesk.domain.history import ProcessIdentity, Run
from borgdesk.domain.run import BorgStep, ExecutionStatus, RunStatus, Trigger
from borgdesk.engine.runs.run_folders import now
from borgdesk.engine.runs.story import Story
from borgdesk.engine.runs.story_reader import story_of
from borgdesk.gui.look import run_words
from borgdesk.gui.runs.run_view import RunView
from borgdesk.gui.runs.timeline_table import TimelineTable
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.executor import Executor
from tests.gui.scene import LAST, POST, PRE, Gate, Scene

DEAD = ProcessIdentity(pid=4_000_000, started=1, boot_id="another boot")


class Elsewhere:
    """A backup of the command line, which waits at a gate in its first script."""

    def __init__(self, scene: Scene, executor: Executor, qtbot: QtBot) -> None:
        self.scene, self.executor = scene, executor
        self.gate: Gate = scene.gate()
        self.repository = scene.repository()
        scene.hook(self.repository, "Stop", f"echo one; echo two >&2; {self.gate.line}; echo three", PRE)
        scene.hook(self.repository, "Start", "echo started", POST)
        scene.hook(self.repository, "Report", "true", LAST)
        self.process = scene.start_command("run", "Documents")
        qtbot.waitUntil(lambda: bool(self.unfinished()), timeout=60_000)
        (self.run,) = self.unfinished()

    def unfinished(self) -> list[Run]:
        return self.scene.workspace.store.runs.unfinished()

    @property
    def story(self) -> Story:
        live = self.executor.live(self.run.id)
        return live.story if live is not None else Story()

    def wait(self) -> Run:
        self.process.communicate(timeout=60)
        return self.scene.workspace.store.runs.get(self.run.id)


def left_over(scene: Scene) -> Run:
    """Create a queued run whose process is dead."""
    return scene.workspace.store.runs.queue(scene.repository(), Trigger.USER, DEAD, now())


@pytest.fixture
def elsewhere(scene: Scene, executor: Executor, qtbot: QtBot) -> Iterator[Elsewhere]:
    made = Elsewhere(scene, executor, qtbot)
    yield made
    if made.process.poll() is None:
        made.process.terminate()
        with made.process:
            try:
                made.process.wait(30)
            except subprocess.TimeoutExpired:
                made.process.kill()


def test_its_steps_output_and_end_are_seen_as_it_goes_on(
    elsewhere: Elsewhere, scene: Scene, executor: Executor, background: Background, qtbot: QtBot
) -> None:
    view = RunView(scene.workspace, background, executor)
    qtbot.addWidget(view)
    view.show_run(elsewhere.run.id)
    executor.elsewhere.follow([elsewhere.run])
    output, table = view.findChild(QPlainTextEdit), view.findChild(TimelineTable)
    assert isinstance(output, QPlainTextEdit)
    assert isinstance(table, TimelineTable)
    qtbot.waitUntil(lambda: output.toPlainText().splitlines() == ["one", "two"], timeout=60_000)
    assert elsewhere.story.script == "Stop"
    rows = [(row.entry.name, row.entry.status) for row in table.rows.rows()]
    assert rows == [
        ("Stop", ExecutionStatus.RUNNING),
        ("create", ExecutionStatus.PENDING),
        ("Start", ExecutionStatus.PENDING),
        ("Report", ExecutionStatus.PENDING),
    ]
    live = executor.live_of(elsewhere.repository.id)
    assert live is not None
    assert live.trigger is Trigger.CLI
    assert run_words.live_line(live).endswith("started by: command line")
    with qtbot.waitSignal(executor.elsewhere.run_left, timeout=60_000):
        elsewhere.gate.open()
    run = elsewhere.wait()
    assert live.story.status is run.status is RunStatus.SUCCESS
    assert live.story.statistics == run.statistics
    stored = story_of(scene.workspace, run)
    assert live.story.entries == stored.entries, "a window that was there has the same as one that is opened late"
    create = live.story.entry(BorgStep.CREATE)
    assert create is not None
    assert create.status is RunStatus.SUCCESS
    qtbot.waitUntil(lambda: [row.entry.status for row in table.rows.rows()] == [one.status for one in stored.entries])
    assert executor.elsewhere.active() == ()


def test_it_is_stopped_from_the_window_and_what_it_owes_is_done(
    elsewhere: Elsewhere, executor: Executor, qtbot: QtBot
) -> None:
    executor.elsewhere.follow([elsewhere.run])
    qtbot.waitUntil(lambda: elsewhere.story.script == "Stop", timeout=60_000)
    with qtbot.waitSignal(executor.elsewhere.run_left, timeout=60_000):
        executor.stop(elsewhere.run.id)
        qtbot.waitUntil(lambda: elsewhere.story.stopping)
    run = elsewhere.wait()
    assert run.status is RunStatus.CANCELLED
    assert [one.status for one in run.executions] == [
        ExecutionStatus.CANCELLED,
        ExecutionStatus.SUCCESS,
        ExecutionStatus.SUCCESS,
    ]


def test_one_that_nobody_works_on_cannot_be_asked(
    scene: Scene, executor: Executor, background: Background, qtbot: QtBot
) -> None:
    run = left_over(scene)
    executor.elsewhere.follow([run])
    with qtbot.waitSignal(background.problem_met) as problem:
        executor.stop(run.id)
    assert problem.args[0].startswith("The program that runs this backup cannot be told to stop.")


def test_one_that_is_no_longer_under_way_is_left(scene: Scene, executor: Executor, qtbot: QtBot) -> None:
    """Its process was killed: nothing more is written, and a later recovery updates the history."""
    run = left_over(scene)
    executor.elsewhere.follow([run])
    assert executor.live(run.id) is not None
    with qtbot.waitSignal(executor.elsewhere.run_left) as left:
        executor.elsewhere.follow([])
    assert left.args == [run.id]
    assert executor.live(run.id) is None
