"""The rows of a listing, which comes while Borg prints it, and is sorted and opened before answers have come."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from pytestqt.qtbot import QtBot

from borgdesk.gui.contents.contents_model import NAME, SIZE, ContentsModel
from borgdesk.gui.contents.listing_reader import ListingReader
from borgdesk.gui.workers.background import Background
from borgdesk.store.listing_writer import ListingWriter
from tests.gui.stage import Overtaken

FOLDER, FILE = stat.S_IFDIR | 0o755, stat.S_IFREG | 0o644
FIRST = [("home", FOLDER, 0, 1, ""), ("home/ann", FOLDER, 0, 1, ""), ("home/ann/b", FILE, 5, 1, "")]
REST = [
    ("home/ann/a", FILE, 9, 1, ""),
    ("home/bob", FOLDER, 0, 1, ""),
    ("home/bob/x", FILE, 1, 1, ""),
    ("home/bob/y", FILE, 2, 1, ""),
]


class Bench:
    """A reader, and the model that it fills."""

    def __init__(self, background: Background, qtbot: QtBot, folder: Path) -> None:
        self._qtbot, self._owner = qtbot, QObject()
        self.path = folder / "listing.db"
        self.model = ContentsModel(self._owner)
        self.reader = ListingReader(self.model, background, self._owner)
        self.lost: list[str] = []
        self.reader.lost.connect(self.lost.append)

    def names(self) -> list[str]:
        """Return the names that are shown."""
        return [self.model.entry(place).name for place in range(self.model.rowCount())]

    def await_names(self, *names: str) -> None:
        self._qtbot.waitUntil(lambda: self.names() == list(names), timeout=30_000)

    def toggle(self, name: str, change: Callable[[int], None]) -> None:
        """Open or close a folder."""
        change(self.names().index(name))

    def show_whole(self) -> None:
        """Show the complete listing, and wait for it."""
        writer = ListingWriter(self.path, "r", "a")
        writer.add([*FIRST, *REST])
        writer.finish().close()
        self.reader.show(self.path)
        self.await_names("home", "ann", "bob")


@pytest.fixture
def bench(overtaken: Overtaken, qtbot: QtBot, tmp_path: Path) -> Bench:
    return Bench(overtaken, qtbot, tmp_path)


def test_what_was_opened_while_borg_was_listing_stays_open(bench: Bench) -> None:
    live = bench.reader.follow()
    writer = ListingWriter(bench.path, "r", "a")
    writer.add(FIRST)
    live.look(writer)
    bench.await_names("ann", "b")
    assert bench.reader.path is None
    writer.add(REST)
    live.look(writer)
    # Still open, now that it is not alone.
    bench.await_names("home", "ann", "a", "b", "bob")
    bench.model.sort(NAME, Qt.SortOrder.DescendingOrder)
    live.look(writer)
    bench.await_names("home", "bob", "ann", "b", "a")
    bench.toggle("bob", bench.model.open)
    live.look(writer)
    bench.await_names("home", "bob", "y", "x", "ann", "b", "a")
    bench.toggle("ann", bench.model.close)
    writer.add([("home/bob/z", FILE, 1, 1, "")])
    writer.finish().close()
    bench.reader.show(bench.path)
    bench.await_names("home", "bob", "z", "y", "x", "ann")


def test_what_is_opened_while_rows_are_sorted_keeps_its_rows(bench: Bench, overtaken: Overtaken) -> None:
    bench.show_whole()
    overtaken.keep_next()
    bench.model.sort(NAME, Qt.SortOrder.DescendingOrder)
    bench.toggle("bob", bench.model.open)
    bench.await_names("home", "ann", "bob", "y", "x")
    overtaken.deliver()
    bench.await_names("home", "bob", "y", "x", "ann")


def test_rows_in_an_order_that_was_left_are_asked_for_again(bench: Bench, overtaken: Overtaken) -> None:
    bench.show_whole()
    overtaken.keep_next()
    bench.toggle("bob", bench.model.open)
    bench.model.sort(NAME, Qt.SortOrder.DescendingOrder)
    bench.await_names("home", "bob", "ann")
    overtaken.deliver()
    bench.await_names("home", "bob", "y", "x", "ann")


def test_rows_are_not_sorted_in_an_order_that_was_left(bench: Bench, overtaken: Overtaken) -> None:
    bench.show_whole()
    overtaken.keep_next()
    bench.model.sort(SIZE, Qt.SortOrder.DescendingOrder)
    bench.model.sort(NAME, Qt.SortOrder.DescendingOrder)
    bench.await_names("home", "bob", "ann")
    overtaken.deliver()
    assert bench.names() == ["home", "bob", "ann"]


def test_answers_that_were_asked_for_before_are_not_taken(bench: Bench, overtaken: Overtaken) -> None:
    bench.show_whole()
    heard: list[str] = []
    bench.reader.ask(lambda: "late", heard.append)
    bench.toggle("ann", bench.model.open)
    bench.reader.clear()
    assert bench.names() == []
    bench.reader.show(bench.path)
    overtaken._pool.waitForDone()
    bench.reader.ask(lambda: "in time", heard.append)
    bench._qtbot.waitUntil(lambda: bool(heard), timeout=30_000)
    assert heard == ["in time"]
    bench.await_names("home", "ann", "bob")


def test_a_listing_is_lost_once_however_many_questions_fail(bench: Bench, overtaken: Overtaken) -> None:
    bench.show_whole()
    with contextlib.closing(sqlite3.connect(bench.path, isolation_level=None)) as database:
        database.execute("UPDATE item SET size = 'wild'")
    for name in ("bob", "ann"):
        bench.toggle(name, bench.model.open)
    overtaken._pool.waitForDone()
    bench._qtbot.waitUntil(lambda: bool(bench.lost), timeout=30_000)
    done: list[int] = []
    overtaken.ask(lambda: 1, done.append)
    bench._qtbot.waitUntil(lambda: bool(done), timeout=30_000)
    assert len(bench.lost) == 1


def test_what_is_not_the_listings_fault_is_told_as_such(bench: Bench, qtbot: QtBot) -> None:
    bench.show_whole()
    with qtbot.captureExceptions() as raised:
        bench.reader.ask(lambda: 1 // 0, lambda _: None)
        qtbot.waitUntil(lambda: bool(raised), timeout=30_000)
    assert [kind for kind, _error, _trace in raised] == [ZeroDivisionError]
    assert not bench.lost
