"""Restores that cannot be done: one sentence says why, and nothing is half done."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RepositoryId, RunId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import BorgStep, RunStatus
from borgdesk.engine.archives import destination
from borgdesk.engine.archives.archive_list import read_archives
from borgdesk.engine.archives.placement import OnConflict
from borgdesk.engine.archives.restore_journal import RestoreJournal
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.runs.restore_undo import undo_restore
from borgdesk.engine.runs.run_folders import run_folder
from tests.engine.archives.lab import back_up, borg
from tests.engine.desk import Desk
from tests.engine.restores.lab import (
    Tree,
    at,
    change,
    fill,
    in_place,
    report_of,
    restore,
    restore_from,
    restored,
    stages,
    tree,
)
from tests.engine.restores.mounts import MountSmall, small_disk

__all__ = ["small_disk"]


@pytest.fixture
def before(backed_up: Desk) -> Tree:
    change(backed_up.source)
    return tree(backed_up.source)


def nothing_happened(desk: Desk, before: Tree, done: Run, sentence: str) -> None:
    assert done.status is RunStatus.FAILURE
    assert sentence in (done.error or "")
    assert tree(desk.source) == before
    assert not stages(desk.folder.parent)
    assert not RestoreJournal(run_folder(desk.workspace, done.id)).exists


def a_file(desk: Desk) -> Path:
    desk.file("taken").write_text("")
    return desk.file("taken")


def a_dangling_link(desk: Desk) -> Path:
    desk.file("dangling").symlink_to(desk.file("nowhere"))
    return desk.file("dangling")


def below_a_dangling_link(desk: Desk) -> Path:
    return a_dangling_link(desk) / "deeper"


def below_a_file(desk: Desk) -> Path:
    return a_file(desk) / "deeper"


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        (a_file, "is not a folder."),
        (below_a_file, "is not a folder."),
        (a_dangling_link, "is a symbolic link to something that does not exist."),
        (below_a_dangling_link, "is a symbolic link to something that does not exist."),
        (lambda desk: Path(desk.repository.location, "data"), "is in the repository itself. Choose another folder."),
        (lambda desk: Path(desk.repository.location).parent, "contains the repository. Choose another folder."),
        (lambda desk: desk.workspace.paths.state / "x", "belongs to BorgDesk itself. Choose another folder."),
    ],
)
def test_bad_places(backed_up: Desk, before: Tree, where: Callable[[Desk], Path], sentence: str) -> None:
    folder = where(backed_up)
    nothing_happened(backed_up, before, restore(backed_up, RestoreRequest((), folder)), f"{sentence}")


def test_what_is_not_in_the_archive(backed_up: Desk, before: Tree) -> None:
    done = restore(backed_up, RestoreRequest(("nothing/here",)))
    nothing_happened(backed_up, before, done, "There is no “nothing/here” in the archive “")


def test_too_little_space(backed_up: Desk, before: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destination, "SPARE", 2**62)
    nothing_happened(backed_up, before, restore(backed_up, in_place(backed_up)), "There is not enough space at ")


def test_another_repository_at_its_place(backed_up: Desk, before: Tree) -> None:
    """Also when the other one has an archive of the same name, with files of the same size and time."""
    found = read_archives(backed_up.workspace, backed_up.repository)
    place = Path(backed_up.repository.location)
    place.rename(backed_up.file("away"))
    borg(backed_up.folder, "init", "--encryption=none", str(place))
    borg(backed_up.folder, "create", f"{place}::{found.archives[0].name}", str(backed_up.source))
    done = restore_from(backed_up, found, found.archives[0], in_place(backed_up))
    nothing_happened(backed_up, before, done, "there is another repository than the one whose archives were listed")


def test_an_archive_that_is_gone(backed_up: Desk, before: Tree) -> None:
    found = read_archives(backed_up.workspace, backed_up.repository)
    borg(backed_up.folder, "delete", f"{backed_up.repository.location}::{found.archives[0].name}")
    done = restore_from(backed_up, found, found.archives[0], in_place(backed_up))
    nothing_happened(backed_up, before, done, "was renamed, replaced or deleted since the archives were listed")


def test_a_repository_is_never_restored_over(backed_up: Desk, before: Tree) -> None:
    """Of a folder that has one in it, everything else is restored, and the repository is named."""
    letters = backed_up.source / "letters"
    backed_up.workspace.store.repositories.add(
        Repository(RepositoryId(0), "Inner", str(letters), ("/x",), encryption=Encryption.NONE)
    )
    (backed_up.source / "empty").unlink()
    done = restore(backed_up, in_place(backed_up))
    assert done.status is RunStatus.WARNING
    assert report_of(done).problems == ((str(letters), "it is a backup repository"),)
    assert (letters / "one.txt").read_text() == "changed since"
    assert (backed_up.source / "empty").exists()
    refused = restore(backed_up, RestoreRequest((str(letters),)))
    assert "is in the repository itself" in (refused.error or "")


def test_a_read_only_disk(backed_up: Desk, before: Tree, small_disk: MountSmall) -> None:
    disk = small_disk(backed_up.file("disk"), "1m")
    disk.make_read_only()
    done = restore(backed_up, RestoreRequest((), disk.path / "out"))
    nothing_happened(backed_up, before, done, "cannot be written: its file system is read-only.")


@pytest.fixture
def large(backed_up: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """More than a small disk has room for, and nobody looks before."""
    (backed_up.source / "large").write_bytes(os.urandom(3 * 1024**2))
    back_up(backed_up)
    monkeypatch.setattr(destination, "SPARE", -(2**40))
    return backed_up


def test_a_disk_that_is_full_while_borg_extracts(large: Desk, small_disk: MountSmall) -> None:
    disk = small_disk(large.file("disk"), "1m")
    before = tree(large.source)
    done = restore(large, RestoreRequest((), disk.path / "out"))
    nothing_happened(large, before, done, "The disk that the files are restored to is full.")
    assert list(disk.path.iterdir()) == []


def test_a_disk_that_is_full_when_the_plan_is_written(backed_up: Desk, before: Tree, small_disk: MountSmall) -> None:
    disk = small_disk(backed_up.workspace.paths.runs, "1m")
    done = restore(backed_up, in_place(backed_up), listen=at(BorgStep.VERIFY, disk.fill))
    nothing_happened(backed_up, before, done, "Nothing was restored: ")
    assert "No space left on device" in (done.error or "")


def test_a_disk_that_is_full_when_files_are_placed(
    backed_up: Desk, small_disk: MountSmall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Renames need no room."""
    monkeypatch.setattr(destination, "SPARE", 0)
    disk = small_disk(backed_up.file("disk"), "8m")
    request = RestoreRequest((f"{backed_up.source}/letters",), disk.path / "out")
    done = restore(backed_up, request, listen=at(BorgStep.PLACE, disk.fill))
    assert done.status is RunStatus.SUCCESS
    assert (disk.path / "out" / "letters" / "one.txt").read_text() == "one"


def test_what_belongs_on_another_disk_gets_there_whole(backed_up: Desk, small_disk: MountSmall) -> None:
    disk = small_disk(backed_up.source / "letters", "8m")
    (disk.path / "one.txt").write_text("changed since")
    before = tree(disk.path)
    done, report = restored(backed_up, in_place(backed_up))
    assert (report.replaced, report.problems) == (1, ())
    assert (disk.path / "one.txt").read_text() == "one"
    assert (disk.path / "old" / "two.txt").read_text() == "two"
    undo_restore(backed_up.workspace, done.id)
    assert tree(disk.path) == before
    assert not stages(backed_up.source)


def test_a_disk_of_its_own_is_all_that_is_written_to(real: Desk, small_disk: MountSmall) -> None:
    """The folder that it is mounted in is only on the way."""
    disk = small_disk(real.source, "128m")
    fill(disk.path)
    back_up(real)
    change(disk.path)
    before = tree(disk.path)
    done, report = restored(real, RestoreRequest((f"{disk.path}/letters",), on_conflict=OnConflict.REPLACE))
    assert (report.restored, report.replaced, report.problems) == (2, 1, ())
    assert [stage.parent for stage in RestoreJournal(run_folder(real.workspace, done.id)).stages()] == [disk.path]
    undo_restore(real.workspace, done.id)
    assert tree(disk.path) == before


def test_a_place_that_is_taken_meanwhile(backed_up: Desk, before: Tree) -> None:
    """What somebody made after it was decided is not replaced: it is named, and all else is restored."""
    new = backed_up.source / "letters" / "old" / "two.txt"
    done = restore(
        backed_up, in_place(backed_up), listen=at(BorgStep.PLACE, lambda: new.write_text("made in the last moment"))
    )
    assert done.status is RunStatus.WARNING
    assert report_of(done).problems == ((str(new), "file exists"),)
    assert new.read_text() == "made in the last moment"
    assert (backed_up.source / "letters" / "one.txt").read_text() == "one"


def test_a_wrong_passphrase(real: Desk) -> None:
    (real.source / "letter").write_text("one")
    location = str(real.folder / "locked")
    borg(real.folder, "init", "--encryption=repokey-blake2", location, BORG_PASSPHRASE="right")
    borg(real.folder, "create", f"{location}::one", str(real.source), BORG_PASSPHRASE="right")
    real.repository = real.add_repository("Locked", encryption="repokey-blake2", passcommand="printf right")
    found = read_archives(real.workspace, real.repository)
    before = tree(real.source)
    real.repository = real.workspace.store.repositories.update(replace(real.repository, passcommand="printf another"))
    done = restore_from(real, found, found.archives[0], RestoreRequest((), real.file("out")))
    nothing_happened(real, before, done, "The passphrase is wrong")
    assert not real.file("out").exists()


@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_a_cache_that_cannot_be_written_keeps_nobody_from_restoring(
    backed_up: Desk, before: Tree, small_disk: MountSmall, fault: str
) -> None:
    cache = backed_up.workspace.paths.cache
    shutil.rmtree(cache)
    disk = small_disk(cache, "64k")
    if fault == "full":
        disk.fill()
    else:
        disk.make_read_only()
    _, report = restored(backed_up, in_place(backed_up))
    assert report.restored == 2
    assert (backed_up.source / "letters" / "one.txt").read_text() == "one"


_AS_USER = """
import os, sys
from pathlib import Path
from borgdesk.domain.run import Trigger
from borgdesk.engine.archives.archive_list import kept_archives
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.restore import Restore, run
from borgdesk.engine.workspace import Workspace

workspace = Workspace.open(os.environ)
repository = workspace.store.repositories.get("Papers")
found = kept_archives(workspace, repository)
request = RestoreRequest(tuple(sys.argv[2:]), Path(sys.argv[1]))
print(run(workspace, repository, Restore(found.archives[0], request), Trigger.CLI, lambda _: None, Cancel()).id)
"""


@pytest.mark.parametrize("alone", [False, True])
def test_a_device_that_only_root_can_create_is_left_out(real: Desk, tmp_path: Path, *, alone: bool) -> None:
    device = real.source / "null"
    try:
        os.mknod(device, 0o644 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root can archive a device")
    back_up(real)
    read_archives(real.workspace, real.repository)
    said = subprocess.run(
        ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-c", _AS_USER, str(tmp_path / "out")]
        + [str(device)] * alone,
        env={**real.environment, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    done = real.workspace.store.runs.get(RunId(int(said)))
    assert done.status is (RunStatus.FAILURE if alone else RunStatus.WARNING)
    ((path, reason),) = report_of(done).problems
    assert (Path(path).name, reason) == ("null", "only root can create devices")
    assert alone or (tmp_path / "out" / str(real.source)[1:] / "file.txt").exists()
    assert not stages(tmp_path)
