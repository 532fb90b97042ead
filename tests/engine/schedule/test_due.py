"""What is due, compared with real histories, locks and dead processes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from borgdesk.domain.history import ProcessIdentity
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.reasons import Code, text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome, RunKind, RunStatus, Trigger
from borgdesk.domain.schedule import Conditions, Schedule, SlotState
from borgdesk.engine.processes import mount_table, procfs
from borgdesk.engine.repositories import mounted
from borgdesk.engine.repositories.mounted import Mount
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.engine.schedule import due
from borgdesk.engine.schedule.due import Due
from borgdesk.engine.schedule.glance import is_told_with_slot
from borgdesk.engine.workspace import Workspace
from borgdesk.store import tick_hint
from tests import empty_database

NOW = datetime(2026, 6, 10, 2, 5, tzinfo=UTC)
SLOT = datetime(2026, 6, 10, 2, 0, tzinfo=UTC)
DEAD = ProcessIdentity(1, 1, "another boot")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = empty_database.opened({"HOME": str(tmp_path), "BORGDESK_HOME": str(tmp_path / "home"), "TZ": "UTC",
                             "PATH": "/usr/bin:/bin"})  # fmt: skip
    with patch("borgdesk.engine.schedule.due.is_settling", return_value=False):
        yield opened
    opened.store.close()


@pytest.fixture
def papers(workspace: Workspace, tmp_path: Path) -> Repository:
    """Provide a repository that is backed up at two every night, and looks like one of Borg."""
    folder = tmp_path / "papers.borg"
    folder.mkdir()
    (folder / "config").write_text(f"[repository]\nversion = 1\nid = {'a' * 64}\n")
    wanted = Repository(RepositoryId(0), "Papers", str(folder), (str(tmp_path),), borg_id="a" * 64)
    stored = workspace.store.repositories.add(wanted)
    with patch("borgdesk.store.schedules.now", return_value=NOW - timedelta(hours=12)):
        workspace.store.schedules.put(Schedule(stored.id, "0 2 * * *", Conditions(on_battery=True)))
    return stored


def look(workspace: Workspace, repository: Repository, now: datetime = NOW) -> Due:
    found = due.look(workspace, repository, now)
    assert found is not None
    return found


def queue(
    workspace: Workspace,
    repository: Repository,
    kind: RunKind = RunKind.BACKUP,
    owner: ProcessIdentity | None = None,
    when: datetime = SLOT,
) -> int:
    owner = owner or procfs.identity()
    return workspace.store.runs.queue(repository, Trigger.SCHEDULE, owner, when, turn_of(repository), kind).id


def test_without_a_schedule_there_is_nothing_to_look_at(workspace: Workspace) -> None:
    other = workspace.store.repositories.add(Repository(RepositoryId(0), "Other", "/other"))
    assert due.look(workspace, other) is None
    assert due.look_at_all(workspace) == []


def test_what_is_due_can_start(workspace: Workspace, papers: Repository) -> None:
    found = look(workspace, papers)
    assert found.start
    assert not found.died
    assert found.slot is not None
    assert (found.slot.due_at, found.slot.state, found.slot.reasons) == (SLOT, SlotState.WAITING, ())
    assert [one.repository.name for one in due.look_at_all(workspace, NOW)] == ["Papers"]


@pytest.mark.parametrize("kind", [RunKind.RESTORE, RunKind.CHECK, RunKind.PRUNE, RunKind.COMPACT])
def test_it_waits_for_other_runs_at_the_repository(workspace: Workspace, papers: Repository, kind: RunKind) -> None:
    run_id = queue(workspace, papers, kind)
    found = look(workspace, papers)
    assert not found.start
    assert found.slot is not None
    assert found.slot.reason == f"waiting for run {run_id}, which is using the repository"


def test_it_waits_until_mounted_archives_are_unmounted(
    workspace: Workspace, papers: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with subprocess.Popen(["sleep", "60"]) as server:
        one = Mount("1", "Papers", "", "/mnt/old papers", turn_of(papers), NOW, procfs.identity())
        mounted.keep(workspace, one)
        mounted.keep(workspace, replace(one, id="2", folder="/mnt/other", turn="another repository"))
        assert look(workspace, papers).start, "nothing is mounted there any more"
        table = tmp_path / "mountinfo"
        table.write_text("".join(
            f"36 35 0:50 / {place} ro - fuse borgfs ro\n" for place in (r"/mnt/old\040papers", "/mnt/other")
        ))  # fmt: skip
        monkeypatch.setattr(mount_table, "TABLE", table)
        assert look(workspace, papers).start, "its Borg is dead"
        monkeypatch.setattr(procfs, "has_marker", lambda pid, _marker: pid == server.pid)
        found = look(workspace, papers)
        server.kill()
    assert not found.start
    assert found.slot is not None
    assert (found.slot.state, found.slot.reason) == (
        SlotState.WAITING, "waiting until the archives at /mnt/old papers are unmounted: they lock the repository",
    )  # fmt: skip


def test_it_waits_until_the_computer_has_settled(workspace: Workspace, papers: Repository) -> None:
    with patch("borgdesk.engine.schedule.due.is_settling", return_value=True):
        found = look(workspace, papers)
    assert found.slot is not None
    assert [reason.code for reason in found.slot.reasons] == [Code.JUST_STARTED]
    assert not found.start


def test_a_dead_run_is_recovered_at_once_and_then_counts_as_a_failure(workspace: Workspace, papers: Repository) -> None:
    queue(workspace, papers, owner=DEAD)
    found = look(workspace, papers)
    assert (found.start, found.died) == (True, True)
    assert found.slot is not None
    assert found.slot.next_try is not None


def test_recording_tells_when_to_look_again(workspace: Workspace, papers: Repository) -> None:
    def until(now: datetime) -> datetime:
        due.record(workspace, [look(workspace, papers, now)], now)
        hint = workspace.store.key_values.get(tick_hint.KEY)
        assert hint["zone"] == "UTC"
        return datetime.fromtimestamp(hint["until"], UTC)

    before = SLOT - 3 * MINUTE
    assert until(before) == SLOT
    assert until(NOW) == NOW  # it can start now
    run_id = queue(workspace, papers)
    assert until(NOW) == NOW  # it is under way
    runs = workspace.store.runs
    runs.arm(run_id, SLOT, [])  # type: ignore[arg-type]
    runs.settle(run_id, Outcome.FAILURE, errors=(text("The disk is full."),))  # type: ignore[arg-type]
    runs.finish(run_id, RunStatus.FAILURE, NOW)  # type: ignore[arg-type]
    assert until(NOW) == NOW + 15 * MINUTE
    workspace.store.schedules.pause([papers.id], NOW + timedelta(hours=3))
    assert until(NOW) == NOW + timedelta(hours=3)
    workspace.store.schedules.pause([papers.id], None)


def test_a_slot_that_failed_for_good_is_told_once(workspace: Workspace, papers: Repository) -> None:
    runs, moment = workspace.store.runs, SLOT
    for wait in (15, 60, 240, 0):
        run_id = queue(workspace, papers, when=moment)
        runs.arm(run_id, moment, [])  # type: ignore[arg-type]
        runs.settle(run_id, Outcome.FAILURE, errors=(text("The disk is full."),))  # type: ignore[arg-type]
        runs.finish(run_id, RunStatus.FAILURE, moment)  # type: ignore[arg-type]
        told = due.record(workspace, [look(workspace, papers, moment)], moment)
        assert len(told) == (0 if wait else 1)
        moment += timedelta(minutes=wait)
    assert due.record(workspace, [look(workspace, papers, moment + MINUTE)], moment + MINUTE) == []
    (slot, *_others) = workspace.store.schedules.slots(papers.id)
    assert (slot.state, slot.reason) == (SlotState.FAILED, "all attempts failed: The disk is full.")


def test_a_slot_that_nobody_could_try_again_is_told_once(workspace: Workspace, papers: Repository) -> None:
    """The computer was off at the time of the next attempt, and comes back after the next slot."""
    runs = workspace.store.runs
    run_id = queue(workspace, papers)
    runs.arm(run_id, SLOT, [])  # type: ignore[arg-type]
    runs.settle(run_id, Outcome.FAILURE, errors=(text("The disk is full."),))  # type: ignore[arg-type]
    runs.finish(run_id, RunStatus.FAILURE, SLOT)  # type: ignore[arg-type]
    assert due.record(workspace, [look(workspace, papers)], NOW) == []
    later = NOW + timedelta(days=2)
    (told,) = due.record(workspace, [look(workspace, papers, later)], later)
    assert told.slot is not None
    assert (told.slot.due_at, told.slot.run_id, told.slot.tries) == (SLOT, run_id, 1)
    assert due.record(workspace, [look(workspace, papers, later + DAY)], later + DAY) == []
    states = {slot.due_at: slot.state for slot in workspace.store.schedules.slots(papers.id)}
    newest = SLOT + 3 * DAY
    assert states == {newest: SlotState.WAITING, SLOT + 2 * DAY: SlotState.MISSED, SLOT + DAY: SlotState.MISSED,
                      SLOT: SlotState.FAILED}  # fmt: skip


def test_a_run_that_fails_after_the_next_slot_is_told_once(workspace: Workspace, papers: Repository) -> None:
    store, later = workspace.store, NOW + DAY
    slot = look(workspace, papers).slot
    assert slot is not None
    with store.database.together():
        run_id = store.runs.queue(papers, Trigger.SCHEDULE, procfs.identity(), SLOT, turn_of(papers)).id
        store.schedules.claim(slot, run_id)
    assert due.record(workspace, [look(workspace, papers, later)], later) == []
    store.runs.arm(run_id, SLOT, [])
    store.runs.settle(run_id, Outcome.FAILURE, errors=(text("The disk is full."),))
    store.runs.finish(run_id, RunStatus.FAILURE, later)
    with patch("borgdesk.engine.schedule.due.now_utc", return_value=later + MINUTE):
        assert is_told_with_slot(workspace, store.runs.get(run_id)), "and so not when it ends"
    (told,) = due.record(workspace, [look(workspace, papers, later + MINUTE)], later + MINUTE)
    assert told.slot is not None
    assert (told.slot.due_at, told.slot.run_id) == (SLOT, run_id)


def test_slots_of_a_pause_stay_paused(workspace: Workspace, papers: Repository) -> None:
    workspace.store.schedules.pause([papers.id], SLOT + 2 * DAY + HOUR)
    for days in (0, 1, 2):
        assert due.record(workspace, [look(workspace, papers, NOW + days * DAY)], NOW + days * DAY) == []
    workspace.store.schedules.pause([papers.id], None)
    later = NOW + 3 * DAY
    found = look(workspace, papers, later)
    assert found.start, "one backup for all of them"
    due.record(workspace, [found], later)
    states = [slot.state for slot in workspace.store.schedules.slots(papers.id)]
    assert states == [SlotState.WAITING, SlotState.PAUSED, SlotState.PAUSED, SlotState.PAUSED]


def test_a_script_may_say_not_now_for_weeks(workspace: Workspace, papers: Repository) -> None:
    store, moment = workspace.store, NOW
    for _again in range(60):
        slot = look(workspace, papers, moment).slot
        assert slot is not None
        with store.database.together():
            run = store.runs.queue(papers, Trigger.SCHEDULE, procfs.identity(), moment, turn_of(papers))
            store.schedules.claim(slot, run.id)
        store.runs.arm(run.id, moment, [])
        store.runs.settle(run.id, Outcome.SKIPPED, errors=(text("The disk is not connected."),))
        store.runs.finish(run.id, RunStatus.SKIPPED, moment)
        moment += 15 * MINUTE
    assert look(workspace, papers, moment).start


def test_what_was_missed_is_recorded_as_covered(workspace: Workspace, papers: Repository) -> None:
    later = NOW + timedelta(days=2)
    due.record(workspace, [look(workspace, papers, later)], later)
    newest, *missed = workspace.store.schedules.slots(papers.id)
    assert newest.due_at == SLOT + timedelta(days=2)
    assert [slot.due_at for slot in missed] == [SLOT + timedelta(days=1), SLOT]
    assert {slot.reason for slot in missed} == {"missed, covered by the backup of 2026-06-12 02:00"}


def test_overdue_is_told_once_a_day(workspace: Workspace, papers: Repository) -> None:
    later = NOW + timedelta(days=5)
    found = [look(workspace, papers, later)]
    assert found[0].assessment.overdue
    assert due.tell_overdue(workspace, found, later) == found
    assert due.tell_overdue(workspace, found, later + timedelta(hours=3)) == []
    assert due.tell_overdue(workspace, found, later + timedelta(days=1)) == found
    assert due.tell_overdue(workspace, [look(workspace, papers)], NOW) == []


def test_the_delay_of_this_machine_does_not_change(workspace: Workspace, papers: Repository) -> None:
    schedule = Schedule(papers.id, "0 2 * * *", jitter=3600)
    assert due.shift(papers, schedule) == due.shift(papers, schedule)
    assert timedelta() <= due.shift(papers, schedule) <= timedelta(hours=1)


def test_a_repository_without_any_good_backup_runs_anyway_too(workspace: Workspace, papers: Repository) -> None:
    workspace.store.schedules.put(Schedule(papers.id, "0 2 * * *", Conditions(run_anyway_after=1)))
    with patch("borgdesk.engine.schedule.conditions.has_mains_power", return_value=False):
        assert not look(workspace, papers).start
        assert look(workspace, papers, NOW + timedelta(days=2)).start
