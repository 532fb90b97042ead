"""What was extracted, compared with the listing, without Borg."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.archives.listings import kept_listing
from borgdesk.engine.archives.selection import RestoreRequest, Selection
from borgdesk.engine.archives.stage import HashCheck, has_double, verify
from borgdesk.store.listing_writer import Item
from tests.engine.archives.lab import listed
from tests.engine.desk import Desk

FILE, FOLDER, THEN = 0o100644, 0o40755, 1_000_000_000_000_000
ITEMS: list[Item] = [("letters", FOLDER, 0, THEN, ""), ("letters/one", FILE, 3, THEN, "")]


def write(path: Path, text: str = "one", microseconds: int = THEN) -> Path:
    path.write_text(text)
    path.chmod(0o644)
    os.utime(path, ns=(0, microseconds * 1000))
    return path


@pytest.fixture
def stage(desk: Desk) -> Path:
    """Provide a stage with what is in the archive."""
    stage = desk.file("stage")
    (stage / "letters").mkdir(parents=True)
    (stage / "letters").chmod(0o755)
    write(stage / "letters" / "one")
    return stage


def verified(desk: Desk, stage: Path, items: list[Item]) -> list[str]:
    """Verify the stage, and return the paths that were told."""
    archive = listed(desk.workspace, *items)
    listing, told = kept_listing(desk.workspace, archive), list[str]()
    assert listing is not None
    with listing:
        verify(stage, Selection(listing, archive, RestoreRequest()), lambda entry: told.append(entry.path))
    return told


def test_what_is_as_in_the_archive(desk: Desk, stage: Path) -> None:
    assert verified(desk, stage, ITEMS) == ["letters", "letters/one"]
    assert os.listdir(stage) == ["letters"]  # noqa: PTH208 - names only


def make_folder(one: Path) -> None:
    one.unlink()
    one.mkdir()


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (Path.unlink, "was not extracted"),
        (make_folder, "has a different type"),
        (lambda one: one.chmod(0o640), "has different permissions"),
        (lambda one: write(one, "four"), "has a different size"),
        (lambda one: write(one, "one", THEN + 3), "has a different modification time"),
        (lambda one: write(one, "one", THEN - 3), "has a different modification time"),
    ],
)
def test_every_difference_counts(desk: Desk, stage: Path, harm: Callable[[Path], object], sentence: str) -> None:
    harm(stage / "letters" / "one")
    with pytest.raises(BorgDeskError, match=f"“letters/one” {sentence}"):
        verified(desk, stage, ITEMS)


def test_moments_far_away_have_fewer_digits(desk: Desk, stage: Path) -> None:
    """As Borg lists them: 3 microseconds are no difference a century from now, but 6 are."""
    far = 2**62 // 1000
    items = [ITEMS[0], ("letters/one", FILE, 3, far, "")]
    write(stage / "letters" / "one", "one", far + 3)
    assert verified(desk, stage, items)
    write(stage / "letters" / "one", "one", far + 6)
    with pytest.raises(BorgDeskError, match="modification time"):
        verified(desk, stage, items)


def test_bits_that_only_an_owner_may_set_are_no_difference(desk: Desk, stage: Path) -> None:
    (stage / "letters" / "one").chmod(0o4644)
    assert verified(desk, stage, ITEMS)
    (stage / "letters" / "one").chmod(0o644)
    assert verified(desk, stage, [ITEMS[0], ("letters/one", FILE | 0o2000, 3, THEN, "")])


def test_names_that_are_listed_alike(tmp_path: Path) -> None:
    """Of a name that is not UTF-8, only question marks are listed."""
    (tmp_path / "a\udcff").touch()
    assert not has_double(tmp_path, "a?")
    (tmp_path / "a?").touch()
    assert has_double(tmp_path, "a?")
    assert not has_double(tmp_path, "b?")


def hashed(text: str, path: str) -> bytes:
    return f"{hashlib.sha256(text.encode()).hexdigest()}\0{path}\0".encode()


def test_hashes_are_compared_with_what_is_in_the_stage(stage: Path) -> None:
    told: list[tuple[str, int]] = []
    good = hashed("one", "letters/one")
    check = HashCheck(stage, lambda path, size: told.append((path, size)))
    check.feed(good[:20])
    check.feed(good[20:] + b"\0letters\0")
    check.finish()
    assert told == [("letters/one", 3)]
    check.feed(hashed("two", "letters/one"))
    check.feed(good)
    with pytest.raises(BorgDeskError, match="“letters/one” has different content"):
        check.finish()
    assert len(told) == 2
