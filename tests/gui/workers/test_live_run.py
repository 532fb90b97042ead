"""Live state of an active run, derived from events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from borgdesk.domain.events import (
    BorgBegan,
    BorgProgressed,
    Event,
    ExecutionEnded,
    ExecutionStarted,
    OutcomeSettled,
    OutputLeftOut,
    OutputPrinted,
    RecoveryBegan,
    RunEnded,
    StepBegan,
    StopAsked,
    Stream,
    TurnAwaited,
)
from borgdesk.domain.history import ArchiveStatistics
from borgdesk.domain.ids import ExecutionId, RepositoryId, RunId
from borgdesk.domain.reasons import text
from borgdesk.domain.run import BorgStep, ExecutionStatus, Hook, Outcome, RunStatus, Step
from borgdesk.gui.workers.live_run import KEPT_LINES, LiveRun, Output

RUN = RunId(7)
OUT, ERR = Stream.STDOUT, Stream.STDERR


def live(*events: Event) -> LiveRun:
    found = LiveRun(RepositoryId(1), "Docs", RUN)
    for event in events:
        found.take(event)
    return found


def started(number: int = 3) -> ExecutionStarted:
    return ExecutionStarted(RUN, ExecutionId(number), Hook.PRE_BACKUP, "Stop")


def ended(number: int = 3, duration: float | None = 2.5) -> ExecutionEnded:
    return ExecutionEnded(
        RUN,
        ExecutionId(number),
        Hook.PRE_BACKUP,
        "Stop",
        ExecutionStatus.FAILED,
        (text("it broke"),),
        exit_code=4,
        duration=duration,
    )


def test_a_run_that_waits_for_its_turn() -> None:
    run = live(TurnAwaited(RUN, 2))
    assert (run.story.step, run.story.status, run.story.ahead) == (Step.QUEUED, RunStatus.QUEUED, 2)


def test_what_is_said_of_other_runs_is_not_for_it() -> None:
    run = live(
        StepBegan(RunId(RUN + 1), Step.CREATE),
        StopAsked(RunId(RUN - 1)),
        OutputPrinted(None, ExecutionId(3), OUT, ("a",)),
    )
    assert (run.story.step, run.story.stopping, run.outputs) == (Step.QUEUED, False, {})


def test_steps_and_scripts_take_turns() -> None:
    run = live(StepBegan(RUN, Step.PRE_BACKUP), started())
    assert (run.story.step, run.story.status, run.story.script) == (Step.PRE_BACKUP, RunStatus.RUNNING, "Stop")
    run.take(ended())
    assert run.story.script is None
    run.take(StepBegan(RUN, Step.CREATE))
    assert (run.story.step, run.story.script) == (Step.CREATE, None)
    run.take(RunEnded(RUN, "Docs", RunStatus.WARNING, "so so"))
    assert (run.story.step, run.story.status, run.story.script) == (Step.DONE, RunStatus.WARNING, None)
    assert run.ended == RunEnded(RUN, "Docs", RunStatus.WARNING, "so so")


def test_once_hurried_always_hurried() -> None:
    assert (live(StopAsked(RUN)).story.stopping, live(StopAsked(RUN)).story.hurried) == (True, False)
    run = live(StopAsked(RUN, hurried=True), StopAsked(RUN))
    assert (run.story.stopping, run.story.hurried) == (True, True)


def test_what_the_backup_came_to() -> None:
    statistics = ArchiveStatistics(10, 5, 2)
    run = live(OutcomeSettled(RUN, Outcome.WARNING, (text("one file"),), "docs-1", statistics))
    assert (run.story.outcome, run.story.statistics) == (Outcome.WARNING, statistics)
    assert run.story.errors == (text("one file"),)


def test_progress_without_a_number_of_files_leaves_the_one_before() -> None:
    first = BorgProgressed(RUN, "a", files=5, original_size=9)
    run = live(first, BorgProgressed(RUN, "Compacting 3 %"))
    assert run.story.progress == first
    later = BorgProgressed(RUN, "b", files=6)
    run.take(later)
    assert run.story.progress == later


def test_output_belongs_to_its_script_or_to_what_borg_does_now() -> None:
    run = live(
        OutputPrinted(RUN, ExecutionId(3), OUT, ("script",)),
        BorgBegan(RUN, BorgStep.CREATE),
        OutputPrinted(RUN, None, ERR, ("create",)),
        OutputLeftOut(RUN, None, 4),
        BorgBegan(RUN, BorgStep.PRUNE),
        OutputPrinted(RUN, None, ERR, ("prune",)),
        OutputLeftOut(RUN, ExecutionId(3), 2),
    )
    assert run.output(ExecutionId(3)).since(0) == ([(OUT, ("script",))], 2)
    assert run.output(BorgStep.CREATE).since(0) == ([(ERR, ("create",))], 4)
    assert run.output(BorgStep.PRUNE).since(0) == ([(ERR, ("prune",))], 0)


def test_the_oldest_lines_go_when_there_are_too_many() -> None:
    output = Output()
    output.add(OUT, ("old",) * 10)
    output.add(OUT, ("a",) * (KEPT_LINES - 1))
    assert (output.size, output.left_out) == (KEPT_LINES + 9, 0), "without the oldest, too few would be kept"
    output.add(ERR, ("b",))
    assert (output.size, output.left_out, output.total) == (KEPT_LINES, 10, KEPT_LINES + 10)
    assert output.since(0)[1] == 10
    output.add(OUT, ("c",) * (3 * KEPT_LINES))
    assert [len(lines) for _, lines in output.chunks] == [3 * KEPT_LINES], "what came together stays together"


def test_what_came_since() -> None:
    output = Output()
    for number in range(4):
        output.add(OUT, (str(number), str(number)))
    newest = [(OUT, ("2", "2")), (OUT, ("3", "3"))]
    assert output.since(4) == (newest, 0)
    assert output.since(8) == ([], 0)
    assert output.since(0)[0][0] == (OUT, ("0", "0"))


def test_what_a_script_printed_before_its_run_died_is_no_part_of_what_it_prints_again() -> None:
    run = live(
        started(),
        OutputPrinted(RUN, ExecutionId(3), OUT, ("before",)),
        RecoveryBegan(RUN),
        replace(started(), recovered=True),
    )
    run.take(OutputPrinted(RUN, ExecutionId(3), OUT, ("again",)))
    (entry,) = run.story.entries
    assert run.printed(entry).chunks == ((OUT, ("again",)),)


def test_how_long_it_has_taken() -> None:
    began = datetime(2026, 3, 1, tzinfo=UTC)
    run = LiveRun(RepositoryId(1), "Docs", RUN, began_at=began)
    assert run.elapsed(began + timedelta(minutes=5)) == timedelta(minutes=5)
    assert live().elapsed() < timedelta(hours=1)


def test_the_wait_for_a_turn_is_no_time_of_the_run() -> None:
    asked = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
    turn, now = asked + timedelta(minutes=50), asked + timedelta(minutes=52)
    run = LiveRun(RepositoryId(1), "Docs", RUN, began_at=asked)
    assert run.elapsed(turn) == timedelta(minutes=50), "so long it has been waiting"
    run.take(StepBegan(RUN, Step.ARMING, at=turn))
    run.take(StepBegan(RUN, Step.CREATE, at=now))
    assert run.elapsed(now) == timedelta(minutes=2)
