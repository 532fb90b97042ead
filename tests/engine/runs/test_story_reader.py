"""Reading real runs: active, finished, after a crash, and of older versions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.domain.events import BorgProgressed, Event, ExecutionEnded, ExecutionStarted, OutputPrinted, RunEnded
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import ExecutionStatus, RunStatus, Trigger
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import backup
from borgdesk.engine.runs.event_log import EventLog, events_in_folder
from borgdesk.engine.runs.run_folders import run_folder
from borgdesk.engine.runs.story import Key, Kind, Story, fold
from borgdesk.engine.runs.story_reader import StoryReader, read_events, story_of
from tests.engine.desk import FAILED, LAST, POST, PRE, Desk
from tests.listening import InStep

MANY = 1_000_000


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "work")
    yield desk
    desk.close()


def run_of_all_kinds(desk: Desk) -> Run:
    desk.add("Stop", PRE, "echo out; echo err >&2")
    desk.add("Start", POST, "exit 4")
    desk.add("Alarm", LAST, run_on="success")
    return desk.run()


def rows_of(run: Run) -> dict[Key, tuple[object, ...]]:
    scripts = {one.id: (one.status, one.reason, one.exit_code, one.started_at) for one in run.executions}
    return scripts | {one.step: (one.status, one.error, one.exit_code, one.started_at) for one in run.borg}


def entries_of(story: Story) -> dict[Key, tuple[object, ...]]:
    return {one.key: (one.status, one.reason, one.exit_code, one.started_at) for one in story.entries}


def test_the_story_of_a_run_is_what_history_has_of_it(desk: Desk) -> None:
    run = run_of_all_kinds(desk)
    story = fold(read_events(run_folder(desk.workspace, run.id)))
    assert entries_of(story) == rows_of(run)
    assert (story.status, story.outcome, story.archive) == (run.status, run.outcome, run.archive)
    assert (story.finished_at, story.queued_at) == (run.finished_at, run.queued_at)
    assert [entry.name for entry in story.entries] == ["Stop", "create", "Start", "Alarm"]


def test_whoever_listens_has_the_same_story(desk: Desk) -> None:
    run = run_of_all_kinds(desk)
    heard, read = fold(desk.events), story_of(desk.workspace, run)
    assert replace(heard, progress=None) == replace(read, progress=None)


def test_nothing_is_heard_of_that_cannot_be_read(desk: Desk) -> None:
    seen: list[tuple[Event, Event]] = []

    def listen(event: Event) -> None:
        if isinstance(event, ExecutionStarted | ExecutionEnded | RunEnded):
            assert event.run_id is not None
            read = read_events(run_folder(desk.workspace, event.run_id))
            seen.append((event, next(one for one in read if one == event)))

    desk.add("Stop", PRE)
    desk.add("Start", POST)
    backup.run(desk.workspace, desk.repository, Trigger.USER, InStep(listen), Cancel())
    assert len(seen) == 5


def test_a_run_without_events_is_told_from_history(desk: Desk) -> None:
    """As an older version left it."""
    run = run_of_all_kinds(desk)
    whole = story_of(desk.workspace, run)
    events_in_folder(run_folder(desk.workspace, run.id)).unlink()
    story = story_of(desk.workspace, run)
    assert entries_of(story) == rows_of(run)
    assert (story.status, story.sentence, story.archive) == (run.status, whole.sentence, run.archive)


def test_a_backup_that_an_older_version_made_did_not_record_borgs_steps(desk: Desk) -> None:
    run = replace(desk.run(), borg=())
    events_in_folder(run_folder(desk.workspace, run.id)).unlink()
    (create,) = story_of(desk.workspace, run).entries
    assert (create.kind, create.status, create.exit_code) == (Kind.BORG, RunStatus.SUCCESS, 0)
    never = replace(run, borg_exit_code=None, archive=None)
    (create,) = story_of(desk.workspace, never).entries
    assert create.status is ExecutionStatus.SKIPPED


def test_where_the_events_end_too_early_history_has_the_rest(desk: Desk) -> None:
    """As after a full disk: stored output is still found."""
    run = run_of_all_kinds(desk)
    file = events_in_folder(run_folder(desk.workspace, run.id))
    lines = file.read_bytes().splitlines(keepends=True)
    for kept in range(len(lines)):
        file.write_bytes(b"".join(lines[:kept]) + lines[kept][:20])
        story = story_of(desk.workspace, run)
        assert entries_of(story) == rows_of(run)
        assert story.status is run.status
    assert story.entries[0].output == str(run.executions[0].id)


def test_while_a_run_is_under_way_its_events_are_all_of_its_story(desk: Desk) -> None:
    """History is written before them."""
    run = replace(run_of_all_kinds(desk), status=RunStatus.RUNNING)
    file = events_in_folder(run_folder(desk.workspace, run.id))
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[: len(lines) // 2]))
    assert story_of(desk.workspace, run) == fold(read_events(run_folder(desk.workspace, run.id)))


def test_of_progress_the_last_is_read_once(tmp_path: Path) -> None:
    reader = StoryReader(tmp_path, MANY)
    with EventLog(tmp_path) as events:
        assert reader.read() == []
        for number in range(300):
            events.append(BorgProgressed(RunId(1), f"{'x' * 100} {number}"))
        assert reader.read() == [BorgProgressed(RunId(1), f"{'x' * 100} 299")]
        assert reader.read() == []
        events.append(BorgProgressed(RunId(1), "next"))
        assert reader.read() == [BorgProgressed(RunId(1), "next")]


def test_look_by_look_a_run_tells_what_a_listener_hears(desk: Desk) -> None:
    """The same events, and the same lines of the same scripts, as a listener gets."""
    desk.add("Stop", PRE, "echo one; echo two >&2")
    desk.add("Start", POST, "echo three")
    desk.play(create=FAILED)
    heard: list[Event] = []
    seen: list[Event] = []
    readers: list[StoryReader] = []

    def listen(event: Event) -> None:
        heard.append(event)
        if not readers and event.run_id is not None:
            readers.append(StoryReader(run_folder(desk.workspace, event.run_id), MANY))
        seen.extend(readers[0].read())

    backup.run(desk.workspace, desk.repository, Trigger.USER, InStep(listen), Cancel())
    seen.extend(readers[0].read())
    assert lines_of(seen) == lines_of(heard)
    assert replace(fold(seen), progress=None) == replace(fold(heard), progress=None)


def lines_of(events: list[Event]) -> dict[tuple[int | None, str], list[str]]:
    found: dict[tuple[int | None, str], list[str]] = {}
    for event in events:
        if isinstance(event, OutputPrinted):
            found.setdefault((event.execution_id, event.stream), []).extend(event.lines)
    return found


def test_secrets_are_in_no_file_of_a_run(desk: Desk) -> None:
    secret = "correct horse battery"
    header = "[parameters.PASSWORD]\nsecret = true"
    body = 'echo "$PASSWORD"; echo "it was $PASSWORD" >&2; exit 1'
    desk.add("Stop", PRE, body, header=header, secrets={"PASSWORD": secret})
    run = desk.run()
    folder = run_folder(desk.workspace, run.id)
    files = [Path(place) / name for place, _, names in os.walk(folder) for name in names]
    assert {file.name for file in files} >= {"events.jsonl", "run.log"}
    assert [file for file in files if secret.encode() in file.read_bytes()] == []
