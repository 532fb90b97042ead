from __future__ import annotations

from borgdesk.domain.events import Stream
from borgdesk.domain.run import ExecutionStatus, RunStatus
from borgdesk.engine.active_run import log_in, run_folder
from borgdesk.gui import run_words
from borgdesk.gui.timeline import CREATE, RETENTION, Entry, RunRecord, read_record
from tests.gui.scene import LAST, POST, PRE, Scene

OUT, ERR = Stream.STDOUT, Stream.STDERR


def entry_of(record: RunRecord, title: str) -> Entry:
    return next(entry for entry in record.entries() if run_words.entry_title(entry) == title)


def test_a_good_run_has_an_entry_for_each_step(scene: Scene) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop", "echo out; sleep 0.05; echo err >&2; sleep 0.05; echo out again", PRE)
    scene.hook(repository, "Start", "true", POST)
    scene.hook(repository, "Alarm", "true", LAST, run_on="failure")
    record = read_record(scene.workspace, scene.run(repository).id)
    entries = record.entries()
    assert [run_words.entry_title(entry) for entry in entries] == ["Stop", "Backup (Borg)", "Start", "Alarm"]
    assert [entry.status for entry in entries] == [
        ExecutionStatus.SUCCESS,
        RunStatus.SUCCESS,
        ExecutionStatus.SUCCESS,
        ExecutionStatus.SKIPPED,
    ]
    assert max(entry.share for entry in entries) == 1.0
    assert entries[1].duration
    assert entries[3].duration is None
    assert record.printed(entries[0]).chunks == ((OUT, ("out",)), (ERR, ("err",)), (OUT, ("out again",)))
    assert record.printed(entries[3]).chunks == ()
    assert "condition is failure" in run_words.entry_result(entries[3])
    assert run_words.no_output(entries[3]) == "It was not run, so it printed nothing."


def test_without_its_log_the_database_has_the_output(scene: Scene) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop", "echo out; echo err >&2", PRE)
    run = scene.run(repository)
    log_in(run_folder(scene.workspace, run.id)).unlink()
    record = read_record(scene.workspace, run.id)
    printed = record.printed(entry_of(record, "Stop"))
    assert [stream for stream, _ in printed.chunks] == [OUT, ERR]
    assert printed.chunks[0][1][0] == "out"


def test_a_run_that_failed_before_borg_says_borg_was_not_started(scene: Scene) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop", "exit 4", PRE)
    run = scene.run(repository)
    record = read_record(scene.workspace, run.id)
    create = next(entry for entry in record.entries() if entry.key == CREATE)
    assert create.status is ExecutionStatus.SKIPPED
    assert run_words.no_output(create) == "Borg was not started."
    assert run_words.entry_result(entry_of(record, "Stop")) == "Failed: exit 4"


def test_scripts_of_the_same_name_keep_their_own_output(scene: Scene) -> None:
    repository = scene.repository()
    script = scene.script("Twice", 'echo "in $BORGDESK_HOOK"')
    scene.assign(repository, script, PRE)
    scene.assign(repository, script, POST)
    record = read_record(scene.workspace, scene.run(repository).id)
    printed = [record.printed(entry).chunks for entry in record.entries() if entry.execution]
    assert printed == [((OUT, ("in pre-backup",)),), ((OUT, ("in post-backup",)),)]


def test_retention_is_an_entry_where_it_ran(scene: Scene) -> None:
    from dataclasses import replace

    from borgdesk.domain.repository import Retention

    repository = scene.repository()
    repository = scene.workspace.store.repositories.update(replace(repository, retention=Retention(daily=7)))
    record = read_record(scene.workspace, scene.run(repository).id)
    assert [entry.key for entry in record.entries()] == [CREATE, RETENTION]
    assert record.entries()[1].status is RunStatus.SUCCESS
