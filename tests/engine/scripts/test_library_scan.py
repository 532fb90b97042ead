"""Changes of the library folder by other programs, with real files and a real git."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from borgdesk.domain.script import NewScript
from borgdesk.engine.scripts import library_scan
from borgdesk.engine.workspace import Workspace
from tests.engine.desk import Desk


@pytest.fixture
def workspace(desk: Desk) -> Workspace:
    return desk.workspace


def add(workspace: Workspace, name: str, text: str = "") -> Path:
    content = f"#!/bin/sh\necho {text or name}\n".encode()
    return Path(workspace.store.scripts.add(NewScript(name, content)).file_path)


def names(scripts: tuple[Path, ...]) -> list[str]:
    return [path.name for path in scripts]


def test_a_library_nobody_touched(workspace: Workspace) -> None:
    add(workspace, "One")
    found = library_scan.scan_library(workspace)
    assert [script.name for script in found.scripts] == ["One"]
    assert (found.missing, found.unregistered, found.renamed) == (frozenset(), (), ())
    assert library_scan.read_stamps(workspace.paths.library) == found.stamps


@pytest.mark.parametrize("how", ["write", "append", "replace", "touch"])
def test_every_kind_of_change_has_another_stamp(workspace: Workspace, how: str) -> None:
    path = add(workspace, "One")
    before = library_scan.read_stamps(workspace.paths.library)
    if how == "write":
        path.write_text("#!/bin/sh\necho Two\n")
    elif how == "append":
        with path.open("a") as file:
            file.write("# more\n")
    elif how == "replace":
        other = path.with_name("other")
        other.write_bytes(path.read_bytes())
        os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
        other.replace(path)
    else:
        path.touch()
    assert library_scan.read_stamps(workspace.paths.library) != before


def test_a_missing_file_is_told(workspace: Workspace) -> None:
    path = add(workspace, "One")
    path.unlink()
    found = library_scan.scan_library(workspace)
    assert found.missing == {workspace.store.scripts.get("One").id}


def test_new_files_are_offered_when_they_could_be_scripts(workspace: Workspace) -> None:
    folder = workspace.paths.library
    for name in ("new.sh", "tool", "README.md", "notes.txt", ".hidden", "old.sh~", "LICENSE", "x.sh.orig"):
        (folder / name).write_text("#!/bin/sh\n")
    (folder / "binary").write_bytes(b"\0\1")
    (folder / "empty.sh").touch()
    (folder / "sub").mkdir()
    (folder / "sub" / "deep.sh").write_text("#!/bin/sh\n")
    assert names(library_scan.scan_library(workspace).unregistered) == ["new.sh", "deep.sh", "tool"]


def test_a_renamed_file_is_followed(workspace: Workspace) -> None:
    path = add(workspace, "One")
    path.rename(path.with_name("uno.sh"))
    found = library_scan.scan_library(workspace)
    assert [Path(script.file_path).name for script in found.renamed] == ["uno.sh"]
    assert (found.missing, found.unregistered) == (frozenset(), ())
    assert library_scan.scan_library(workspace).renamed == ()


def test_moved_into_a_folder_is_followed_too(workspace: Workspace) -> None:
    path = add(workspace, "One")
    (path.parent / "docker").mkdir()
    path.rename(path.parent / "docker" / path.name)
    assert [script.name for script in library_scan.scan_library(workspace).renamed] == ["One"]


def test_of_twins_nobody_guesses(workspace: Workspace) -> None:
    first, second = add(workspace, "One", "same"), add(workspace, "Two", "same")
    first.rename(first.with_name("x.sh"))
    second.rename(second.with_name("y.sh"))
    found = library_scan.scan_library(workspace)
    assert len(found.missing) == 2
    assert names(found.unregistered) == ["x.sh", "y.sh"]


def test_renamed_and_changed_is_missing_and_new(workspace: Workspace) -> None:
    path = add(workspace, "One")
    path.rename(path.with_name("uno.sh"))
    path.with_name("uno.sh").write_text("#!/bin/sh\necho other\n")
    found = library_scan.scan_library(workspace)
    assert len(found.missing) == 1
    assert names(found.unregistered) == ["uno.sh"]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not on this machine")
def test_a_checkout_that_swaps_everything(workspace: Workspace) -> None:
    folder = workspace.paths.library

    def git(*words: str) -> None:
        identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"]
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)

    path = add(workspace, "One")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("checkout", "-q", "-b", "other")
    git("mv", path.name, "uno.sh")
    (folder / "two.sh").write_text("#!/bin/sh\necho two\n")
    git("add", ".")
    git("commit", "-q", "-m", "second")
    before = _objects(folder)
    assert [script.name for script in library_scan.scan_library(workspace).renamed] == ["One"]
    git("checkout", "-q", "main")
    found = library_scan.scan_library(workspace)
    assert [Path(script.file_path).name for script in found.scripts] == [path.name]
    assert (found.missing, found.unregistered) == (frozenset(), ())
    git("checkout", "-q", "other")
    found = library_scan.scan_library(workspace)
    assert names(found.unregistered) == ["two.sh"]
    assert _objects(folder) == before


def _objects(folder: Path) -> set[str]:
    """Return git's objects: neither a checkout nor BorgDesk adds or removes any."""
    return {str(path) for path in (folder / ".git" / "objects").rglob("*")}
