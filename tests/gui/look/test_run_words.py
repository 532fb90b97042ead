"""Texts about active and past runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QLocale
from pytestqt.qtbot import QtBot

from borgdesk.borg.options import Encryption
from borgdesk.domain.decisions import Policy
from borgdesk.domain.events import (
    BorgProgressed,
    ExecutionEnded,
    ExecutionStarted,
    OutcomeSettled,
    StepBegan,
    StopAsked,
    TurnAwaited,
)
from borgdesk.domain.history import ArchiveStatistics, Execution, PastBackup, PlannedScript, Run
from borgdesk.domain.ids import ExecutionId, RepositoryId, RunId
from borgdesk.domain.reasons import text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import ALWAYS, BorgStep, ExecutionStatus, Hook, OnFailure, Outcome, RunStatus, Step, Trigger
from borgdesk.domain.sentences import end_title
from borgdesk.engine.runs.story import Entry, Kind
from borgdesk.gui.look import run_words, words
from borgdesk.gui.workers.live_run import LiveRun

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STATISTICS = ArchiveStatistics(3_200_000_000, 1_000_000, 12_431)
PLANNED = PlannedScript("Stop", Hook.PRE_BACKUP, 1, Policy(ALWAYS, OnFailure.STOP, 60), None)
RUN = Run(
    RunId(7), RepositoryId(1), "Docs", "/repo", Trigger.USER, RunStatus.SUCCESS, Step.DONE, NOW - timedelta(hours=3)
)
EXECUTION = Execution(ExecutionId(3), RunId(7), PLANNED, ExecutionStatus.SUCCESS)


@pytest.fixture(autouse=True)
def english(qtbot: QtBot) -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    yield
    QLocale.setDefault(before)


def live(name: str = "Docs") -> LiveRun:
    return LiveRun(RepositoryId(1), name, RunId(7), began_at=datetime.now(UTC) - timedelta(minutes=4))


def of(status: ExecutionStatus, reason: str | None = None, *, recovered: bool = False) -> Entry:
    told = () if reason is None else (text(reason),)
    return Entry(ExecutionId(3), Kind.SCRIPT, "Stop", status, Hook.PRE_BACKUP, reasons=told, recovered=recovered)


def of_borg(step: BorgStep, status: RunStatus | ExecutionStatus, reason: str | None = None) -> Entry:
    return Entry(step, Kind.BORG, step, status, reasons=() if reason is None else (text(reason),))


def test_what_a_run_does() -> None:
    run = live()
    assert run_words.doing(run) == "waiting"
    run.take(TurnAwaited(RunId(7), 2))
    assert run_words.doing(run) == "waiting (2 ahead of it)"
    run.take(StepBegan(RunId(7), Step.CREATE))
    assert run_words.doing(run) == "backing up"
    run.take(ExecutionStarted(RunId(7), ExecutionId(3), Hook.PRE_BACKUP, "Stop"))
    assert run_words.doing(run) == "running “Stop”"
    run.take(StopAsked(RunId(7)))
    assert run_words.doing(run) == "Stopping… (running “Stop”)"
    run.take(StopAsked(RunId(7), hurried=True))
    assert run_words.doing(run) == "Stopping now… (running “Stop”)"
    run.take(ExecutionEnded(RunId(7), ExecutionId(3), Hook.PRE_BACKUP, "Stop", ExecutionStatus.CANCELLED))
    assert run_words.doing(run) == "Stopping now…"


def test_a_run_in_one_line() -> None:
    run = live()
    run.take(StepBegan(RunId(7), Step.CREATE))
    assert run_words.live_line(run) == "Docs: backing up · 4 min"
    run.take(BorgProgressed(RunId(7), "x", files=5, original_size=2_000_000))
    assert run_words.live_facts(run) == ["5 files", "2.0 MB", "4 min"]
    run.take(OutcomeSettled(RunId(7), Outcome.SUCCESS, statistics=STATISTICS))
    assert run_words.live_facts(run) == ["12,431 files", "3.2 GB", "4 min"]
    restore = live()
    restore.take(BorgProgressed(RunId(7), "x", original_size=3_000_000, fraction=0.5))
    assert run_words.live_facts(restore)[:2] == ["3.0 MB", words.percent(0.5)]


def test_facts_of_a_run() -> None:
    began = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
    assert run_words.headline(RUN) == "Docs – Success"
    assert run_words.facts(RUN).endswith("started by: You")
    done = replace(RUN, started_at=began, finished_at=began + timedelta(seconds=75))
    assert run_words.facts(done).endswith(" · took 1 min 15 s")
    assert run_words.facts(replace(done, recovered=True)).endswith(" · took 1 min 15 s · finished by recovery")
    assert "took" not in run_words.facts(replace(done, finished_at=None))
    assert run_words.facts(done).split(" · ")[0] != run_words.facts(RUN).split(" · ")[0], "its beginning, if it had one"


def test_what_a_run_stored() -> None:
    assert run_words.archive_facts(RUN) == ""
    assert run_words.archive_facts(replace(RUN, archive="docs-1")) == "Archive docs-1"
    stored = replace(RUN, archive="docs-1", statistics=STATISTICS)
    assert run_words.archive_facts(stored) == "Archive docs-1 · 12,431 files · 3.2 GB · 1.0 MB new"
    assert run_words.remark(stored) == "12,431 files · 3.2 GB · 1.0 MB new"
    assert run_words.remark(replace(stored, notes=(text("a"), text("b")))) == "a b"
    assert run_words.remark(replace(stored, notes=(text("a"),), errors=(text("bad"),))) == "bad"
    assert run_words.remark(RUN) == ""


def test_lines_of_the_timeline() -> None:
    script, borg = of(ExecutionStatus.SUCCESS), of_borg(BorgStep.CREATE, RunStatus.RUNNING)
    assert (run_words.entry_title(script), run_words.entry_title(borg)) == ("Stop", "Backup (Borg)")
    assert (run_words.entry_lane(script), run_words.entry_lane(borg)) == ("Before the backup", "")
    assert run_words.output_title(borg) == "Output of “Backup (Borg)”"


def test_how_a_line_of_the_timeline_ended() -> None:
    failed = of_borg(BorgStep.CREATE, RunStatus.FAILURE, "no space")
    assert run_words.entry_result(failed) == "Failed: no space"
    assert run_words.entry_result(of_borg(BorgStep.CREATE, RunStatus.SUCCESS)) == "Success"
    assert run_words.entry_result(of_borg(BorgStep.PRUNE, ExecutionStatus.SKIPPED)) == "Not run"
    assert run_words.entry_result(of(ExecutionStatus.SUCCESS)) == "Success"
    assert run_words.entry_result(of(ExecutionStatus.FAILED, "exit 1")) == "Failed: exit 1"
    assert run_words.entry_result(of(ExecutionStatus.FAILED, "a", recovered=True)) == "Failed: a · run by recovery"
    assert run_words.entry_result(of(ExecutionStatus.SUCCESS, recovered=True)) == "Success: run by recovery"
    assert run_words.entry_result(of(ExecutionStatus.PENDING, "no room")) == "Still owed: no room"
    assert not run_words.entry_result(of(ExecutionStatus.PENDING)).startswith("Still owed")


def test_why_there_is_no_output() -> None:
    begun = replace(of(ExecutionStatus.SKIPPED), started_at=NOW)
    assert [
        run_words.no_output(entry)
        for entry in (
            of(ExecutionStatus.PENDING),
            of(ExecutionStatus.SKIPPED),
            of_borg(BorgStep.PRUNE, ExecutionStatus.SKIPPED),
            of(ExecutionStatus.RUNNING),
            of_borg(BorgStep.CREATE, RunStatus.RUNNING),
            of(ExecutionStatus.SUCCESS),
            begun,
        )
    ] == [
        "It has not run yet.",
        "It was not run, so there is no output.",
        "Borg was not started.",
        "No output yet.",
        "No output yet.",
        "No output.",
        "No output.",
    ]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (RunStatus.SUCCESS, "Backed up 2 hours ago"),
        (RunStatus.WARNING, "Backed up with warnings 2 hours ago: one file was missing"),
        (RunStatus.CANCELLED, "Stopped 2 hours ago"),
        (RunStatus.INTERRUPTED, "Interrupted 2 hours ago: one file was missing"),
        (RunStatus.SKIPPED, "Skipped 2 hours ago: one file was missing"),
        (RunStatus.FAILURE, "Failed 2 hours ago: one file was missing"),
    ],
)
def test_how_the_last_run_ended(status: RunStatus, sentence: str) -> None:
    run = replace(RUN, status=status, finished_at=NOW - timedelta(hours=2), errors=(text("one file\n was missing"),))
    assert run_words.last_run(run, NOW) == sentence
    assert run_words.last_run(replace(run, errors=()), NOW) == sentence.partition(":")[0]
    assert run_words.last_run(None) == "Never backed up"


def test_the_last_good_backup() -> None:
    repository = Repository(RepositoryId(1), "Docs", "/repo", ("/a",), encryption=Encryption.NONE)
    assert run_words.last_good(repository, NOW) == "No good backup yet"
    repository = replace(repository, last_success_at=NOW - timedelta(hours=2))
    assert run_words.last_good(repository, NOW) == "Last good backup 2 hours ago"


def test_the_strip_of_outcomes() -> None:
    assert run_words.strip_name(()) == "No runs yet"
    statuses = (RunStatus.FAILURE, RunStatus.INTERRUPTED, RunStatus.WARNING, RunStatus.CANCELLED, RunStatus.SUCCESS)
    strip = tuple(PastBackup(RunId(n), status, NOW) for n, status in enumerate(statuses))
    assert run_words.strip_name(strip) == "Last 5 runs: 2 failed; most recent: Success"


def test_one_backup_of_the_strip() -> None:
    one = PastBackup(RunId(1), RunStatus.FAILURE, NOW, NOW, NOW + timedelta(minutes=4), (text("no such\n device"),))
    assert run_words.past_backup(one) == f"{words.moment(NOW)} · took 4 min · Failed\nno such device"
    skipped = PastBackup(RunId(1), RunStatus.SKIPPED, NOW)
    assert run_words.past_backup(skipped) == f"{words.moment(NOW)} · Skipped"


def test_what_is_still_owed() -> None:
    pending = replace(EXECUTION, status=ExecutionStatus.PENDING)
    other = replace(pending, planned=replace(PLANNED, name="Start"))
    said = run_words.owed(RUN, (pending, EXECUTION, other))
    assert said.startswith("Still owed after the backup of “Docs” on ")
    assert said.endswith(": “Stop” and “Start”.")


def test_runs_of_others() -> None:
    queued, running = replace(RUN, status=RunStatus.QUEUED), replace(RUN, status=RunStatus.RUNNING)
    assert run_words.elsewhere(queued) == "A backup is waiting, started by: you"
    assert run_words.elsewhere(running) == "A backup is running, started by: you"
    assert run_words.elsewhere(replace(running, recovered=True)) == "Cleaning up after an interrupted run"
    assert run_words.elsewhere_line(running) == "Docs: A backup is running, started by: you"


def test_the_first_line_of_the_tray_s_menu() -> None:
    one = live()
    one.take(StepBegan(RunId(7), Step.CREATE))
    running = replace(RUN, status=RunStatus.RUNNING)
    assert run_words.tray_line(()) == "Nothing is running"
    other = replace(running, repository="Photos")
    assert run_words.tray_line((), (running, other)) == "Docs: A backup is running, started by: you"
    assert run_words.tray_line((one,), (running,)) == "Docs: backing up"
    assert run_words.tray_line((one, live("Photos"))) == "2 backups are running"


def test_titles_of_notifications() -> None:
    titles = {status: end_title(status) for status in RunStatus}
    assert titles[RunStatus.SUCCESS] == "Backup finished"
    assert titles[RunStatus.WARNING] == "Backup finished with warnings"
    assert titles[RunStatus.CANCELLED] == "Backup cancelled"
    assert titles[RunStatus.INTERRUPTED] == "Backup interrupted"
    assert titles[RunStatus.SKIPPED] == "Backup skipped"
    assert titles[RunStatus.FAILURE] == "Backup failed"
