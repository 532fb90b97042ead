"""Restores, with real Borg: the state before, the state after, and undoing it."""

from __future__ import annotations

import filecmp
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from borgdesk.domain.errors import NotFound
from borgdesk.domain.events import BorgProgressed, RunEnded
from borgdesk.domain.ids import RunId
from borgdesk.domain.run import BorgStep, RunKind, RunStatus
from borgdesk.engine.archives.archive_list import read_archives
from borgdesk.engine.archives.listings import listing_of
from borgdesk.engine.archives.placement import OnConflict
from borgdesk.engine.archives.restore_journal import RestoreJournal
from borgdesk.engine.archives.restore_preview import preview
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.restore_end import KEPT_FOR
from borgdesk.engine.runs.restore_undo import forget_old_restores, restores, undo_restore
from borgdesk.engine.runs.run_folders import log_in, run_folder
from borgdesk.engine.runs.story_reader import story_of
from tests.engine.archives.lab import borg
from tests.engine.desk import Desk
from tests.engine.restores.lab import at, change, in_place, report_of, restore, restored, stages, tree


def test_into_a_folder_with_what_was_selected(backed_up: Desk, tmp_path: Path) -> None:
    target = tmp_path / "out" / "deeper"
    target.parent.mkdir()
    _, report = restored(backed_up, RestoreRequest((f"{backed_up.source}/letters", f"{backed_up.source}/link"), target))
    assert (report.problems, report.target) == ((), str(target))
    assert tree(target / "letters") == tree(backed_up.source / "letters")
    assert (target / "link").readlink() == Path("letters/one.txt")
    assert not stages(tmp_path)


def test_with_full_paths(backed_up: Desk, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    restored(backed_up, RestoreRequest((f"{backed_up.source}/letters/one.txt",), target, full_paths=True))
    path = target / str(backed_up.source).lstrip("/") / "letters" / "one.txt"
    assert path.read_text() == "one"


def test_all_of_it(backed_up: Desk, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    restored(backed_up, RestoreRequest((), target))
    assert tree(target / str(backed_up.source).lstrip("/")) == tree(backed_up.source)


def test_as_many_files_are_restored_as_the_preview_says(backed_up: Desk, tmp_path: Path) -> None:
    """Folders are not counted, whether they are moved as a whole or filled."""
    found = read_archives(backed_up.workspace, backed_up.repository)
    for number, paths in enumerate([(), (f"{backed_up.source}/letters",), (f"{backed_up.source}/letters/old",)]):
        request = RestoreRequest(paths, tmp_path / f"out {number}")
        seen = preview(backed_up.workspace, backed_up.repository, found.archives[0], request)
        _, report = restored(backed_up, request)
        assert report.restored == seen.items
    letters = [path for path in (backed_up.source / "letters").rglob("*") if not path.is_dir()]
    assert seen.items == len(letters) - 1


def test_what_was_replaced_is_not_backed_up(backed_up: Desk) -> None:
    change(backed_up.source)
    file = f"{backed_up.source}/letters/one.txt"
    restored(backed_up, RestoreRequest((file,), on_conflict=OnConflict.REPLACE))
    assert stages(backed_up.source)
    assert backed_up.run().status is RunStatus.SUCCESS
    found = read_archives(backed_up.workspace, backed_up.repository)
    with listing_of(backed_up.workspace, backed_up.repository, found.archives[0]) as listing:
        assert listing.find("one.txt", 9)
        assert listing.find(".borgdesk-restore-", 9) == []


def test_what_is_lost_comes_back_and_what_was_changed_is_kept(backed_up: Desk) -> None:
    change(backed_up.source)
    _, done = restored(backed_up, in_place(backed_up, OnConflict.KEEP))
    assert (done.restored, done.kept, done.replaced) == (1, 1, 0)
    letters = backed_up.source / "letters"
    assert (letters / "one.txt").read_text() == "changed since"
    assert (letters / "old" / "two.txt").read_text() == "two"
    assert (letters / "new.txt").read_text() == "new since"
    assert not stages(backed_up.source.parent)


def test_replaced_and_undone(backed_up: Desk) -> None:
    before = tree(backed_up.source)
    change(backed_up.source)
    changed = tree(backed_up.source)
    run, done = restored(backed_up, in_place(backed_up))
    assert (done.restored, done.replaced, done.problems) == (2, 1, ())
    assert (backed_up.source / "letters" / "one.txt").read_text() == "one"
    after = tree(backed_up.source)
    assert {name: after[name] for name in before if after[name][0] != stat.S_IFDIR} == {
        name: before[name] for name in before if before[name][0] != stat.S_IFDIR
    }
    undone = undo_restore(backed_up.workspace, run.id)
    assert (undone.problems, undone.undo_until) == ((), None)
    assert undone.undone_at is not None
    assert tree(backed_up.source) == changed
    assert not stages(backed_up.source.parent)
    with pytest.raises(NotFound):
        undo_restore(backed_up.workspace, run.id)


def test_both_are_kept(backed_up: Desk) -> None:
    change(backed_up.source)
    _, done = restored(backed_up, in_place(backed_up, OnConflict.BOTH))
    today = datetime.now(UTC).date().isoformat()
    letters = backed_up.source / "letters"
    assert done.renamed_to == (str(letters / f"one ({today}).txt"),)
    assert done.renamed == 1
    assert (letters / "one.txt").read_text() == "changed since"
    assert (letters / f"one ({today}).txt").read_text() == "one"
    restored(backed_up, in_place(backed_up, OnConflict.BOTH))
    assert (letters / f"one ({today} 2).txt").read_text() == "one"


def test_a_folder_is_never_thrown_out_for_a_file(backed_up: Desk) -> None:
    (backed_up.source / "empty").unlink()
    (backed_up.source / "empty").mkdir()
    (backed_up.source / "empty" / "mine").write_text("mine")
    restored(backed_up, in_place(backed_up))
    assert (backed_up.source / "empty" / "mine").read_text() == "mine"
    (beside,) = backed_up.source.glob("empty (*)")
    assert beside.read_bytes() == b""


def test_what_was_changed_after_the_restore_is_not_undone(backed_up: Desk) -> None:
    change(backed_up.source)
    done, _ = restored(backed_up, in_place(backed_up))
    (backed_up.source / "letters" / "one.txt").write_text("edited after the restore")
    undone = undo_restore(backed_up.workspace, done.id)
    assert [path for path, _ in undone.problems] == [f"{backed_up.source}/letters/one.txt"]
    assert (backed_up.source / "letters" / "one.txt").read_text() == "edited after the restore"


def test_old_restores_are_forgotten(backed_up: Desk) -> None:
    change(backed_up.source)
    done, _ = restored(backed_up, in_place(backed_up))
    assert done.finished_at is not None
    forget_old_restores(backed_up.workspace, done.finished_at + KEPT_FOR)
    assert stages(backed_up.source.parent)
    forget_old_restores(backed_up.workspace, done.finished_at + KEPT_FOR + timedelta(seconds=1))
    assert not stages(backed_up.source.parent)
    assert [report_of(one).undo_until for one in restores(backed_up.workspace)] == [None]


@pytest.mark.parametrize("step", [BorgStep.LIST, BorgStep.EXTRACT, BorgStep.VERIFY])
def test_stopped_before_anything_is_placed_nothing_has_happened(backed_up: Desk, step: BorgStep) -> None:
    change(backed_up.source)
    before = tree(backed_up.source)
    cancel = Cancel()
    done = restore(backed_up, in_place(backed_up), cancel, at(step, cancel.ask))
    assert (done.status, report_of(done).restored, report_of(done).undo_until) == (RunStatus.CANCELLED, 0, None)
    assert tree(backed_up.source) == before
    assert not stages(backed_up.source.parent)
    assert not RestoreJournal(run_folder(backed_up.workspace, done.id)).exists


def test_stopped_while_files_are_placed_each_is_as_it_was_or_as_it_shall_be(backed_up: Desk) -> None:
    change(backed_up.source)
    before, cancel = tree(backed_up.source), Cancel()
    done = restore(backed_up, in_place(backed_up), cancel, at(BorgStep.PLACE, cancel.ask))
    assert done.status is RunStatus.CANCELLED
    assert tree(backed_up.source) == before
    assert not stages(backed_up.source.parent)


def test_what_is_not_as_in_the_archive_is_not_placed(backed_up: Desk) -> None:
    change(backed_up.source)
    before = tree(backed_up.source)

    def harm() -> None:
        (stage,) = stages(backed_up.source.parent)
        next(stage.rglob("one.txt")).write_text("o")

    done = restore(backed_up, in_place(backed_up), listen=at(BorgStep.VERIFY, harm))
    assert done.status is RunStatus.FAILURE
    assert "has a different size than in the archive" in (done.error or "")
    assert tree(backed_up.source) == before
    assert not stages(backed_up.source.parent)


def test_it_is_a_run_with_steps_progress_and_a_place_in_history(backed_up: Desk) -> None:
    change(backed_up.source)
    done, report = restored(backed_up, in_place(backed_up))
    assert (done.kind, done.archive) == (
        RunKind.RESTORE,
        read_archives(backed_up.workspace, backed_up.repository).archives[0].name,
    )
    steps = [(entry.name, entry.kind, entry.status) for entry in story_of(backed_up.workspace, done).entries]
    assert steps == [
        ("list", "borg", "success"),
        ("extract", "borg", "success"),
        ("verify", "borgdesk", "success"),
        ("place", "borgdesk", "success"),
    ]
    assert backed_up.told(RunEnded)[-1].sentence == "Restore from Papers finished. 2 items were restored."
    fractions = [event.fraction for event in backed_up.told(BorgProgressed)]
    assert fractions
    assert all(fraction is not None and 0 <= fraction <= 1 for fraction in fractions)
    assert [one.id for one in restores(backed_up.workspace)] == [done.id]
    assert report.bytes == len("one") + len("two")


@pytest.mark.parametrize("most", [1000, 2])
def test_borg_names_what_it_extracts_unless_that_takes_long(
    backed_up: Desk, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("borgdesk.engine.runs.restore._MOST_NAMED", most)
    change(backed_up.source)
    done, _report = restored(backed_up, in_place(backed_up))
    log = log_in(run_folder(backed_up.workspace, done.id)).read_text()
    assert ("letters/old/two.txt" in log) is (most == 1000)


def test_contents_are_compared_where_that_is_wanted(backed_up: Desk) -> None:
    """Size and time do not reveal a single changed byte."""
    change(backed_up.source)
    before = tree(backed_up.source)

    def harm() -> None:
        for stage in stages(backed_up.source.parent):
            file = next(stage.rglob("one.txt"))
            status = file.stat()
            file.write_text("0ne")
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    done = restore(backed_up, in_place(backed_up, verify=True), listen=at(BorgStep.VERIFY, harm))
    assert done.status is RunStatus.FAILURE
    assert "has different content than in the archive" in (done.error or "")
    assert tree(backed_up.source) == before
    restored(backed_up, in_place(backed_up, verify=True))
    assert (backed_up.source / "letters" / "one.txt").read_text() == "one"


def test_what_would_be_done_is_said_before(backed_up: Desk, tmp_path: Path) -> None:
    found = read_archives(backed_up.workspace, backed_up.repository)
    request = RestoreRequest((f"{backed_up.source}/letters",), tmp_path / "out")
    seen = preview(backed_up.workspace, backed_up.repository, found.archives[0], request)
    assert (seen.items, seen.target, seen.is_all) == (3, str(tmp_path / "out" / "letters"), True)
    several = replace(request, paths=(f"{backed_up.source}/letters", f"{backed_up.source}/empty"))
    assert not preview(backed_up.workspace, backed_up.repository, found.archives[0], several).is_all
    everything = replace(request, paths=())
    assert preview(backed_up.workspace, backed_up.repository, found.archives[0], everything).is_all, "all is in /tmp"
    assert not (tmp_path / "out").exists()


def test_a_folder_that_was_made_for_nothing_is_gone(backed_up: Desk, tmp_path: Path) -> None:
    cancel = Cancel()
    request = RestoreRequest((), tmp_path / "out" / "deeper")
    done = restore(backed_up, request, cancel, at(BorgStep.EXTRACT, cancel.ask))
    assert done.status is RunStatus.CANCELLED
    assert not (tmp_path / "out").exists()


def test_nothing_behind_a_link_is_removed(backed_up: Desk, tmp_path: Path) -> None:
    change(backed_up.source)
    done, _ = restored(backed_up, in_place(backed_up))
    assert done.finished_at is not None
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o500)
    (stage,) = RestoreJournal(run_folder(backed_up.workspace, done.id)).stages()
    stage.rename(tmp_path / "elsewhere")
    stage.symlink_to(mine)
    forget_old_restores(backed_up.workspace, done.finished_at + 2 * KEPT_FOR)
    assert stat.S_IMODE(mine.stat().st_mode) == 0o500


@pytest.mark.parametrize("wanted", [0, 999])
def test_only_a_restore_that_is_named_is_undone(backed_up: Desk, wanted: int) -> None:
    change(backed_up.source)
    restored(backed_up, in_place(backed_up))
    with pytest.raises(NotFound, match=f"There is no restore {wanted} that can be undone"):
        undo_restore(backed_up.workspace, RunId(wanted))
    assert (backed_up.source / "letters" / "one.txt").read_text() == "one"


def test_the_folder_of_what_is_restored_is_left_as_it_was(backed_up: Desk) -> None:
    """Of a folder that is not selected itself, nothing changes but what is restored into it, and so its own time."""
    change(backed_up.source)
    letters = backed_up.source / "letters"
    os.utime(letters, ns=(10**18, 10**18 + 1))
    before = tree(letters)
    paths = (str(letters / "one.txt"), str(letters / "old"))
    done, report = restored(backed_up, RestoreRequest(paths, on_conflict=OnConflict.REPLACE))
    assert report.replaced == 1
    undo_restore(backed_up.workspace, done.id)
    assert tree(letters) == before


def test_a_folder_that_was_changed_after_the_restore_keeps_its_time(backed_up: Desk, tmp_path: Path) -> None:
    letters = backed_up.source / "letters"
    (target := tmp_path / "out").mkdir()
    (target / "notes.txt").touch()
    os.utime(target, ns=(10**18, 10**18 + 1))
    into = [restored(backed_up, RestoreRequest((str(letters / name),), target))[0] for name in ("one.txt", "old")]
    undo_restore(backed_up.workspace, into[1].id)
    undo_restore(backed_up.workspace, into[0].id)
    assert ([one.name for one in target.iterdir()], target.stat().st_mtime_ns) == (["notes.txt"], 10**18 + 1)
    again, _report = restored(backed_up, RestoreRequest((str(letters / "one.txt"),), target))
    os.utime(target, ns=(2 * 10**18, 2 * 10**18))
    undo_restore(backed_up.workspace, again.id)
    assert ([one.name for one in target.iterdir()], target.stat().st_mtime_ns) == (["notes.txt"], 2 * 10**18)


def test_a_sparse_file_has_its_holes_again(backed_up: Desk, tmp_path: Path) -> None:
    disk, target = backed_up.source / "disk.img", tmp_path / "out"
    with disk.open("wb") as file:
        file.write(b"begins")
        file.seek(64 * 1024**2)
        file.write(b"in the middle")
        file.truncate(128 * 1024**2)
    target.mkdir()
    borg(backed_up.folder, "create", f"{backed_up.repository.location}::sparse", str(disk))
    restored(backed_up, RestoreRequest((str(disk),), target, verify=True))
    again = (target / "disk.img").stat()
    assert again.st_size == 128 * 1024**2
    assert again.st_blocks * 512 < 32 * 1024**2
    assert filecmp.cmp(disk, target / "disk.img", shallow=False)
