"""Placing what is in a stage, and undoing that, without Borg."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from borgdesk.engine.archives.placement import OnConflict, Placement, Rules, decide
from borgdesk.engine.archives.placing import Placed, carry_out, holds_replaced, undo
from borgdesk.engine.archives.tree_copy import TreeCopy
from tests.engine.restores.lab import tree
from tests.engine.restores.mounts import MountSmall, small_disk

__all__ = ["small_disk"]

TODAY = date(2026, 11, 20)


class Place:
    """A stage, and the folder that its contents belong in."""

    def __init__(self, folder: Path) -> None:
        self.stage, self.target = folder / "stage", folder / "target"
        self.stage.mkdir()
        self.target.mkdir()

    def plan(
        self, on_conflict: OnConflict = OnConflict.REPLACE, links: Iterable[Path] = (), above: Iterable[Path] = ()
    ) -> list[Placement]:
        given_links, given_above = frozenset(map(os.fsencode, links)), frozenset(map(os.fsencode, above))
        rules = Rules(on_conflict, TODAY, stage_on=self._stage_on, above=given_above, links=given_links)
        return list(decide(os.fsencode(self.stage), os.fsencode(self.target), rules))

    def place(self, on_conflict: OnConflict = OnConflict.REPLACE, links: Iterable[Path] = ()) -> list[Placement]:
        plan = self.plan(on_conflict, links)
        assert do(plan).problems == []
        return plan

    def _stage_on(self, folder: bytes) -> bytes:
        stage = os.path.join(folder, b".stage")  # noqa: PTH118 - bytes
        os.mkdir(stage)  # noqa: PTH102 - bytes
        return stage


def do(plan: list[Placement]) -> Placed:
    return carry_out(plan, lambda: False, lambda _: None)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def write(path: Path, text: str, time: int = 1_000_000_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, ns=(time, time))
    return path


def number_anew(folder: Path) -> None:
    """Give every file another inode, as a memory card does when it is mounted again."""
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        above = path.parent.stat()
        copy = path.with_name(".copy")
        shutil.copy2(path, copy)
        copy.replace(path)
        os.utime(path.parent, ns=(above.st_atime_ns, above.st_mtime_ns))


def test_a_new_folder_in_which_somebody_worked_is_not_taken_away(place: Place) -> None:
    """However little was changed: nothing was added or removed, only a text has grown."""
    write(place.stage / "letters" / "deep" / "one", "as archived")
    plan = place.place()
    write(place.target / "letters" / "deep" / "one", "as archived?", 2_000_000_000)
    assert undo(plan, time.time_ns()).problems == [
        (str(place.target / "letters"), "it has changed since it was restored")
    ]
    assert (place.target / "letters" / "deep" / "one").read_text() == "as archived?"


@pytest.mark.parametrize("what", ["content", "name", "type"])
def test_every_change_in_a_new_folder_counts(place: Place, what: str) -> None:
    write(place.stage / "letters" / "one", "one")
    plan = place.place()
    one = place.target / "letters" / "one"
    if what == "content":
        write(one, "two", 2_000_000_000)
    elif what == "name":
        one.rename(one.with_name("two"))
    else:
        one.unlink()
        one.mkdir()
    after = tree(place.target)
    assert len(undo(plan, time.time_ns()).problems) == 1
    assert tree(place.target) == after


def test_what_was_replaced_comes_back_though_the_restored_file_was_removed(place: Place) -> None:
    write(place.stage / "one", "as archived")
    write(place.target / "one", "as before", 2_000_000_000)
    before = tree(place.target / "one")
    plan = place.place()
    (place.target / "one").unlink()
    assert undo(plan, time.time_ns()).problems == []
    assert tree(place.target / "one") == before


def test_a_folder_that_became_a_file_is_no_defect(place: Place) -> None:
    write(place.stage / "letters" / "one", "as archived")
    write(place.target / "letters" / "one", "as before", 2_000_000_000)
    plan = place.place()
    shutil.rmtree(place.target / "letters")
    write(place.target / "letters", "mine")
    assert undo(plan, time.time_ns()).problems == [(str(place.target / "letters" / "one"), "not a directory")]
    assert (place.stage / "letters" / "one").read_text() == "as before"


def test_a_folder_that_is_made_in_the_last_moment_stays(place: Place) -> None:
    write(place.stage / "one", "as archived")
    write(place.target / "one", "as before", 2_000_000_000)
    plan = place.plan()
    (place.target / "one").unlink()
    write(place.target / "one" / "mine", "mine")
    assert do(plan).problems == [(str(place.target / "one"), "is a directory")]
    assert (place.target / "one" / "mine").read_text() == "mine"


def test_files_that_have_new_numbers(place: Place, tmp_path: Path) -> None:
    """Neither a recovery nor undoing may take one for the other."""
    write(place.stage / "one", "as archived")
    write(place.stage / "new", "new")
    write(place.target / "one", "as before", 2_000_000_000)
    before = tree(place.target)
    plan = place.place()
    number_anew(tmp_path)
    placed = do(plan)
    assert (placed.restored, placed.replaced, placed.problems) == (2, 1, [])
    assert (place.target / "one").read_text() == "as archived"
    assert holds_replaced(plan)
    assert undo(plan, time.time_ns()).problems == []
    number_anew(tmp_path)
    assert undo(plan, time.time_ns()).problems == []
    assert not holds_replaced(plan)
    after = tree(place.target)
    assert {name: after[name] for name in before if name != "."} == {n: before[n] for n in before if n != "."}
    assert after.keys() == before.keys()


def test_what_cannot_be_told_apart_is_left(place: Place, tmp_path: Path) -> None:
    """Somebody made both alike since the plan was made, and their numbers are new."""
    write(place.stage / "one", "as archived")
    write(place.target / "one", "as before", 2_000_000_000)
    plan = place.plan()
    write(place.target / "one", "as ARCHIVED")
    number_anew(tmp_path)
    assert do(plan).problems == [(str(place.target / "one"), "nobody can tell whether it was restored already")]
    assert (place.target / "one").read_text() == "as ARCHIVED"


def test_what_was_replaced_before_a_crash_is_known_after_it(place: Place) -> None:
    """Though the process that comes after does nothing itself."""
    for name in ("one", "two"):
        write(place.stage / name, "as archived")
        write(place.target / name, "as before", 2_000_000_000)
    plan = place.plan()
    assert not holds_replaced(plan)
    carry_out(plan[:1], lambda: False, lambda _: None)
    assert holds_replaced(plan)
    place.target.rename(place.target.with_name("away"))
    place.stage.rename(place.stage.with_name("away too"))
    assert holds_replaced(plan)


def test_names_of_what_is_placed_beside(place: Place) -> None:
    """No two items get one name, names are not too long, and no character is cut in two."""
    names = ["r.odt", "a." + "b" * 253, "c" * 250 + "1", "c" * 250 + "2", "é" * 127]
    for name in names:
        write(place.stage / name, "as archived")
        write(place.target / name, "as before", 2_000_000_000)
    write(place.stage / "r (2026-11-20).odt", "has this name in the archive")
    place.place(OnConflict.BOTH)
    found = {path.name: path.read_text() for path in place.target.iterdir()}
    assert {name for name, text in found.items() if text == "as before"} == set(names)
    assert {name for name, text in found.items() if text == "as archived"} == {
        "r (2026-11-20 2).odt",
        f"a.{'b' * 240} (2026-11-20)",
        f"{'c' * 242} (2026-11-20)",
        f"{'c' * 240} (2026-11-20 2)",
        f"{'é' * 121} (2026-11-20)",
    }


def test_a_link_on_the_way_is_followed_where_that_is_wanted(place: Place, tmp_path: Path) -> None:
    write(place.stage / "home" / "ann" / "one", "one")
    (tmp_path / "var").mkdir()
    (place.target / "home").symlink_to(tmp_path / "var")
    place.place(links=[place.target / "home"])
    assert (tmp_path / "var" / "ann" / "one").read_text() == "one"
    assert [path.name for path in place.target.iterdir()] == ["home"]


def test_any_other_link_is_not_followed(place: Place, tmp_path: Path) -> None:
    """An archive of somebody else's may have made it, to lead out of the folder."""
    write(place.stage / "home" / "one", "one")
    (tmp_path / "etc").mkdir()
    (place.target / "home").symlink_to(tmp_path / "etc")
    place.place()
    assert list((tmp_path / "etc").iterdir()) == []
    assert (place.target / "home (2026-11-20)" / "one").read_text() == "one"


def test_a_copy_on_another_disk_is_whole(place: Place, small_disk: MountSmall) -> None:
    inner = place.stage / "disk" / "inner"
    write(inner / "one", "one")
    os.link(inner / "one", inner / "same")
    os.mkfifo(inner / "pipe", 0o640)
    (inner / "link").symlink_to("one")
    write(inner / "run", "run").chmod(0o2751)
    os.chown(inner / "run", 1234, 1234)
    with (inner / "holes").open("wb") as file:
        file.truncate(300 * 1024**2)
        file.seek(200 * 1024**2)
        file.write(b"data")
    (inner / "locked").mkdir()
    write(inner / "locked" / "two", "two")
    (inner / "locked").chmod(0o500)
    wanted = tree(inner)
    disk = small_disk(place.target / "disk", "64m")
    place.place()
    got = disk.path / "inner"
    assert tree(got) == wanted
    assert (got / "one").samefile(got / "same")
    assert (got / "run").stat().st_uid == 1234
    assert stat.S_IMODE((got / "run").stat().st_mode) == (inner / "run").stat().st_mode & 0o7777


def test_folders_on_the_way_to_a_disk_need_no_copy(place: Place, small_disk: MountSmall) -> None:
    """They may be on a disk with no room, or nobody's to write in; what is put into them gets there nevertheless."""
    disk = small_disk(place.target / "media" / "ann", "1m").path
    place.stage = disk / "stage"
    one = write(place.stage / "media" / "ann" / "letters" / "one", "one").stat().st_ino
    (disk / "letters").mkdir()
    above = [place.target / "media", disk, disk / "letters", place.target / "media" / "gone"]
    assert do(place.plan(above=above)).problems == []
    assert (disk / "letters" / "one").stat().st_ino == one
    assert sorted(path.name for path in (place.target / "media").iterdir()) == ["ann"]
    write(place.stage / "media" / "ann" / "letters" / "two", "two")
    write(place.stage / "media" / "here", "here")
    write(place.stage / "media" / "gone" / "three", "three")
    assert do(place.plan(above=above)).problems == []
    assert (disk / "letters" / "two").read_text() == "two"
    assert (place.target / "media" / "here").read_text() == "here"
    assert (place.target / "media" / "gone" / "three").read_text() == "three"


def test_a_link_on_the_way_is_no_other_disk(place: Place, small_disk: MountSmall, tmp_path: Path) -> None:
    """Followed where that is wanted, and otherwise left."""
    disk = small_disk(tmp_path / "disk", "1m").path
    place.stage = disk / "stage"
    (place.target / "media").mkdir()
    link = place.target / "media" / "ann"
    link.symlink_to(disk)
    one = write(place.stage / "media" / "ann" / "one", "one").stat().st_ino
    above = [place.target / "media", link]
    assert do(place.plan(above=above, links=above)).problems == []
    assert (disk / "one").stat().st_ino == one
    write(place.stage / "media" / "ann" / "two", "two")
    assert do(place.plan(above=above)).problems == []
    assert not (disk / "two").exists()
    assert (place.target / "media" / "ann (2026-11-20)" / "two").read_text() == "two"


def test_a_copy_has_extended_attributes(tmp_path: Path) -> None:
    one = write(tmp_path / "one", "one")
    try:
        os.setxattr(one, "user.colour", b"red")
    except OSError:
        pytest.skip("the file system has no attributes")
    TreeCopy(lambda: None).copy(os.fsencode(one), os.fsencode(tmp_path / "two"))
    assert os.getxattr(tmp_path / "two", "user.colour") == b"red"


def test_an_empty_folder_that_a_disk_is_mounted_on(place: Place, small_disk: MountSmall) -> None:
    """As in every backup that stays in one file system; some of these disks cannot be written, as /proc."""
    (place.stage / "disk").mkdir()
    small_disk(place.target / "disk", "1m").make_read_only()
    place.place()


def test_a_disk_below_that_cannot_be_written(place: Place, small_disk: MountSmall) -> None:
    """All else is restored."""
    write(place.stage / "disk" / "one", "one")
    write(place.stage / "two", "two")
    small_disk(place.target / "disk", "1m").make_read_only()
    assert do(place.plan()).problems == [(str(place.target / "disk"), "read-only file system")]
    assert (place.target / "two").read_text() == "two"


def test_a_copy_is_private_while_it_is_made(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", "one"), tmp_path / "two"
    one.chmod(0o644)
    modes: list[int] = []
    TreeCopy(lambda: modes.extend([stat.S_IMODE(two.stat().st_mode)] if two.exists() else [])).copy(
        os.fsencode(one), os.fsencode(two)
    )
    assert (modes, stat.S_IMODE(two.stat().st_mode)) == ([0o600], 0o644)


def test_copying_can_be_stopped(tmp_path: Path) -> None:
    write(tmp_path / "one" / "two", "two")
    asked = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        TreeCopy(check).copy(os.fsencode(tmp_path / "one"), os.fsencode(tmp_path / "copy"))
    assert not (tmp_path / "copy" / "two").exists()


_PLACE_LOCKED = """
import os, sys, time
from datetime import date
from borgdesk.engine.archives.placement import OnConflict, Rules, decide
from borgdesk.engine.archives.placing import carry_out, undo

stage, target = map(os.fsencode, sys.argv[1:])
plan = list(decide(stage, target, Rules(OnConflict.REPLACE, date(2026, 11, 20))))
print(carry_out(plan, lambda: False, lambda _: None).problems, oct(os.stat(target + b"/a/locked").st_mode & 0o777))
print(undo(plan, time.time_ns()).problems, os.listdir(target + b"/a"))
"""


def test_a_folder_that_its_owner_may_not_write_to(place: Place) -> None:
    """Root may move it all the same, so root has to do without its privileges here."""
    write(place.stage / "a" / "locked" / "one", "one").parent.chmod(0o500)
    (place.target / "a").mkdir()
    privileges = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*privileges, sys.executable, "-c", _PLACE_LOCKED, str(place.stage), str(place.target)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    assert done.stdout.splitlines() == ["[] 0o500", "[] []"]
    (place.stage / "a" / "locked").chmod(0o700)
