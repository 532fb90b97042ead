"""Stored differences: totals of folders, and files that are damaged, missing or not writable."""

from __future__ import annotations

from pathlib import Path

import pytest

from borgdesk.domain.change import ChangeKind
from borgdesk.store.cache_writer import CannotKeep
from borgdesk.store.differences import Change, Difference, DifferenceLost, DifferenceWriter

ADDED, REMOVED, MODIFIED = ChangeKind.ADDED.bit, ChangeKind.REMOVED.bit, ChangeKind.MODIFIED.bit
META = {"repository": "r", "first": "a", "second": "b"}
CHANGES: list[Change] = [
    ("home/a/new", ADDED, 10, 0, ""),
    ("home/a", ChangeKind.MODE.bit, 0, 0, "drwxr-xr-x → drwx------"),
    ("home/b/gone", REMOVED, 0, 5, ""),
    ("home/b/c/edited", MODIFIED, 7, 3, ""),
    ("100%_sure", ADDED, 1, 0, ""),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r" / "a-b.db"


@pytest.fixture
def difference(path: Path) -> Difference:
    writer = DifferenceWriter(path, META)
    # In pieces, as Borg prints them, and far more than are written at once.
    for change in CHANGES:
        writer.add([change])
    writer.add((f"many/{number}", ADDED, 1, 0, "") for number in range(20_123))
    return writer.finish()


def test_folders_add_up(difference: Difference) -> None:
    assert difference.rows == len(CHANGES) + 20_123
    home = difference.get("/home/")
    assert home is not None
    assert (home.added, home.removed, home.kinds) == (17, 8, ())
    assert [(one.name, one.added, one.removed) for one in difference.children(home.dir or 0)] == [
        ("a", 10, 0),
        ("b", 7, 8),
    ]
    only = difference.children(home.dir or 0, kinds=REMOVED)
    assert [(one.name, one.added, one.removed) for one in only] == [("b", 0, 5)]
    changed = difference.get("home/a")
    assert changed is not None
    # The folder itself changed, and so did its content.
    assert (changed.kinds, changed.note, changed.added) == ((ChangeKind.MODE,), "drwxr-xr-x → drwx------", 10)
    assert [one.path for one in difference.below(home)] == [
        "home/a", "home/a/new", "home/b/c/edited", "home/b/gone"
    ]  # fmt: skip
    assert difference.get("home/none") is None
    assert difference.get("home/a/new/none") is None
    assert difference.totals(ADDED) == (20_123 + 11, 0)


def test_what_is_searched_for_is_literal(difference: Difference) -> None:
    assert [one.path for one in difference.find("100%")] == ["100%_sure"]
    assert difference.find("1_0%") == []
    assert [row[1] for row in difference.find_rows("E", ADDED | MODIFIED, "added", descending=True, limit=2)] == [
        "home/a/new",
        "home/b/c/edited",
    ]


def test_what_is_damaged_or_of_something_else_is_none(difference: Difference, path: Path) -> None:
    difference.close()
    assert Difference.open_if(path, META | {"second": "c"}) is None
    assert not path.exists()
    path.write_bytes(b"SQLite format 3\0" + bytes(2000))
    assert Difference.open_if(path, META) is None
    assert not path.exists()
    with pytest.raises(DifferenceLost, match="Compare them again"):
        Difference(path)


def test_damage_that_is_met_later_is_said(difference: Difference, path: Path) -> None:
    difference.close()
    content = bytearray(path.read_bytes())
    content[4096 * 4 :] = bytes(len(content) - 4096 * 4)
    path.write_bytes(content)
    damaged = Difference(path)
    with pytest.raises(DifferenceLost):
        damaged.rows_in(damaged.get("many").dir or 0)  # type: ignore[union-attr]
    assert not path.exists()


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotKeep, match=r"The comparison cannot be stored in .*file: "):
        DifferenceWriter(tmp_path / "file" / "a.db", META)


def test_nothing_is_left_of_what_is_given_up(path: Path) -> None:
    writer = DifferenceWriter(path, META)
    writer.add(CHANGES)
    writer.discard()
    assert list(path.parent.iterdir()) == []
