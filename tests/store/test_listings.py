"""Cached listing of an archive: written as Borg prints it, sorted, searched."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.store.cache_writer import CannotKeep
from borgdesk.store.listing_writer import Item, ListingWriter
from borgdesk.store.listings import Entry, Listing, ListingLost, Order, trim

FILE, FOLDER, LINK = 0o100644, 0o40755, 0o120777


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[ListingWriter]:
    writer = ListingWriter(tmp_path / "listings" / "a.db", "repository", "archive")
    yield writer
    writer.discard()


def written(writer: ListingWriter, items: list[Item]) -> Listing:
    writer.add(items)
    return writer.finish()


def test_a_folder_in_every_order(writer: ListingWriter) -> None:
    items: list[Item] = [
        ("home/b", FILE, 3, 10, ""),
        ("home/A", FILE, 1, 30, ""),
        ("home/c", FILE, 2, 20, ""),
        ("home/z/inside", FILE, 100, 5, ""),
        ("home/z", FOLDER, 0, 1, ""),
        ("home/y", FOLDER, 0, 2, ""),
    ]
    with written(writer, items) as listing:
        home = listing.get("/home")
        assert home is not None
        assert home.dir is not None
        orders = {
            (order, descending): "".join(row[1] for row in listing.rows_of(home.dir, order, descending=descending))
            for order in Order
            for descending in (False, True)
        }
        assert orders == {
            (Order.NAME, False): "yzAbc", (Order.NAME, True): "zycbA",
            (Order.SIZE, False): "yzAcb", (Order.SIZE, True): "zybcA",
            (Order.TIME, False): "zybcA", (Order.TIME, True): "yzAcb",
        }  # fmt: skip
        assert listing.totals() == (106, 4)
        assert home.size == 106


def test_what_is_there_so_far(writer: ListingWriter) -> None:
    assert writer.children(0) == []
    writer.add([("home/one", FILE, 1, 10, "")])
    ((_, name, _, _, _, _, number),) = writer.children(0)
    assert name == "home"
    assert number is not None
    writer.add([(f"home/{place}", FILE, 1, 10, "") for place in range(60)])
    assert len(writer.children(number)) == 61
    assert [row[1] for row in writer.children(number, limit=2)] == ["0", "1"]
    with writer.finish() as listing:
        assert listing.rows == 61
        assert listing.rows_of(0)[0][6] == number


def test_links_and_names_of_a_kind(writer: ListingWriter) -> None:
    """A hard link has the size of its file, a symbolic link the one Borg reports; unusual names are kept."""
    odd = ["new\nline", "tab\t", "x" * 255, "%", "_", "\\", "\u202eright", "?"]
    items: list[Item] = [
        ("d/first", FILE, 7, 1, ""),
        ("d/later", FILE, 0, 1, "d/first"),
        ("d/soft", LINK, 5, 1, "first"),
    ]
    items += [(f"d/{name}", FILE, 1, 1, "") for name in odd]
    with written(writer, items) as listing:
        later = listing.get("d/later")
        assert later is not None
        assert (later.size, later.target) == (7, "d/first")
        for name in odd:
            assert listing.get(f"d/{name}") is not None, name
        assert [one.name for one in listing.find("%")] == ["%"]
        assert [one.name for one in listing.find("FIRST")] == ["first"]
        assert len(listing.find("", 3)) == 3


def test_a_listing_of_another_archive_is_thrown_away(writer: ListingWriter, tmp_path: Path) -> None:
    path = tmp_path / "listings" / "a.db"
    written(writer, [("home/file", FILE, 1, 1, "")]).close()
    found = Listing.open(path, "repository", "archive")
    assert found is not None
    found.close()
    assert Listing.open(path, "other", "archive") is None
    assert not path.exists()


def test_what_is_damaged_is_thrown_away(writer: ListingWriter, tmp_path: Path) -> None:
    path = tmp_path / "listings" / "a.db"
    written(writer, [(f"home/{number}", FILE, 1, 1, "") for number in range(50_000)]).close()
    whole = path.read_bytes()
    for damaged in (whole[:100], whole[: len(whole) // 2], whole[:20_000] + bytes(len(whole) - 20_000)):
        path.write_bytes(damaged)
        found = Listing.open(path, "repository", "archive")
        if found is not None:
            with found, pytest.raises(ListingLost):
                (found.rows_of(1), found.find("4999"))
        assert not path.exists()
    with pytest.raises(ListingLost):
        Listing(path)


def test_a_folder_far_below(writer: ListingWriter) -> None:
    items: list[Item] = [("/".join("x" * depth), FOLDER, 0, 1, "") for depth in range(1, 2000)]
    with written(writer, items) as listing:
        top = listing.get("x")
        assert top is not None
        assert sum(1 for _ in listing.below(top)) == 1999


def test_the_disk_says_no(writer: ListingWriter, tmp_path: Path) -> None:
    writer.add([("home/file", FILE, 1, 1, "")])
    for path in (tmp_path / "listings").iterdir():
        path.unlink()
    (tmp_path / "listings").rmdir()
    with pytest.raises(CannotKeep, match=r"cannot be stored in .*: "):
        writer.finish()
    (tmp_path / "listings").write_text("in the way")
    with pytest.raises(CannotKeep):
        ListingWriter(tmp_path / "listings" / "b.db", "repository", "archive")


def test_one_that_was_stopped_does_not_disturb_the_next(writer: ListingWriter, tmp_path: Path) -> None:
    again = ListingWriter(tmp_path / "listings" / "a.db", "repository", "archive")
    again.add([("home/file", FILE, 1, 1, "")])
    writer.discard()
    again.finish().close()
    old = tmp_path / "listings" / "b.db.1.part"
    old.touch()
    os.utime(old, (0, 0))
    trim(tmp_path, 1 << 30)
    assert [one.name for one in (tmp_path / "listings").iterdir()] == ["a.db"]


def test_least_recently_read_goes_first(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / "r").mkdir(exist_ok=True)
        (tmp_path / "r" / f"{name}.db").write_bytes(b"x" * 10)
    kept = tmp_path / "r" / "a.db"
    trim(tmp_path, 15, (kept,))
    assert kept.exists()
    assert len(list(kept.parent.iterdir())) == 1


def test_an_entry_knows_its_path_its_name_and_what_it_is(writer: ListingWriter) -> None:
    items: list[Item] = [
        ("home/sub", FOLDER, 0, 1, ""),
        ("home/sub/a", FILE, 3, 1, ""),
        ("home/l", LINK, 0, 1, "sub/a"),
    ]
    with written(writer, items) as listing:
        for path, name, kinds in (
            ("home/sub", "sub", (True, False, False)),
            ("home/sub/a", "a", (False, True, False)),
            ("home/l", "l", (False, False, True)),
        ):
            entry = listing.get(path)
            assert entry is not None
            assert (entry.path, entry.name) == (path, name)
            assert (entry.is_folder, entry.is_file, entry.is_link) == kinds


def test_what_was_begun_goes_a_day_later_and_not_before(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    for name, hours in (("new", 1), ("old", 25)):
        path = tmp_path / "r" / f"{name}.db.part"
        path.touch()
        os.utime(path, (time.time() - 3600 * hours,) * 2)
    trim(tmp_path, 100)
    assert [path.name for path in (tmp_path / "r").iterdir()] == ["new.db.part"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE dir SET parent = 2 WHERE id = 1",
        "UPDATE item SET dir = 1 WHERE dir = 2",
        "UPDATE dir SET name = CAST(x'ff' AS TEXT) WHERE id = 1",
    ],
)
def test_no_damage_keeps_a_reader_for_ever(writer: ListingWriter, damage: str) -> None:
    path = written(writer, [("home/ann/letter", FILE, 1, 0, "")]).path
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(damage)
    listing = Listing.open(path, "repository", "archive")
    assert listing is not None
    with listing, pytest.raises(ListingLost):
        list(listing.below(Entry("", 0, 0, 0, dir=0)))
    assert not path.exists()
