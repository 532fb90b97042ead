"""Comparing, renaming and deleting archives on the command line, with real Borg."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.lab import BorgDesk, borg, keys

CHANGE = {"path", "change", "changes", "added", "removed", "note"}


@pytest.fixture
def papers(desk: BorgDesk) -> BorgDesk:
    """Provide two archives, ``first`` and ``second``, created without a run."""
    desk.add_repository("Papers")
    location = str(desk.folder / "papers.borg")
    file = desk.source / "file.txt"
    borg(desk, "create", "--timestamp=2026-01-01T10:00:00", f"{location}::first", str(desk.source))
    file.write_text("other")
    file.chmod(0o600)
    (desk.source / "new").write_text("12")
    borg(desk, "create", "--timestamp=2026-01-02T10:00:00", f"{location}::second", str(desk.source))
    return desk


def test_two_archives_are_compared(papers: BorgDesk) -> None:
    answer = papers.here("archive", "diff", "Papers", "first", "latest", "--json")
    assert (answer.code, answer.said) == (0, ["2 changes: 7 B added, 21 B removed."])
    root = str(papers.source)[1:]
    assert keys(answer.json) == CHANGE
    by_path = {one["path"].removeprefix(f"{root}/"): one for one in answer.json}
    assert by_path["new"] == {
        "path": f"{root}/new", "change": "added", "changes": ["added"], "added": 2, "removed": 0, "note": None
    }  # fmt: skip
    assert by_path["file.txt"]["changes"] == ["modified", "mode"]
    assert by_path["file.txt"]["note"] == "-rw-r--r-- → -rw-------"
    shown = papers.here("archive", "diff", "Papers", "first", "second", f"{papers.source}/new")
    assert shown.out.split() == ["+", "+2", "B", f"{root}/new"]
    assert shown.said == ["1 change: 2 B added, 0 B removed."]
    same = papers.here("archive", "diff", "Papers", "second", "second")
    assert (same.code, same.said) == (
        2,
        ["borgdesk: An archive cannot be compared with itself. Choose two different archives."],
    )
    for wrong in (("first", "third"), ("first", "second", "nowhere")):
        answer = papers.here("archive", "diff", "Papers", *wrong)
        assert (answer.code, answer.out) == (2, "")
        assert answer.said[-1].startswith("borgdesk: There is no ")


def test_nothing_different_is_an_empty_list(desk: BorgDesk) -> None:
    desk.add_repository("Papers")
    for name in ("first", "second"):
        borg(desk, "create", f"{desk.folder}/papers.borg::{name}", str(desk.source))
    answer = desk.here("archive", "diff", "Papers", "first", "second", "--json")
    assert (answer.code, answer.json, answer.said) == (0, [], ["Nothing is different."])
    shutil.rmtree(desk.folder / "papers.borg")
    # The difference is cached, since archives never change.
    assert desk.here("archive", "diff", "Papers", "first", "second", "--json").json == []


def test_archives_are_renamed_commented_and_deleted(papers: BorgDesk) -> None:
    renamed = papers.here("archive", "rename", "Papers", "first", "oldest", "--json")
    assert (renamed.code, renamed.said[0]) == (0, "“first” is now called “oldest”.")
    assert renamed.json["name"] == "oldest"
    commented = papers.here("archive", "comment", "Papers", "oldest", "the {first} one", "--json")
    assert (commented.code, commented.json["comment"]) == (0, "the {first} one")
    assert [one["comment"] for one in papers.here("archive", "list", "Papers", "--json").json] == [
        "",
        "the {first} one",
    ]
    asked = papers("archive", "delete", "Papers", "oldest", "latest")
    assert (asked.code, asked.out) == (2, "")
    assert asked.said[-1] == (
        "borgdesk: Delete 2 archives of “Papers” for good (oldest, second)? There is no terminal to ask on. "
        "To confirm, use --yes."
    )
    deleted = papers.here("archive", "delete", "Papers", "oldest", "oldest", "--yes", "--json")
    assert (deleted.code, deleted.json) == (0, {"repository": "Papers", "deleted": ["oldest"]})
    assert deleted.said == ["1 archive was deleted.", "“borgdesk compact Papers” gives their space back."]
    for wrong in (("rename", "first", "x"), ("rename", "second", "a/b"), ("delete", "first", "--yes")):
        answer = papers.here("archive", wrong[0], "Papers", *wrong[1:])
        assert (answer.code, answer.out) == (2, "")
        assert answer.said[-1].startswith("borgdesk: ")
    assert [one["name"] for one in papers.here("archive", "list", "Papers", "--cached", "--json").json] == ["second"]


def test_a_repository_and_its_retention(papers: BorgDesk) -> None:
    info = papers.here("info", "Papers", "--json").json
    assert set(info) == {
        "repository", "id", "location", "encryption", "keyfile", "last_modified",
        "original_size", "compressed_size", "deduplicated_size",
    }  # fmt: skip
    assert info["encryption"] == "none"
    assert "none" in papers.here("info", "Papers").out
    runs = papers.here("history", "--kind", "info", "--json").json
    assert [(run["kind"], run["trigger"], run["status"]) for run in runs] == [("info", "cli", "success")] * 2
    assert runs[0]["info"].items() <= info.items()
    kept = papers.here("retention", "Papers", "--keep-daily", "1", "--json")
    assert kept.said == ["0 of 2 archives would be pruned."]
    assert keys(kept.json) == {"archive", "id", "start", "keep", "rule", "ours"}
    # Only archives created by runs are pruned.
    assert [(one["archive"], one["keep"], one["ours"]) for one in kept.json] == [
        ("second", True, False),
        ("first", True, False),
    ]
    assert papers.here("retention", "Papers").said[0] == "“Papers” has no rules: nothing is ever pruned."


def test_what_cannot_be_mounted(papers: BorgDesk, tmp_path: Path) -> None:
    for arguments in (("mount", "Papers", str(tmp_path / "none")), ("umount", str(tmp_path))):
        answer = papers.here(*arguments)
        assert (answer.code, answer.out) == (2, "")
        assert re.fullmatch("borgdesk: .*[.]", answer.err.strip())
