"""Archives and restores on the command line, with real Borg."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.lab import BorgDesk


def done(desk: BorgDesk, *arguments: str) -> None:
    answer = desk(*arguments)
    assert answer.code == 0, answer.err


def answered(desk: BorgDesk, *arguments: str) -> Any:
    answer = desk(*arguments, "--json")
    assert answer.code == 0, answer.err
    return answer.json


def refused(desk: BorgDesk, code: int, *arguments: str) -> str:
    answer = desk(*arguments)
    assert answer.code == code, answer.err
    return answer.err


@pytest.fixture
def letters(desk: BorgDesk, tmp_path: Path) -> Path:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "one.txt").write_text("one")
    done(
        desk, "repo", "add", "Letters", "--location", str(tmp_path / "repo"), "--source", str(folder), "--init", "none"
    )
    done(desk, "run", "Letters", "-q")
    return folder


def test_from_the_list_to_the_file_and_back(desk: BorgDesk, letters: Path, tmp_path: Path) -> None:
    (archive,) = answered(desk, "archive", "list", "Letters")
    assert not archive["cached"]
    shown = answered(desk, "archive", "show", "Letters", "latest")
    assert (shown["name"], shown["files"]) == (archive["name"], 1)
    # As ``borg create`` reported it: Borg 1.2 counts its metadata, too, which ``borg info`` leaves out.
    assert shown["original_size"] >= len("one")
    path = f"{letters}/one.txt"
    (entry,) = answered(desk, "archive", "files", "Letters", archive["id"][:8], path)
    assert (entry["path"], entry["type"], entry["size"], entry["mode"]) == (path[1:], "file", 3, "0644")
    (found,) = answered(desk, "archive", "find", "Letters", "ONE")
    assert found == entry
    (version,) = answered(desk, "archive", "versions", "Letters", path)
    assert (version["first"], version["last"], version["size"]) == (archive["name"], archive["name"], 3)


def test_the_beginning_of_1970_is_a_time_like_any_other(desk: BorgDesk, letters: Path) -> None:
    """Files in container images and packages have it. Folders that are only parts of paths have none."""
    os.utime(letters / "one.txt", (0, 0))
    done(desk, "run", "Letters", "-q")
    path = f"{letters}/one.txt"
    (entry,) = answered(desk, "archive", "files", "Letters", "latest", path)
    assert entry["mtime"] == "1970-01-01T00:00:00+00:00"
    assert "1970-01-01" in desk("archive", "files", "Letters", "latest", path).out
    newest = answered(desk, "archive", "versions", "Letters", path)[0]
    assert newest["mtime"] == entry["mtime"]
    (top,) = answered(desk, "archive", "files", "Letters", "latest")
    assert top["mtime"] is None


def test_a_file_is_replaced_and_that_is_undone(desk: BorgDesk, letters: Path, tmp_path: Path) -> None:
    path = f"{letters}/one.txt"
    Path(path).write_text("changed")
    restored = answered(desk, "restore", "Letters", "latest", path, "--in-place", "--on-conflict", "replace")
    assert (restored["restored"], restored["replaced"], restored["problems"]) == (1, 1, [])
    assert Path(path).read_text() == "one"
    assert [one["id"] for one in answered(desk, "restore", "list")] == [restored["id"]]
    done(desk, "restore", "undo", str(restored["id"]))
    assert Path(path).read_text() == "changed"
    done(desk, "restore", "Letters", "latest", "--to", str(tmp_path / "out"))
    assert (tmp_path / "out" / path[1:]).read_text() == "one"


def test_what_exists_and_differs_is_told_before_and_after(desk: BorgDesk, letters: Path) -> None:
    path = f"{letters}/one.txt"
    Path(path).write_text("changed")
    restore = ("restore", "Letters", "latest", path, "--in-place")
    told = desk(*restore, "--dry-run", "--on-conflict", "replace")
    assert (
        f"1 file, 3 B, would be restored: {path}\n1 exists and differs, and would be replaced." in told.err + told.out
    )
    assert answered(desk, *restore, "--dry-run")["differing"] == 1
    assert "the original places: 0 B, 1 kept as they were." in desk(*restore).out
    assert Path(path).read_text() == "changed"


def test_what_was_never_listed_is_told(desk: BorgDesk, letters: Path) -> None:
    """Also of archives that were made after the last list."""
    done(desk, "archive", "files", "Letters", "latest")
    done(desk, "run", "Letters", "-q")
    assert "1 archive not searched: never listed." in desk("archive", "find", "Letters", "one").err
    assert "1 archive left out: never listed." in desk("archive", "versions", "Letters", f"{letters}/one.txt").err


def test_what_is_cached_needs_no_repository(desk: BorgDesk, letters: Path, tmp_path: Path) -> None:
    assert refused(desk, 2, "archive", "list", "Letters", "--cached") == (
        "borgdesk: The archives of “Letters” were never listed here; leave out --cached.\n"
    )
    (archive,) = answered(desk, "archive", "list", "Letters")
    (tmp_path / "repo").rename(tmp_path / "away")
    assert answered(desk, "archive", "list", "Letters", "--cached") == [archive]
    assert refused(desk, 2, "archive", "list", "Letters").startswith("borgdesk: ")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("restore", "Letters", "never", "--in-place"), "There is no archive “never” in this repository."),
        (("restore", "undo", "12345678"), "There is no restore 12345678 that can be undone."),
        (("archive", "files", "Letters", "latest", "nothing"), "There is no “nothing” in the archive"),
    ],
)
def test_what_is_not_there(desk: BorgDesk, letters: Path, arguments: tuple[str, ...], sentence: str) -> None:
    assert f"borgdesk: {sentence}" in refused(desk, 2, *arguments)


def test_a_path_that_is_not_in_the_archive(desk: BorgDesk, letters: Path) -> None:
    answer = desk("restore", "Letters", "latest", "nothing", "--in-place")
    assert (answer.code, answer.err) == (2, "")
    assert answer.out.startswith("Restore from Letters failed. There is no “nothing” in the archive ")


def test_a_place_must_be_named(desk: BorgDesk) -> None:
    assert "--to --in-place is required" in refused(desk, 64, "restore", "Letters", "latest")


@pytest.mark.parametrize(
    "arguments",
    [
        ("restore", "Letters", "latest", "--to", ""),
        ("restore", "Letters", "latest", "", "--in-place"),
        ("mount", "Letters", "latest", ""),
        ("umount", ""),
    ],
)
def test_an_unset_variable_does_not_mean_everything_or_the_original_place(
    desk: BorgDesk, arguments: tuple[str, ...]
) -> None:
    answer = desk.here(*arguments)
    assert (answer.code, answer.out) == (64, "")
    assert "It is empty. Leave it out, or check the variable that it comes from." in answer.err


def test_names_say_nothing_to_the_terminal(desk: BorgDesk, letters: Path, tmp_path: Path) -> None:
    """Archives may be of somebody else's, and so may be their file names."""
    evil = "\x1b]0;title\x07\x1b[31m\x9b2J"
    (letters / f"{evil}name").write_text("one")
    done(desk, "run", "Letters", "-q")
    (letters / f"{evil}name").write_text("another")
    for answer in (
        desk.here("archive", "files", "Letters", "latest", f"{letters}/{evil}"),
        desk.here("restore", "Letters", "latest", f"{letters}/{evil}", "--in-place"),
        desk.here("restore", "Letters", "latest", f"{letters}/{evil}name", "--to", str(tmp_path / evil)),
        desk.here("archive", "find", "Letters", evil, "--json"),
    ):
        assert not set(answer.out + answer.err) & {"\x1b", "\x07", "\x9b"}
    assert [one["path"] for one in answer.json] == [f"{letters}/{evil}name"[1:]]
