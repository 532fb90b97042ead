"""Undoing restores, and finishing them, when the world has changed meanwhile."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgDeskError, NotFound
from borgdesk.domain.run import BorgStep, RunStatus
from borgdesk.engine.archives.placement import OnConflict
from borgdesk.engine.archives.restore_journal import RestoreJournal
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.runs.restore_end import KEPT_FOR
from borgdesk.engine.runs.restore_undo import forget_old_restores, kept_size, undo_restore
from borgdesk.engine.runs.run_folders import run_folder
from tests.engine.desk import Desk
from tests.engine.restores.lab import at, change, in_place, report_of, restore, restored, stages, tree
from tests.engine.restores.mounts import MountSmall, small_disk

__all__ = ["small_disk"]


@pytest.fixture
def letters(backed_up: Desk) -> Path:
    change(backed_up.source)
    return backed_up.source / "letters"


def of_letters(letters: Path) -> RestoreRequest:
    """Everything in it, so that the stage is in it, too."""
    return RestoreRequest(tuple(map(str, (letters / "one.txt", letters / "old"))), on_conflict=OnConflict.REPLACE)


def test_undoing_waits_for_the_disk(backed_up: Desk, letters: Path) -> None:
    """A disk that was removed must not look like files that somebody deleted."""
    before = tree(letters)
    done, _ = restored(backed_up, of_letters(letters))
    letters.rename(letters.with_name("removed"))
    with pytest.raises(BorgDeskError, match=f"{letters} is not there"):
        undo_restore(backed_up.workspace, done.id)
    letters.with_name("removed").rename(letters)
    assert undo_restore(backed_up.workspace, done.id).problems == ()
    after = tree(letters)
    del before["."], after["."]
    assert after == before


def test_a_disk_that_is_removed_before_anything_is_placed(backed_up: Desk, letters: Path) -> None:
    before = tree(letters)
    away = letters.with_name("removed")
    done = restore(backed_up, of_letters(letters), listen=at(BorgStep.PLACE, lambda: letters.rename(away)))
    # Something was the same already.
    assert done.status is RunStatus.WARNING
    assert (done.error or "").startswith(f"{letters} is not there any more.")
    away.rename(letters)
    assert stages(letters)
    assert undo_restore(backed_up.workspace, done.id).problems == ()
    after = tree(letters)
    del before["."], after["."]
    assert after == before


def test_what_is_on_a_removed_disk_is_thrown_away_when_it_is_back(backed_up: Desk, letters: Path) -> None:
    done, _ = restored(backed_up, of_letters(letters))
    assert done.finished_at is not None
    later = done.finished_at + 2 * KEPT_FOR
    letters.rename(letters.with_name("removed"))
    forget_old_restores(backed_up.workspace, later)
    letters.with_name("removed").rename(letters)
    assert stages(letters)
    forget_old_restores(backed_up.workspace, later)
    assert not stages(letters)
    assert not RestoreJournal(run_folder(backed_up.workspace, done.id)).exists
    with pytest.raises(NotFound):
        undo_restore(backed_up.workspace, done.id)


def test_a_clock_that_is_far_ahead_does_not_throw_away_what_was_replaced(backed_up: Desk, letters: Path) -> None:
    done, _ = restored(backed_up, of_letters(letters))
    assert done.finished_at is not None
    forget_old_restores(backed_up.workspace, done.finished_at)
    wrong = done.finished_at + timedelta(days=3650)
    forget_old_restores(backed_up.workspace, wrong)
    forget_old_restores(backed_up.workspace, wrong + timedelta(days=6))
    assert report_of(backed_up.workspace.store.runs.get(done.id)).undo_until is not None
    assert stages(letters)
    forget_old_restores(backed_up.workspace, wrong + timedelta(days=8))
    assert not stages(letters), "it was announced"


def test_what_could_not_be_undone_can_be_undone_later(backed_up: Desk, letters: Path) -> None:
    done, _ = restored(backed_up, in_place(backed_up))
    one = letters / "one.txt"
    one.write_text("edited after the restore")
    undone = undo_restore(backed_up.workspace, done.id)
    assert (len(undone.problems), undone.undo_until) == (1, report_of(done).undo_until)
    one.unlink()
    assert undo_restore(backed_up.workspace, done.id).undo_until is None
    assert one.read_text() == "changed since"


def test_folders_that_were_made_for_it_are_taken_away(backed_up: Desk, tmp_path: Path) -> None:
    done, _ = restored(backed_up, RestoreRequest((), tmp_path / "out" / "deeper"))
    undo_restore(backed_up.workspace, done.id)
    assert not (tmp_path / "out").exists()


def test_the_original_place_behind_a_link(backed_up: Desk, letters: Path, tmp_path: Path) -> None:
    """As /home is, on some systems: not a second /home is made beside it."""
    backed_up.source.rename(tmp_path / "moved")
    backed_up.source.symlink_to(tmp_path / "moved")
    _, report = restored(backed_up, RestoreRequest((str(letters),), on_conflict=OnConflict.REPLACE))
    assert (report.replaced, report.renamed) == (1, 0)
    assert (tmp_path / "moved" / "letters" / "one.txt").read_text() == "one"
    assert not list(backed_up.source.parent.glob("source (*"))


def test_nothing_stays_in_a_folder_behind_a_link(backed_up: Desk, letters: Path, tmp_path: Path) -> None:
    """Neither what was extracted, when nothing was replaced, nor after a week what was."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    request = replace(of_letters(letters), folder=tmp_path / "link")
    restored(backed_up, request)
    assert sorted(path.name for path in (tmp_path / "real").iterdir()) == ["old", "one.txt"]
    (tmp_path / "real" / "one.txt").write_text("another")
    done, report = restored(backed_up, request)
    assert report.replaced == 1
    assert done.finished_at is not None
    forget_old_restores(backed_up.workspace, done.finished_at + 2 * KEPT_FOR)
    assert sorted(path.name for path in (tmp_path / "real").iterdir()) == ["old", "one.txt"]


def test_everything_to_its_original_place_behind_a_link(backed_up: Desk, letters: Path, tmp_path: Path) -> None:
    """The folders above what was backed up are in the archive only as parts of paths."""
    work = backed_up.source.parent
    work.rename(tmp_path / "moved")
    work.symlink_to(tmp_path / "moved")
    _, report = restored(backed_up, RestoreRequest((), on_conflict=OnConflict.REPLACE))
    assert report.renamed == 0
    assert (letters / "one.txt").read_text() == "one"
    assert not list(tmp_path.glob("work (*"))


@pytest.mark.parametrize("damage", ["[1, 2", "not a plan\n", None])
def test_a_damaged_plan_is_told_and_nothing_is_touched(backed_up: Desk, letters: Path, damage: str | None) -> None:
    done, _ = restored(backed_up, of_letters(letters))
    after = tree(letters)
    plan = run_folder(backed_up.workspace, done.id) / "restore" / "plan"
    if damage is None:
        plan.unlink()
    else:
        plan.write_text(damage)
    (stage,) = stages(letters)
    with pytest.raises(BorgDeskError, match=f"Replaced files are in {stage}"):
        undo_restore(backed_up.workspace, done.id)
    assert kept_size(backed_up.workspace, done.id) == 0
    assert tree(letters) == after


def test_what_cannot_be_removed_now_is_removed_later(backed_up: Desk, small_disk: MountSmall) -> None:
    disk = small_disk(backed_up.file("disk"), "80m")
    (disk.path / "one.txt").write_text("another")
    request = RestoreRequest((f"{backed_up.source}/letters/one.txt",), disk.path, on_conflict=OnConflict.REPLACE)
    done, _ = restored(backed_up, request)
    assert done.finished_at is not None
    disk.make_read_only()
    forget_old_restores(backed_up.workspace, done.finished_at + 2 * KEPT_FOR)
    assert stages(disk.path)
    subprocess.run(["mount", "-o", "remount,rw", str(disk.path)], check=True)
    forget_old_restores(backed_up.workspace, done.finished_at + 2 * KEPT_FOR)
    assert not stages(disk.path)
    assert not RestoreJournal(run_folder(backed_up.workspace, done.id)).exists
