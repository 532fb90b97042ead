"""What a backup would contain: dry runs of real Borg, compared with what its backups do contain."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgDeskError, InvalidInput, Stopped
from borgdesk.domain.repository import Repository
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.backup_preview import BackupPreview, discard, preview_backup
from borgdesk.store.listings import Entry
from borgdesk.store.previews import PreviewList, PreviewWriter
from tests.engine.desk import Desk
from tests.real_borg import PROGRAM, needs_borg

pytestmark = needs_borg


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Desk]:
    """Provide a repository that does not exist: a preview does not need it."""
    desk = Desk(tmp_path / "work", str(PROGRAM))
    desk.repository = desk.add_repository("Papers", encryption="repokey", archive_name="papers-{now}")
    for name, size in (("films/a.mkv", 5000), ("films/b.mkv", 300), ("cache/x", 70), ("letter.txt", 20)):
        path = desk.source / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * size)
    yield desk
    desk.close()


def entries(path: Path) -> dict[str, Entry]:
    with PreviewList(path) as found:
        root = found.get("")
        assert root is not None
        return {entry.path: entry for entry in found.below(root)}


def made(desk: Desk, **changes: object) -> BackupPreview:
    repository: Repository = replace(desk.repository, **changes)  # type: ignore[arg-type]
    return preview_backup(desk.workspace, repository)


def test_what_is_in_and_what_is_out(real: Desk) -> None:
    preview = made(real, excludes=("sh:**/cache",), patterns="- sh:**/b.mkv\n")
    base = str(real.source)[1:]
    included, left_out = entries(preview.included), entries(preview.left_out)
    assert {path for path in included if path.startswith(f"{base}/")} == {
        f"{base}/films", f"{base}/films/a.mkv", f"{base}/letter.txt", f"{base}/file.txt",
    }  # fmt: skip
    assert included[f"{base}/films"].size == 5000
    assert included[base].size == preview.size
    assert (preview.files, preview.unknown, preview.warnings) == (3, 0, ())
    assert included[f"{base}/films/a.mkv"].mtime > 0
    assert {f"{base}/cache", f"{base}/films/b.mkv"} <= left_out.keys()
    assert f"{base}/cache/x" not in left_out
    assert left_out[f"{base}/films/b.mkv"].size == 300
    with PreviewList(preview.included) as found:
        biggest = [entry.path for entry in found.biggest(3)]
    assert biggest[0] == base, "of folders that contain nothing else only the last one is told"
    assert biggest[1:] == [f"{base}/films", f"{base}/films/a.mkv"]
    discard(preview)
    assert not [*(real.workspace.paths.cache / "previews").iterdir()]


def test_names_of_one_file_take_room_once(real: Desk) -> None:
    (real.source / "films" / "again.mkv").hardlink_to(real.source / "films" / "a.mkv")
    preview = made(real)
    base = str(real.source)[1:]
    assert entries(preview.included)[f"{base}/films"].size == 5300


def test_options_that_leave_something_out_count(real: Desk) -> None:
    (real.source / "films" / ".nobackup").touch()
    preview = made(real, extra_arguments="--exclude-if-present .nobackup")
    base = str(real.source)[1:]
    assert f"{base}/films/a.mkv" not in entries(preview.included)
    assert f"{base}/films" in entries(preview.left_out)


def test_a_missing_source_is_told(real: Desk) -> None:
    preview = made(real, sources=(str(real.source), "/not/there"))
    assert preview.warnings == ("“/not/there” does not exist. A script before the backup may change that.",)
    assert preview.files > 0
    with pytest.raises(BorgDeskError, match="No source can be read at the moment: “/not/there” does not exist"):
        made(real, sources=("/not/there",))
    assert len([*(real.workspace.paths.cache / "previews").iterdir()]) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sources": ()}, "There is nothing to back up"),
        ({"extra_arguments": "--js"}, "write the option in full"),
        ({"patterns": "x"}, "Line 1: "),
        ({"excludes": ("re:(",)}, "is not valid"),
    ],
    ids=["sources", "options", "patterns", "excludes"],
)
def test_a_mistake_in_the_form(real: Desk, changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        made(real, **changes)


def test_it_is_told_while_it_grows_and_can_be_stopped(real: Desk) -> None:
    many = real.source / "many"
    many.mkdir()
    for number in range(3000):
        (many / f"{number:04}").write_bytes(b"12")
    cancel, seen = Cancel(), []

    def watch(included: PreviewWriter, _left_out: PreviewWriter) -> None:
        seen.append(included.children(0)[0])
        cancel.ask()

    with pytest.raises(Stopped):
        preview_backup(real.workspace, real.repository, cancel, watch)
    assert len(seen) == 1
    _parent, name, _mode, size, *_rest = seen[0]
    assert name == str(real.source).split("/")[1]
    assert size > 1000, "folders have the size that is known so far"
    assert not [*(real.workspace.paths.cache / "previews").iterdir()]


def test_files_of_a_preview_that_was_killed_are_removed(real: Desk) -> None:
    old = real.workspace.paths.cache / "previews" / "1-dead"
    old.mkdir(parents=True)
    (old / "included.db").touch()
    os.utime(old, (0, 0))
    discard(made(real))
    assert not old.exists()


def test_a_first_backup_that_is_larger_than_the_disk(real: Desk) -> None:
    real.file("papers").mkdir()
    with (real.source / "huge").open("wb") as file:
        # A hole: it takes no room itself.
        file.truncate(shutil.disk_usage(real.source).total + 10**9)
    preview = made(real)
    assert preview.warnings[0].startswith("The disk of the repository has only ")
    assert preview.warnings[0].endswith(" before compression.")
    (real.source / "huge").unlink()
    assert made(real).warnings == ()


def test_another_preview_may_end_meanwhile(real: Desk) -> None:
    previews = real.workspace.paths.cache / "previews"
    previews.mkdir(parents=True)
    # As a folder that is gone between its name and its time.
    (previews / "gone").symlink_to(previews / "nowhere")
    discard(preview_backup(real.workspace, real.repository))
