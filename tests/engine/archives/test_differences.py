"""Comparison of two archives, with real Borg."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.domain.change import ChangeKind, bits_of
from borgdesk.domain.errors import BorgDeskError, InvalidInput, NotFound, Stopped
from borgdesk.engine.archives.archive_list import ArchiveList, read_archives
from borgdesk.engine.archives.differences import difference_of
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.store.differences import ChangedEntry, Difference
from tests.engine.archives.lab import back_up
from tests.engine.desk import Desk

ADDED, REMOVED, MODIFIED = ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.MODIFIED


@pytest.fixture
def two(real: Desk) -> ArchiveList:
    """Provide two archives that differ in every possible way."""
    shutil.rmtree(real.source)
    old = real.source / "old"
    old.mkdir(parents=True)
    for name in ("edited", "removed", "chmod", "touched", "becomes-folder"):
        (old / name).write_text(name)
    (old / "link").symlink_to("here")
    (real.source / "same").mkdir()
    (real.source / "same" / "file").write_text("same")
    back_up(real)
    (old / "edited").write_text("edited again")
    (old / "removed").unlink()
    (old / "chmod").chmod(0o700)
    os.utime(old / "touched", (1, 1))
    (old / "becomes-folder").unlink()
    (old / "becomes-folder").mkdir()
    (old / "becomes-folder" / "in it").write_text("12")
    (old / "link").unlink()
    (old / "link").symlink_to("there")
    (real.source / "new\nfolder").mkdir()
    Path(os.fsdecode(os.fsencode(real.source / "new\nfolder") + b"/bad\xff")).write_text("bad")
    back_up(real)
    return read_archives(real.workspace, real.repository)


def compare(desk: Desk, found: ArchiveList, path: str = "", cancel: Cancel | None = None) -> Difference:
    second, first = found.archives
    return difference_of(desk.workspace, desk.repository, first, second, path, cancel)


def named(desk: Desk, entries: list[ChangedEntry]) -> dict[str, tuple[str, ...]]:
    root = str(desk.source)[1:]
    return {entry.path[len(root) + 1 :]: tuple(kind.value for kind in entry.kinds) for entry in entries}


def test_all_kinds_of_changes_are_found(real: Desk, two: ArchiveList) -> None:
    with compare(real, two) as difference:
        root = difference.get("")
        assert root is not None
        assert named(real, list(difference.below(root))) == {
            "new\nfolder": ("added",),
            "new\nfolder/bad?": ("added",),
            "old/becomes-folder": ("type",),
            "old/becomes-folder/in it": ("added",),
            "old/chmod": ("mode",),
            "old/edited": ("modified",),
            "old/link": ("modified",),
            "old/removed": ("removed",),
        }
        assert difference.rows == 8
        assert difference.totals() == (len("edited again") + 2 + 3, len("edited") + len("removed"))


def test_folders_add_up_for_the_kinds_that_are_looked_at(real: Desk, two: ArchiveList) -> None:
    with compare(real, two) as difference:
        source = difference.get(str(real.source))
        assert source is not None
        assert source.kinds == ()
        assert [child.name for child in difference.children(source.dir or 0)] == ["new\nfolder", "old"]
        only = bits_of([REMOVED])
        (old,) = difference.children(source.dir or 0, kinds=only)
        assert (old.name, old.added, old.removed) == ("old", 0, len("removed"))
        assert [one.name for one in difference.children(old.dir or 0, kinds=only)] == ["removed"]
        assert difference.totals(bits_of([ADDED])) == (5, 0)
        assert difference.totals(bits_of([MODIFIED])) == (len("edited again"), len("edited"))
        sizes = [one.added for one in difference.children(old.dir or 0, order="added", descending=True)]
        assert sizes[0] == 2  # folders come first
        assert sizes[1:] == sorted(sizes[1:], reverse=True)
        assert [one.name for one in difference.find("EDIT")] == ["edited"]
        assert [one.name for one in difference.find("e", kinds=only)] == ["removed"]
        assert difference.find("%") == []


def test_borg_is_asked_once(real: Desk, two: ArchiveList) -> None:
    compare(real, two).close()
    Path(real.repository.location).rename(real.folder / "away")
    with compare(real, two, f"{real.source}/old/edited") as difference:
        assert difference.rows == 8
    with pytest.raises(BorgDeskError, match=r"repository"):
        compare(real, two, f"{real.source}/same/file")


def test_one_folder_is_compared_alone(real: Desk, two: ArchiveList) -> None:
    with compare(real, two, f"{real.source}/new\nfolder/") as difference:
        assert difference.rows == 2
    with compare(real, two, f"{real.source}/same") as difference:
        assert difference.rows == 0
        assert difference.get(f"{real.source}/same") is None
    with pytest.raises(NotFound, match="There is no “nowhere” in the archives"):
        compare(real, two, "nowhere")


def test_what_cannot_be_compared(real: Desk, two: ArchiveList) -> None:
    archive = two.archives[0]
    with pytest.raises(InvalidInput, match="itself"):
        difference_of(real.workspace, real.repository, archive, archive)
    cancel = Cancel()
    cancel.ask()
    with pytest.raises(Stopped):
        compare(real, two, cancel=cancel)
    folder = real.workspace.paths.cache / "differences" / two.repository_id
    assert list(folder.iterdir()) == []


def test_what_is_damaged_is_made_again(real: Desk, two: ArchiveList) -> None:
    with compare(real, two) as difference:
        file = difference.path
    file.write_bytes(b"SQLite format 3\0" + bytes(100))
    with compare(real, two) as difference:
        assert difference.rows == 8


def test_an_answer_that_is_none_is_said_and_not_kept(real: Desk, two: ArchiveList) -> None:
    program = real.folder / "stub"
    program.write_text(f'#!/bin/sh\ncase "$1" in diff) echo nonsense;; *) exec {real.program} "$@";; esac\n')
    program.chmod(0o700)
    workspace = replace(real.workspace, fixed_borg=str(program))
    second, first = two.archives
    with pytest.raises(BorgDeskError, match="comparison of the archives cannot be understood"):
        difference_of(workspace, real.repository, first, second)
    assert list((workspace.paths.cache / "differences" / two.repository_id).iterdir()) == []
