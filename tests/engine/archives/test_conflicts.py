"""Files that exist at the destination of a restore and differ from the archive."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from borgdesk.domain.errors import Stopped
from borgdesk.engine.archives.conflicts import Conflicts, conflicts
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.store.listing_writer import Item
from tests.engine.archives.lab import listed
from tests.engine.desk import Desk

FILE, FOLDER, LINK = 0o100644, 0o40755, 0o120777
THEN = 1_000_000_000_000_000
"""Microseconds."""


def found(desk: Desk, *items: Item, cancel: Cancel | None = None) -> Conflicts:
    archive = listed(desk.workspace, *items)
    return conflicts(desk.workspace, desk.repository, archive, RestoreRequest((), desk.file("out")), cancel)


@pytest.fixture
def out(desk: Desk) -> Path:
    desk.file("out").mkdir()
    return desk.file("out")


def write(path: Path, text: str, microseconds: int = THEN) -> Path:
    path.write_text(text)
    os.utime(path, ns=(0, microseconds * 1000))
    return path


def test_what_is_as_in_the_archive_or_missing_is_none(desk: Desk, out: Path) -> None:
    (out / "folder").mkdir()
    write(out / "one", "one", THEN + 2)
    (out / "link").symlink_to("elsewhere")
    items: list[Item] = [
        ("folder", FOLDER, 0, 0, ""), ("folder/gone", FILE, 1, THEN, ""), ("link", LINK, 0, 0, "one"),
        ("one", FILE, 3, THEN, ""),
    ]  # fmt: skip
    assert found(desk, *items) == Conflicts(0, 0, ())


@pytest.mark.parametrize(
    ("text", "microseconds", "newer"),
    [("two!", THEN, 0), ("one", THEN + 3, 1), ("one", THEN - 3, 0), ("two!", THEN + 1, 1)],
)
def test_another_size_or_time(desk: Desk, out: Path, text: str, microseconds: int, newer: int) -> None:
    one = write(out / "one", text, microseconds)
    assert found(desk, ("one", FILE, 3, THEN, "")) == Conflicts(1, newer, (str(one),))


def test_another_type(desk: Desk, out: Path) -> None:
    (out / "file").mkdir()
    write(out / "folder", "")
    (out / "link").symlink_to("file")
    items: list[Item] = [("file", FILE, 0, THEN, ""), ("folder", FOLDER, 0, THEN, ""), ("link", FILE, 4, THEN, "")]
    assert found(desk, *items).count == 3


def test_the_first_five_are_named(desk: Desk, out: Path) -> None:
    items: list[Item] = [(str(number), FILE, 9, THEN, "") for number in range(7)]
    for number in range(7):
        write(out / str(number), "")
    seen = found(desk, *items)
    assert (seen.count, seen.examples) == (7, tuple(str(out / str(number)) for number in range(5)))


def test_it_can_be_stopped(desk: Desk, out: Path) -> None:
    write(out / "one", "")
    cancel = Cancel()
    assert found(desk, ("one", FILE, 3, THEN, ""), cancel=cancel).count == 1
    cancel.ask()
    with pytest.raises(Stopped):
        found(desk, ("one", FILE, 3, THEN, ""), cancel=cancel)
