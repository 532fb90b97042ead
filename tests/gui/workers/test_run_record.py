from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.domain.events import Event, RunQueued, Stream
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import BorgStep, ExecutionStatus, RunStatus, Trigger
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import backup
from borgdesk.engine.runs.event_log import events_in_folder
from borgdesk.engine.runs.output_files import outputs_in
from borgdesk.engine.runs.run_folders import log_in, run_folder
from borgdesk.engine.runs.story import Entry, Kind
from borgdesk.gui.look import run_words
from borgdesk.gui.runs.timeline_table import rows_of
from borgdesk.gui.workers.live_run import LiveRun
from borgdesk.gui.workers.run_record import RunRecord, read_record
from tests.gui.scene import LAST, POST, PRE, Scene

OUT, ERR = Stream.STDOUT, Stream.STDERR


def entry_of(record: RunRecord, title: str) -> Entry:
    return next(entry for entry in record.story.entries if run_words.entry_title(entry) == title)


def test_a_good_run_has_an_entry_for_each_step(scene: Scene) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop", "echo out; sleep 0.05; echo err >&2; sleep 0.05; echo out again", PRE)
    scene.hook(repository, "Start", "true", POST)
    scene.hook(repository, "Alarm", "true", LAST, run_on="failure")
    record = read_record(scene.workspace, scene.run(repository).id)
    entries = record.story.entries
    assert [run_words.entry_title(entry) for entry in entries] == ["Stop", "Backup (Borg)", "Start", "Alarm"]
    assert [entry.status for entry in entries] == [
        ExecutionStatus.SUCCESS,
        RunStatus.SUCCESS,
        ExecutionStatus.SUCCESS,
        ExecutionStatus.SKIPPED,
    ]
    rows = rows_of(record.story)
    ran = [row for row in rows if row.share is not None]
    assert [row.begin for row in ran] == sorted(row.begin for row in ran)
    assert ran[0].begin == 0
    assert max(row.begin + (row.share or 0) for row in ran) == pytest.approx(1)
    assert rows[1].duration
    assert rows[3].duration is None
    assert record.printed(entries[0]).chunks == ((OUT, ("out",)), (ERR, ("err",)), (OUT, ("out again",)))
    assert record.printed(entries[3]).chunks == ()
    assert "condition is failure" in run_words.entry_result(entries[3])
    assert run_words.no_output(entries[3]) == "It was not run, so there is no output."


def older(scene: Scene, run: Run) -> Path:
    """Reduce the run to what an older version stored."""
    folder = run_folder(scene.workspace, run.id)
    events_in_folder(folder).unlink()
    shutil.rmtree(outputs_in(folder))
    return folder


def test_a_run_of_an_older_version_is_read_from_its_log(scene: Scene) -> None:
    repository = scene.repository()
    script = scene.script("Twice", 'echo "in $BORGDESK_HOOK"; sleep 0.05; echo err >&2')
    scene.assign(repository, script, PRE)
    scene.assign(repository, script, POST)
    run = scene.run(repository)
    newer = read_record(scene.workspace, run.id)
    older(scene, run)
    record = read_record(scene.workspace, run.id)
    assert [(one.key, one.status) for one in record.story.entries] == [
        (one.key, one.status) for one in newer.story.entries
    ]
    assert record.outputs == newer.outputs
    assert record.printed(record.story.entries[0]).chunks == ((OUT, ("in pre-backup",)), (ERR, ("err",)))


def test_without_its_log_the_database_has_the_output(scene: Scene) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop", "echo out; echo err >&2", PRE)
    run = scene.run(repository)
    log_in(older(scene, run)).unlink()
    record = read_record(scene.workspace, run.id)
    printed = record.printed(entry_of(record, "Stop"))
    assert [stream for stream, _ in printed.chunks] == [OUT, ERR]
    assert printed.chunks[0][1][0] == "out"


def test_a_run_that_failed_before_borg_says_borg_was_not_started(scene: Scene) -> None:
    repository = scene.repository()
    scene.hook(repository, "Stop", "exit 4", PRE)
    run = scene.run(repository)
    record = read_record(scene.workspace, run.id)
    create = next(entry for entry in record.story.entries if entry.key is BorgStep.CREATE)
    assert create.status is ExecutionStatus.SKIPPED
    assert run_words.no_output(create) == "Borg was not started."
    assert run_words.entry_result(entry_of(record, "Stop")) == "Failed: exit 4"


def test_scripts_of_the_same_name_keep_their_own_output(scene: Scene) -> None:
    repository = scene.repository()
    script = scene.script("Twice", 'echo "in $BORGDESK_HOOK"')
    scene.assign(repository, script, PRE)
    scene.assign(repository, script, POST)
    record = read_record(scene.workspace, scene.run(repository).id)
    printed = [record.printed(entry).chunks for entry in record.story.entries if entry.kind is Kind.SCRIPT]
    assert printed == [((OUT, ("in pre-backup",)),), ((OUT, ("in post-backup",)),)]


def tidied(scene: Scene) -> Repository:
    return scene.workspace.store.repositories.update(replace(scene.repository(), retention=Retention(daily=7)))


def test_each_step_of_borg_is_an_entry_with_its_own_end(scene: Scene) -> None:
    """The result of pruning does not depend on failures elsewhere."""
    repository = tidied(scene)
    scene.hook(repository, "Start", "exit 1", POST)
    record = read_record(scene.workspace, scene.run(repository).id)
    assert [(entry.key, entry.status) for entry in record.story.entries if entry.kind is Kind.BORG] == [
        (BorgStep.CREATE, RunStatus.SUCCESS),
        (BorgStep.PRUNE, RunStatus.SUCCESS),
        (BorgStep.COMPACT, RunStatus.SUCCESS),
    ]
    assert all(entry.duration() is not None for entry in record.story.entries)


@pytest.mark.parametrize("log", [True, False], ids=["with its events", "of an older version"])
def test_old_archives_that_could_not_be_removed_are_said_to_be_there(
    scene: Scene, tmp_path: Path, *, log: bool
) -> None:
    lives: list[LiveRun] = []
    seen: list[list[Entry]] = []
    repository = tidied(scene)
    scene.hook(repository, "Start", "exit 1", POST)
    scene.hook(repository, "Report", "true", LAST)

    def tell(event: Event) -> None:
        if isinstance(event, RunQueued):
            lives.append(LiveRun(repository.id, event.repository, event.run_id))
        lives[0].take(event)
        seen.append([entry for entry in lives[0].story.entries if entry.kind is Kind.BORG])

    workspace = replace(scene.workspace, fixed_borg=refusing_borg(tmp_path, "prune"))
    run = backup.run(workspace, repository, Trigger.USER, tell, Cancel())
    if not log:
        older(scene, run)
    record = read_record(scene.workspace, run.id)
    prune = entry_of(record, "Prune old archives (Borg)")
    assert prune.status is RunStatus.FAILURE
    assert run_words.entry_result(prune).startswith("Failed: ")
    assert "no, not prune" in str(record.printed(prune).chunks)
    assert "prune" not in str(record.printed(record.story.entries[0]).chunks)
    # The live view showed the same until the end.
    states = [(entry.key, entry.status) for entry in seen[-1]]
    assert states == [(entry.key, entry.status) for entry in record.story.entries if entry.kind is Kind.BORG]
    assert (BorgStep.PRUNE, RunStatus.FAILURE) in states


def refusing_borg(folder: Path, command: str) -> str:
    """Return a Borg that refuses one command."""
    program = folder / "borg-that-refuses"
    program.write_text(
        f'#!/bin/bash\n[[ " $* " != *" {command} "* ]] || {{ echo "no, not {command}" >&2; exit 2; }}\nexec borg "$@"\n'
    )
    program.chmod(0o755)
    return str(program)
