"""Sizes of folders, measured in another process."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from borgdesk.engine.processes import file_probes, folder_sizes, process
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.folder_sizes import End, FolderSize, measure_folder, total_of
from tests.dead_disk import HurriedClock, dead_disk
from tests.engine.restores.mounts import MountSmall, small_disk

__all__ = ["small_disk"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder."""
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


def test_a_folder_has_the_size_of_its_files(folder: Path) -> None:
    (folder / "one").write_bytes(b"x" * 1000)
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "line\nbreak \udcff").write_bytes(b"x" * 234)
    (folder / "link").symlink_to("one")
    os.mkfifo(folder / "pipe")
    found = measure_folder(str(folder))
    assert (found.end, found.size, found.files, found.unread) == (End.DONE, 1234, 2, 0)
    assert (found.is_whole, found.real) == (True, str(folder))


def test_a_single_file_has_its_size_and_a_link_that_of_its_target(folder: Path) -> None:
    (folder / "file").write_bytes(b"x" * 10)
    (folder / "link").symlink_to("file")
    for name in ("file", "link"):
        found = measure_folder(str(folder / name))
        assert (found.size, found.files, found.real) == (10, 1, str(folder / "file"))


def test_a_file_with_several_names_counts_once(folder: Path) -> None:
    inside, outside = folder / "inside", folder / "outside"
    inside.mkdir()
    outside.mkdir()
    for name, size in (("a", 100), ("b", 7)):
        (inside / name).write_bytes(b"x" * size)
        (inside / f"{name}2").hardlink_to(inside / name)
    (outside / "b3").hardlink_to(inside / "b")
    found = measure_folder(str(inside))
    assert (found.size, found.files, found.shared) == (107, 2, 7)
    there = measure_folder(str(outside))
    assert (there.size, there.shared) == (7, 7)
    total = total_of([found, there])
    assert (total.size, total.is_least, total.is_most) == (114, False, True)


@pytest.mark.parametrize("name", ["gone", "file/below"])
def test_what_is_not_there_has_no_size(folder: Path, name: str) -> None:
    (folder / "file").touch()
    found = measure_folder(str(folder / name))
    assert (found.end, found.size, found.is_whole) == (End.MISSING, 0, False)


def test_what_cannot_be_read_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        # Root may read everything.
        monkeypatch.setattr(folder_sizes, "_PROGRAM", f"import os\nos.setuid(65534)\n{folder_sizes._PROGRAM}")
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        folder = Path(place)
        folder.chmod(0o755)
        (folder / "readable").write_bytes(b"x" * 5)
        (folder / "closed").mkdir()
        (folder / "closed" / "secret").write_bytes(b"x" * 5000)
        (folder / "closed").chmod(0)
        found = measure_folder(place)
        closed = measure_folder(str(folder / "closed"))
        (folder / "closed").chmod(0o700)
    assert (found.end, found.size, found.unread, found.is_whole) == (End.DONE, 5, 1, False)
    assert (closed.end, closed.size, closed.unread) == (End.DONE, 0, 1)
    total = total_of([found])
    assert (total.size, total.is_least) == (5, True)


def test_folders_that_vanish_meanwhile_are_no_problem(folder: Path) -> None:
    for number in range(50):
        (folder / "busy" / str(number)).mkdir(parents=True)
    # Each folder that is entered removes another one, as a program does that works there.
    spoiled = folder_sizes._PROGRAM.replace("os.scandir(waiting.pop())", "_spoiled(waiting)")
    spoiled = spoiled.replace(
        "class _Walk",
        "def _spoiled(waiting):\n    place = waiting.pop()\n"
        "    if waiting:\n        os.rmdir(waiting[0])\n    return os.scandir(place)\n\n\nclass _Walk",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder_sizes, "_PROGRAM", spoiled)
        found = measure_folder(str(folder))
    assert (found.end, found.unread, found.is_whole) == (End.DONE, 0, True)
    assert len([*(folder / "busy").iterdir()]) < 50


def _telling_always(monkeypatch: pytest.MonkeyPatch) -> None:
    told = folder_sizes._PROGRAM.replace("_PAUSE = 0.2", "_PAUSE = -1").replace("_ENTRIES = 200", "_ENTRIES = 1")
    monkeypatch.setattr(folder_sizes, "_PROGRAM", told)


def test_it_is_told_and_stopped_in_the_middle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _telling_always(monkeypatch)
    for number in range(3000):
        (folder / str(number)).write_bytes(b"xy")
    cancel, seen = Cancel(), []

    def watch(found: FolderSize) -> None:
        seen.append(found)
        if len(seen) == 3:
            cancel.ask()

    # The program waits for its pipe to be read, so that it cannot be at its end.
    found = measure_folder(str(folder), cancel, watch)
    assert {one.end for one in seen} == {End.GOES_ON}
    assert found.end is End.STOPPED
    assert (found.size, found.is_whole) == (2 * found.files, False)


def test_it_takes_no_longer_than_its_limit(folder: Path) -> None:
    found = measure_folder(str(folder), limit=0.0)
    assert (found.end, found.is_whole) == (End.LATE, False)
    assert total_of([found]).is_least


def test_a_disk_that_does_not_respond_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").write_bytes(b"x" * 1000)
    with dead_disk(folder / "dead") as dead:
        monkeypatch.setattr(process, "time", HurriedClock(dead))
        found = measure_folder(str(folder))
        assert (found.end, found.is_whole) == (End.NO_ANSWER, False)
        assert file_probes.PROBE_LIMIT < folder_sizes.MEASURE_LIMIT


def test_files_of_the_kernel_take_no_room() -> None:
    found = measure_folder("/proc/self/..", one_file_system=True)
    assert found.end is End.DONE
    assert "/proc" in folder_sizes._points_without_files()


def test_other_file_systems_count_only_if_wanted(folder: Path, small_disk: MountSmall) -> None:
    (folder / "file").write_bytes(b"x" * 10)
    disk = small_disk(folder / "mounted", "1m")
    (disk.path / "file").write_bytes(b"x" * 7)
    assert measure_folder(str(folder)).size == 17
    alone = measure_folder(str(folder), one_file_system=True)
    assert (alone.end, alone.size) == (End.DONE, 10)


def test_what_is_inside_another_one_counts_once() -> None:
    home = FolderSize(End.DONE, 100, 10, real="/home", device=1)
    inside = FolderSize(End.DONE, 30, 3, real="/home/me", device=1)
    beside = FolderSize(End.DONE, 5, 1, real="/homes", device=1)
    mounted = FolderSize(End.DONE, 7, 2, real="/home/disk", device=2)
    assert total_of([inside, home, home, beside]).size == 105
    assert total_of([home, mounted]).size == 100
    assert total_of([home, mounted], one_file_system=True).size == 107, "it is not part of the other one"
    assert not total_of([home, FolderSize(End.MISSING)]).is_least
