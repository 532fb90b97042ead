"""Cleaning of the history and of the run logs: a real store, real runs, and kills at many moments."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.reasons import text
from borgdesk.domain.run import Trigger
from borgdesk.domain.settings import HISTORY_DAYS, HISTORY_SIZE, LOG_DAYS, LOG_SIZE, Setting
from borgdesk.engine.processes import procfs
from borgdesk.engine.runs.history_cleaning import Cleaned, clean, is_due, output_was_removed, survey
from borgdesk.engine.runs.output_files import outputs_in
from borgdesk.engine.runs.run_folders import log_in, run_folder
from borgdesk.engine.runs.story_reader import story_of
from borgdesk.store.clock import now
from borgdesk.store.tables import BackupJobRow, ScriptExecutionRow
from tests.engine.desk import PRE, Desk
from tests.store.samples import assert_whole, planned

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def cleanable(desk: Desk) -> Desk:
    """Return a BorgDesk in which the first cleaning was announced long ago, and the last one is two days old."""
    last = now() - timedelta(days=2)
    desk.workspace.store.key_values.set("history.cleaning", {"from": LONG_AGO.isoformat(), "last": last.isoformat()})
    return desk


def limit(desk: Desk, setting: Setting[int], value: int) -> None:
    desk.workspace.store.settings.set(setting, value)


def made_old(desk: Desk, *run_ids: RunId, days: int = 1000) -> None:
    moment = now() - timedelta(days=days)
    values = {"queued_at": moment, "started_at": moment, "finished_at": moment}
    with desk.workspace.store.database.writing() as session:
        session.execute(update(BackupJobRow).where(BackupJobRow.id.in_(run_ids)).values(**values))


def pretended(desk: Desk, count: int, *, days: int = 1000) -> list[RunId]:
    """Store finished runs with a folder each."""
    runs = desk.workspace.store.runs
    ids = [runs.queue(desk.repository, Trigger.USER, procfs.identity(), now()).id for _ in range(count)]
    with desk.workspace.store.database.writing() as session:
        session.execute(
            update(BackupJobRow)
            .where(BackupJobRow.id.in_(ids))
            .values(status="success", outcome="success", archive="a" * 10)
        )
    made_old(desk, *ids, days=days)
    for run_id in ids:
        folder = run_folder(desk.workspace, run_id)
        outputs_in(folder).mkdir(parents=True)
        (outputs_in(folder) / "borg-create.0").write_bytes(b"x" * 10_000)
        (folder / "events.jsonl").write_text("")
        log_in(folder).write_text("a log\n")
    return ids


def folders(desk: Desk) -> set[int]:
    return {int(folder.name) for folder in desk.workspace.paths.runs.iterdir()}


def rows(desk: Desk) -> set[int]:
    return {run.id for run in desk.workspace.store.runs.list(limit=10_000)}


def cleaned(desk: Desk) -> Cleaned:
    found = clean(desk.workspace, now())
    assert found is not None
    return found


def test_old_runs_go_with_their_folders_and_the_others_stay(cleanable: Desk) -> None:
    old = pretended(cleanable, 60)
    young = pretended(cleanable, 50, days=10)
    assert survey(cleanable.workspace, now()).old_runs == 60
    found = cleaned(cleanable)
    assert (found.runs, found.left_over, found.complete) == (60, 0, True)
    assert rows(cleanable) == folders(cleanable) == set(young)
    assert not set(old) & rows(cleanable)
    assert_whole(cleanable.workspace.paths.database)
    assert not is_due(cleanable.workspace, now())
    assert is_due(cleanable.workspace, now() + timedelta(days=1))


def test_zero_means_for_ever(cleanable: Desk) -> None:
    for setting in (HISTORY_DAYS, HISTORY_SIZE, LOG_DAYS, LOG_SIZE):
        limit(cleanable, setting, 0)
    runs = pretended(cleanable, 60, days=5000)
    assert cleaned(cleanable) == Cleaned(complete=True)
    assert rows(cleanable) == folders(cleanable) == set(runs)


def test_what_removes_is_not_needed_while_there_is_nothing_to_remove(
    cleanable: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[datetime] = []
    removal = cleanable.workspace.store.history_removal
    indispensable = removal.indispensable

    def noted(moment: datetime) -> frozenset[RunId]:
        asked.append(moment)
        return indispensable(moment)

    monkeypatch.setattr(removal, "indispensable", noted)
    runs = pretended(cleanable, 20, days=10)
    assert cleaned(cleanable) == Cleaned(complete=True)
    assert not asked
    # A folder whose row was removed, as a kill leaves it.
    with cleanable.workspace.store.database.writing() as session:
        session.execute(delete(BackupJobRow).where(BackupJobRow.id == runs[3]))
    assert cleaned(cleanable).left_over == 1
    assert asked
    assert folders(cleanable) == rows(cleanable) == {*runs} - {runs[3]}


def test_a_database_that_is_too_large_loses_its_oldest_runs(cleanable: Desk) -> None:
    runs = pretended(cleanable, 80, days=1)
    with cleanable.workspace.store.database.writing() as session:
        session.execute(update(BackupJobRow).values(errors=(text("x" * 50_000),)))
    limit(cleanable, HISTORY_SIZE, 4)
    found = cleaned(cleanable)
    left = sorted(rows(cleanable))
    assert 0 < found.runs < 30, "only as many as it takes, and never the newest"
    assert left == runs[found.runs :]
    assert survey(cleanable.workspace, now()).database < 4_000_000
    assert folders(cleanable) == set(left)


def test_the_full_output_goes_before_the_run_does(cleanable: Desk) -> None:
    cleanable.add("Stop", PRE, "for n in {1..9}; do echo line $n; done")
    run = cleanable.run()
    pretended(cleanable, 60, days=10)
    made_old(cleanable, run.id, days=400)
    folder = run_folder(cleanable.workspace, run.id)
    before = story_of(cleanable.workspace, run)
    assert log_in(folder).exists()
    found = cleaned(cleanable)
    assert (found.runs, found.outputs) == (0, 1)
    assert output_was_removed(folder)
    assert {file.name for file in folder.iterdir()} <= {"events.jsonl", "output-removed"}
    again = cleanable.workspace.store.runs.get(run.id)
    assert story_of(cleanable.workspace, again) == before, "what happened is still known"
    assert again.executions[0].stdout.startswith("line 1\n")
    assert cleaned(cleanable).outputs == 0


def test_logs_that_are_too_large_go_from_the_oldest_on(cleanable: Desk) -> None:
    runs = pretended(cleanable, 60, days=10)
    for run_id in runs:
        (outputs_in(run_folder(cleanable.workspace, run_id)) / "borg-create.1").write_bytes(b"x" * 90_000)
    limit(cleanable, LOG_SIZE, 5)
    # The newest 50 are indispensable as runs of the history, and their output is kept with them.
    assert cleaned(cleanable).outputs == 10
    gone = [run_id for run_id in runs if output_was_removed(run_folder(cleanable.workspace, run_id))]
    assert gone == runs[:10]


def test_a_restore_that_can_be_undone_stays(cleanable: Desk) -> None:
    runs = pretended(cleanable, 60)
    (run_folder(cleanable.workspace, runs[0]) / "restore").mkdir()
    (run_folder(cleanable.workspace, runs[0]) / "restore" / "places.json").write_text("{}")
    cleaned(cleanable)
    assert runs[0] in rows(cleanable)
    assert not output_was_removed(run_folder(cleanable.workspace, runs[0]))
    assert rows(cleanable) == folders(cleanable)


def test_nothing_is_cleaned_while_a_run_is_queued(cleanable: Desk) -> None:
    pretended(cleanable, 60)
    waiting = cleanable.workspace.store.runs.queue(cleanable.repository, Trigger.USER, procfs.identity(), now())
    assert cleaned(cleanable) == Cleaned()
    assert len(rows(cleanable)) == 61
    assert is_due(cleanable.workspace, now()), "it is tried again"
    with cleanable.workspace.store.database.writing() as session:
        session.execute(update(BackupJobRow).where(BackupJobRow.id == waiting.id).values(status="cancelled"))
    assert cleaned(cleanable).runs == 11


def test_it_stops_when_asked_and_when_its_time_is_over(cleanable: Desk) -> None:
    pretended(cleanable, 60)
    assert clean(cleanable.workspace, now(), is_stopped=lambda: True) == Cleaned()
    assert clean(cleanable.workspace, now(), budget=0) == Cleaned()
    assert len(rows(cleanable)) == 60


def test_the_first_cleaning_of_a_set_up_with_old_runs_is_announced(desk: Desk) -> None:
    pretended(desk, 60)
    moment = now()
    assert clean(desk.workspace, moment) == Cleaned()
    assert len(rows(desk)) == 60
    first = survey(desk.workspace, moment).first
    assert first == moment + timedelta(days=7)
    assert not is_due(desk.workspace, moment + timedelta(days=6))
    assert is_due(desk.workspace, moment + timedelta(days=7))
    later = clean(desk.workspace, moment + timedelta(days=8))
    assert later is not None
    assert later.runs == 10


def test_where_nothing_is_lost_there_is_nothing_to_announce(desk: Desk) -> None:
    assert cleaned(desk) == Cleaned(complete=True)
    assert survey(desk.workspace, now()).first is None


def test_a_clock_that_was_wrong_does_not_stop_cleanings_for_ever(desk: Desk) -> None:
    desk.workspace.store.key_values.set("history.cleaning", {"from": "2999-01-01T00:00:00+00:00", "last": "rubbish"})
    pretended(desk, 60)
    assert is_due(desk.workspace, now())
    assert clean(desk.workspace, now()) == Cleaned(), "it is announced again"
    assert is_due(desk.workspace, now() + timedelta(days=8))


def test_a_cleaning_in_the_future_does_not_stop_those_before_it(cleanable: Desk) -> None:
    pretended(cleanable, 60)
    seen = now() - timedelta(days=2)
    known = {"from": LONG_AGO.isoformat(), "last": "2999-01-01T00:00:00+00:00", "seen": seen.isoformat()}
    cleanable.workspace.store.key_values.set("history.cleaning", known)
    assert is_due(cleanable.workspace, now())
    assert cleaned(cleanable).runs > 0
    assert not is_due(cleanable.workspace, now())


@pytest.fixture
def in_use(cleanable: Desk) -> Desk:
    """Return a BorgDesk that has just been cleaned, with runs that are old in the year 2036."""
    assert cleaned(cleanable).complete
    pretended(cleanable, 60, days=10)
    return cleanable


IN_2036 = timedelta(days=3650)


def test_a_clock_that_is_years_ahead_removes_nothing_at_once(in_use: Desk) -> None:
    wrong = now() + IN_2036
    assert is_due(in_use.workspace, wrong)
    assert clean(in_use.workspace, wrong) == Cleaned()
    found = survey(in_use.workspace, wrong)
    assert (found.first, found.old_runs) == (wrong + timedelta(days=7), 10), "it is announced"
    assert not is_due(in_use.workspace, wrong + timedelta(days=6))
    assert clean(in_use.workspace, wrong + timedelta(days=6)) == Cleaned()
    later = clean(in_use.workspace, wrong + timedelta(days=8))
    assert later is not None
    assert later.runs == 10


def test_a_clock_that_was_put_right_has_done_no_harm(in_use: Desk) -> None:
    for _ in range(2):
        assert clean(in_use.workspace, now() + IN_2036) == Cleaned()
        assert cleaned(in_use).runs == 0
    assert len(rows(in_use)) == 60


def test_the_run_that_the_wrong_clock_has_started_is_no_proof_of_the_time(in_use: Desk) -> None:
    made_old(in_use, *pretended(in_use, 1), days=-3650)
    assert clean(in_use.workspace, now() + IN_2036 + timedelta(minutes=1)) == Cleaned()


def test_where_it_runs_once_in_two_months_every_second_time_cleans(cleanable: Desk) -> None:
    assert cleaned(cleanable).complete
    done = []
    for month in range(2, 14, 2):
        pretended(cleanable, 60, days=1000 - month)
        done.append(clean(cleanable.workspace, now() + timedelta(days=31 * month)))
    assert [one is not None and one.runs > 0 for one in done] == [False, True, False, True, False, True]


def test_what_an_older_version_has_announced_is_no_last_look_of_today(desk: Desk) -> None:
    announced = now() - timedelta(days=1)
    desk.workspace.store.key_values.set("history.cleaning", {"from": (announced + timedelta(days=7)).isoformat()})
    pretended(desk, 60)
    assert clean(desk.workspace, now() + IN_2036) == Cleaned()


def test_old_tests_of_scripts_go_too(cleanable: Desk) -> None:
    store = cleanable.workspace.store
    old, young = (store.executions.begin_test(planned(), None, now()).id for _ in range(2))
    for execution_id in (old, young):
        (cleanable.workspace.paths.tests / str(execution_id)).mkdir(parents=True)
    with store.database.writing() as session:
        moment = now() - timedelta(days=1000)
        session.execute(update(ScriptExecutionRow).values(status="success", finished_at=now()))
        session.execute(update(ScriptExecutionRow).where(ScriptExecutionRow.id == old).values(finished_at=moment))
    assert cleaned(cleanable).tests == 1
    assert [folder.name for folder in cleanable.workspace.paths.tests.iterdir()] == [str(young)]


def test_folders_of_a_newer_database_than_the_one_put_back_are_left_alone(cleanable: Desk) -> None:
    (run,) = pretended(cleanable, 1, days=1)
    for number in (run - 1, run + 1):
        run_folder(cleanable.workspace, RunId(number)).mkdir(exist_ok=True)
    (cleanable.workspace.paths.runs / "notes").mkdir()
    assert cleaned(cleanable).left_over == 1
    assert {folder.name for folder in cleanable.workspace.paths.runs.iterdir()} == {"notes", str(run), str(run + 1)}


def test_only_one_process_cleans(cleanable: Desk) -> None:
    pretended(cleanable, 60)
    holder = "import fcntl,sys; f=open(sys.argv[1],'w'); fcntl.flock(f,fcntl.LOCK_EX); print(flush=True); input()"
    lock = cleanable.workspace.paths.state / "cleaning.lock"
    argv = [sys.executable, "-c", holder, str(lock)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert clean(cleanable.workspace, now()) is None
        other.kill()
    assert cleaned(cleanable).runs == 10


_CLEAN = """
import os, sys
from borgdesk.engine.workspace import Workspace
from borgdesk.engine.runs.history_cleaning import clean
from borgdesk.store.clock import now
workspace = Workspace.open(os.environ)
print("begins", flush=True)
clean(workspace, now())
"""


@pytest.mark.parametrize("seed", range(6))
def test_whenever_it_is_killed_nothing_dangles(cleanable: Desk, seed: int) -> None:
    chance = random.Random(seed)
    old, young = pretended(cleanable, 150), pretended(cleanable, 50, days=500)
    kills = 0
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", _CLEAN],
            env={**cleanable.environment, "PYTHONPATH": str(Path(__file__).parents[3])},
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        with process.stdout:
            process.stdout.readline()
        time.sleep(chance.uniform(0, 0.25))  # the moment is what is tested
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        assert_whole(cleanable.workspace.paths.database)
        # A row never has lost its folder, and every output that is gone has its marker.
        assert rows(cleanable) <= folders(cleanable)
        for run_id in rows(cleanable):
            folder = run_folder(cleanable.workspace, RunId(run_id))
            assert log_in(folder).exists() or output_was_removed(folder)
        assert set(young) <= rows(cleanable)
    cleaned(cleanable)
    assert rows(cleanable) == folders(cleanable) == set(young)
    assert not set(old) & folders(cleanable)
    assert kills, "at least one was in the middle"


def test_a_run_is_not_held_up(cleanable: Desk) -> None:
    """A run that is queued while a cleaning is at work is stored, and the cleaning leaves the rest for later."""
    pretended(cleanable, 250)
    process = subprocess.Popen(
        [sys.executable, "-c", _CLEAN],
        env={**cleanable.environment, "PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
    run: Run = cleanable.run()
    assert run.status == "success"
    assert process.wait(60) == 0
    assert run.id in rows(cleanable)
    assert run_folder(cleanable.workspace, run.id).is_dir()
