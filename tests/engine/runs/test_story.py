"""Timeline of a run, derived from any events, from a truncated file, and from database rows alone."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.domain.events import (
    ArmedScript,
    BorgBegan,
    BorgEnded,
    BorgProgressed,
    Event,
    ExecutionEnded,
    ExecutionStarted,
    OutcomeSettled,
    OutputPrinted,
    RecoveryBegan,
    RunArmed,
    RunEnded,
    RunQueued,
    StepBegan,
    StillOwed,
    StopAsked,
    Stream,
    TurnAwaited,
)
from borgdesk.domain.history import ArchiveStatistics
from borgdesk.domain.ids import ExecutionId, RunId, ScriptId
from borgdesk.domain.reasons import Code, Reason, text
from borgdesk.domain.run import BorgStep, ExecutionStatus, Hook, Outcome, RunStatus, Step
from borgdesk.engine.runs.event_lines import events_in, line_of
from borgdesk.engine.runs.event_log import EventLog, events_in_folder, progress_in_folder
from borgdesk.engine.runs.story import Kind, Story, fold
from borgdesk.engine.runs.story_reader import read_events

BEGAN = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)

moments = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ids, texts = st.integers(1, 4), st.text(max_size=20)
maybe = st.none() | texts
scripts = st.builds(ArmedScript, ids, st.sampled_from(Hook), st.integers(1, 3), texts, st.none() | ids, maybe)
statistics = st.none() | st.builds(ArchiveStatistics, st.integers(0), st.integers(0), st.integers(0))
EXIT = Reason(Code.EXIT, {"code": 3})
NOT_ENDED = Reason(Code.NOT_ENDED, {"programs": ("sleep", "tail")})
reasons = st.lists(st.sampled_from((EXIT, NOT_ENDED)) | texts.map(text), max_size=2).map(tuple)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(RunQueued, ids, texts, at=moments),
    st.builds(TurnAwaited, ids, st.integers(0, 5), at=moments),
    st.builds(RunArmed, ids, st.lists(scripts, max_size=4).map(tuple), at=moments),
    st.builds(RecoveryBegan, ids, at=moments),
    st.builds(StepBegan, ids, st.sampled_from(Step), at=moments),
    st.builds(ExecutionStarted, ids, ids, st.sampled_from(Hook), texts, st.booleans(), maybe, at=moments),
    st.builds(
        ExecutionEnded, ids, ids, st.sampled_from(Hook), texts, st.sampled_from(ExecutionStatus), reasons,
        st.none() | st.integers(-64, 255), st.none() | st.floats(0, 1e6), at=moments,
    ),
    st.builds(StillOwed, ids, ids, at=moments),
    st.builds(BorgBegan, ids, st.sampled_from(BorgStep), maybe, at=moments),
    st.builds(BorgEnded, ids, st.sampled_from(BorgStep), st.sampled_from(RunStatus), st.none(), reasons, at=moments),
    st.builds(BorgProgressed, ids, texts, st.none() | st.integers(0), st.none() | st.integers(0)),
    st.builds(OutcomeSettled, ids, st.sampled_from(Outcome), reasons, maybe, statistics, at=moments),
    st.builds(StopAsked, ids, st.booleans(), at=moments),
    st.builds(RunEnded, ids, texts, st.sampled_from(RunStatus), texts, at=moments),
)  # fmt: skip


@pytest.mark.parametrize(
    ("status", "reasons_", "owed"),
    [
        (ExecutionStatus.PENDING, (EXIT,), True),
        (ExecutionStatus.PENDING, (), False),
        (ExecutionStatus.FAILED, (EXIT,), False),
        (ExecutionStatus.SUCCESS, (), False),
    ],
)
def test_what_was_tried_and_is_pending_is_owed(
    status: ExecutionStatus, reasons_: tuple[Reason, ...], owed: bool
) -> None:
    ended = ExecutionEnded(RunId(1), ExecutionId(2), Hook.POST_BACKUP, "Start", status, reasons_, None, 1.0)
    (entry,) = fold([ended]).entries
    assert entry.is_owed is owed


@pytest.mark.parametrize(("files", "fraction", "kept"), [(None, 0.5, False), (3, 0.5, False), (3, None, True)])
def test_how_far_a_step_is_does_not_count_for_the_next(files: int | None, fraction: float | None, kept: bool) -> None:
    """The number of files that were seen stays."""
    progress = BorgProgressed(RunId(1), "file", files, None, fraction=fraction)
    story = fold([progress, BorgBegan(RunId(1), BorgStep.VERIFY, None)])
    assert story.progress == (progress if kept else None)


@given(st.lists(events, max_size=25))
def test_any_beginning_of_any_events_has_a_story(told: list[Event]) -> None:
    """Whatever was lost and whatever the order: each state depends only on the previous one."""
    story = Story()
    for count, event in enumerate(told, 1):
        story = story.after(event)
        assert story == fold(told[:count])
        assert len({entry.key for entry in story.entries}) == len(story.entries)
        for entry in story.entries:
            duration = entry.duration(BEGAN)
            assert duration is None or isinstance(duration, float)


@given(st.lists(events, max_size=10))
def test_events_come_back_from_their_lines_with_their_times(told: list[Event]) -> None:
    back = list(events_in(b"".join(map(line_of, told))))
    assert back == told
    assert [getattr(event, "at", None) for event in back] == [getattr(event, "at", None) for event in told]


def test_what_went_wrong_is_a_text_in_lines_older_than_its_codes() -> None:
    lines = b"""
        {"event":"borg-ended","run_id":7,"step":"create","status":"failure","error":"No space."}
        {"event":"settled","run_id":7,"outcome":"failure","error":"The disk is full."}"""
    assert [event.error for event in events_in(lines) if isinstance(event, BorgEnded | OutcomeSettled)] == [
        (text("No space."),),
        (text("The disk is full."),),
    ]


@given(st.lists(events, min_size=1, max_size=5), st.data())
def test_of_a_file_that_ends_in_a_line_all_lines_before_it_are_read(told: list[Event], data: st.DataObject) -> None:
    text = b"".join(map(line_of, told))
    cut = data.draw(st.integers(len(text) - len(line_of(told[-1])), len(text) - 1))
    assert list(events_in(text[: text[:cut].rfind(b"\n") + 1])) == told[:-1]


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b'{"event":"of a newer version"}',
        b'{"event":"step","run_id":1,"step":"of a newer version"}',
        b'{"event":"step"}',
        b'{"event":"queued","run_id":"one","repository":"Docs"}',
        b"[]",
        b"\xff\xfe",
    ],
)
def test_a_line_that_nobody_understands_is_left_out(line: bytes) -> None:
    known = StopAsked(RunId(1))
    assert list(events_in(line + b"\n" + line_of(known))) == [known]


def test_what_a_newer_version_adds_to_an_event_is_left_out() -> None:
    line = json.loads(line_of(StopAsked(RunId(1)))) | {"by": "somebody"}
    assert list(events_in(json.dumps(line).encode() + b"\n")) == [StopAsked(RunId(1))]


def test_entries_stand_in_the_order_of_their_turns() -> None:
    armed = (
        ArmedScript(ExecutionId(1), Hook.POST_RUN, 1, "Report"),
        ArmedScript(ExecutionId(2), Hook.PRE_BACKUP, 2, "Dump"),
        ArmedScript(ExecutionId(3), Hook.PRE_BACKUP, 1, "Stop"),
        ArmedScript(ExecutionId(4), Hook.POST_BACKUP, 1, "Start"),
    )
    story = fold(
        [
            RunQueued(RunId(7), "Docs"),
            RunArmed(RunId(7), armed),
            BorgBegan(RunId(7), BorgStep.COMPACT),
            BorgBegan(RunId(7), BorgStep.PRUNE),
        ]
    )
    assert [entry.name for entry in story.entries] == ["Stop", "Dump", "create", "Start", "prune", "compact", "Report"]
    assert [entry.kind for entry in story.entries].count(Kind.BORG) == 3


def test_a_script_from_its_start_to_its_end_and_run_again() -> None:
    started = ExecutionStarted(RunId(7), ExecutionId(3), Hook.PRE_BACKUP, "Stop", output="3", at=BEGAN)
    story = fold(
        [
            RunArmed(RunId(7), (ArmedScript(ExecutionId(3), Hook.PRE_BACKUP, 1, "Stop", ScriptId(9), "ab" * 32),)),
            started,
        ]
    )
    entry = story.entry(ExecutionId(3))
    assert entry is not None
    assert (story.script, story.active, entry.output) == ("Stop", entry, "3")
    assert entry.duration(BEGAN + timedelta(seconds=4)) == 4.0
    ended = ExecutionEnded(
        RunId(7), ExecutionId(3), Hook.PRE_BACKUP, "Stop", ExecutionStatus.FAILED, (EXIT,), 3, 1.5, at=BEGAN
    )
    entry = story.after(ended).entry(ExecutionId(3))
    assert entry is not None
    assert (entry.status, entry.reasons, entry.exit_code, entry.duration()) == (ExecutionStatus.FAILED, (EXIT,), 3, 1.5)
    assert (entry.script_id, entry.revision, entry.order) == (9, "ab" * 32, 1)
    again = story.after(ended).after(RecoveryBegan(RunId(7))).after(replace(started, recovered=True, output="3-2"))
    entry = again.entry(ExecutionId(3))
    assert entry is not None
    assert (entry.status, entry.reasons, entry.recovered, entry.output) == (ExecutionStatus.RUNNING, (), True, "3-2")


def test_what_borg_was_not_called_for_is_skipped_once_the_outcome_is_known() -> None:
    story = fold([RunArmed(RunId(7))])
    assert [(one.name, one.status) for one in story.entries] == [("create", ExecutionStatus.PENDING)]
    story = story.after(OutcomeSettled(RunId(7), Outcome.CANCELLED))
    assert [(one.name, one.status) for one in story.entries] == [("create", ExecutionStatus.SKIPPED)]


def test_lines_are_appended_whole_whatever_a_dead_process_left(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        log.append(StopAsked(RunId(1)))
    with events_in_folder(tmp_path).open("ab") as file:
        file.write(b'{"event":"settled","run_')
    assert read_events(tmp_path) == [StopAsked(RunId(1))]
    with EventLog(tmp_path) as log:
        log.append(RecoveryBegan(RunId(1)))
        log.append(StopAsked(RunId(1), hurried=True))
    assert read_events(tmp_path) == [StopAsked(RunId(1)), RecoveryBegan(RunId(1)), StopAsked(RunId(1), hurried=True)]


def test_progress_has_a_file_that_does_not_grow_for_ever(tmp_path: Path) -> None:
    told = [BorgProgressed(RunId(1), "/home/somebody/a/file", number, 1000 * number, 10) for number in range(2000)]
    with EventLog(tmp_path) as log:
        for event in told:
            log.append(event)
        assert progress_in_folder(tmp_path).stat().st_size < 100_000
        assert list(events_in(progress_in_folder(tmp_path).read_bytes()))[-1] == told[-1]
    assert read_events(tmp_path) == []
    assert not progress_in_folder(tmp_path).exists(), "nobody wants to know it any more"


def test_what_is_printed_is_no_line(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        log.append(OutputPrinted(RunId(1), ExecutionId(1), Stream.STDOUT, ("a",)))
    assert events_in_folder(tmp_path).read_bytes() == b""


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("in the way")
    with EventLog(tmp_path / "run") as log:
        log.append(StopAsked(RunId(1)))
        log.append(BorgProgressed(RunId(1), "x"))
        assert isinstance(log.error, OSError)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device here")  # noqa: PTH110
def test_a_full_disk_stops_nobody(tmp_path: Path) -> None:
    events_in_folder(tmp_path).symlink_to("/dev/full")
    with EventLog(tmp_path) as log:
        log.append(StopAsked(RunId(1)))
        assert isinstance(log.error, OSError)
