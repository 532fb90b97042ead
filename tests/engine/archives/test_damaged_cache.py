"""Damaged listings and comparisons: each is told as damaged, and is made anew by Borg where that is possible."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from borgdesk.domain.change import ALL_KINDS, ChangeKind
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.run import RunStatus, Trigger
from borgdesk.engine.archives.archive_list import ArchiveList, kept_archives, read_archives
from borgdesk.engine.archives.conflicts import conflicts
from borgdesk.engine.archives.differences import difference_of
from borgdesk.engine.archives.listings import kept_listing, listing_file, listing_of
from borgdesk.engine.archives.restore_preview import preview
from borgdesk.engine.archives.search import find_in, unread, versions
from borgdesk.engine.archives.selection import RestoreRequest, Selection
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.restore import Restore, run
from borgdesk.store.differences import Difference, DifferenceWriter
from borgdesk.store.listings import Entry, Order
from tests.engine.archives.lab import back_up, listed
from tests.engine.desk import Desk
from tests.store.damage import damage

FOLDER, FILE, LINK = 0o040755, 0o100644, 0o120777
ITEMS = [
    ("home", FOLDER, 0, 1, ""),
    ("home/ann", FOLDER, 0, 1_700_000_000_000_000, ""),
    *((f"home/ann/letter {number}", FILE, number, number * 10**12, "") for number in range(300)),
    ("home/ann/second", FILE, 0, 1, "home/ann/letter 7"),
    ("home/ann/link", LINK, 0, 1, "letter 1"),
    *((f"home/ann/{number}/deep/file", FILE, 5, 1, "") for number in range(40)),
    ("home/ann/link/through", FILE, 5, 1, ""),
]
CHANGES = [
    *((f"home/ann/{number}", ChangeKind.ADDED.bit, number, 0, "") for number in range(300)),
    *((f"home/bob/{number}/edited", ChangeKind.MODIFIED.bit, 2, 1, "") for number in range(40)),
    ("home/ann", ChangeKind.MODE.bit, 0, 0, "drwxr-xr-x → drwx------"),
    ("home/gone", ChangeKind.REMOVED.bit, 0, 5, ""),
]
META = {"repository": "r", "first": "a", "second": "b"}


def usable(entry: Entry) -> None:
    """Do with an entry what those do that show it."""
    assert (type(entry.path), type(entry.size), type(entry.target)) == (str, int, str)
    datetime.fromtimestamp(entry.mtime / 1_000_000, UTC)
    assert not (entry.is_link and entry.is_device and entry.is_file)
    os.fsencode(entry.path)


class Readers:
    """All that reads a cached listing, without Borg: what it returns must be usable, what it raises a sentence."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.archive = listed(desk.workspace, *ITEMS)
        self.file = listing_file(desk.workspace, self.archive)
        self.whole = self.file.read_bytes()
        self._found = ArchiveList(self.archive.repository_id, (self.archive,), datetime.now(UTC))

    def read(self) -> int:
        """Read all of it; return how many readers were told of damage."""
        told = 0
        for reader in (self._browse, self._walk, self._find, self._look_up, self._select, self._foresee):
            if not self.file.exists():
                told += 1
                break
            try:
                reader()
            except BorgDeskError as error:
                assert error.sentence  # noqa: PT017 - most raise nothing
                told += 1
        return told

    def _browse(self) -> None:
        listing = kept_listing(self.desk.workspace, self.archive)
        if listing is None:
            return
        with listing:
            waiting = [0]
            while waiting:
                number = waiting.pop()
                listing.totals(number)
                for order in Order:
                    rows = listing.rows_of(number, order, descending=order is Order.SIZE)
                waiting += [row[6] for row in rows if row[6] is not None]
                for entry in listing.children(number):
                    usable(entry)

    def _walk(self) -> None:
        listing = kept_listing(self.desk.workspace, self.archive)
        if listing is None:
            return
        with listing:
            top = listing.get("")
            assert top is not None
            for entry in listing.below(top):
                assert entry.path
                usable(entry)
            found = listing.get("home/ann/0/deep/file")
            if found is not None:
                usable(found)

    def _find(self) -> None:
        for hit in find_in(self.desk.workspace, (self.archive,), "e", 1000).hits:
            usable(hit.entry)

    def _look_up(self) -> None:
        for path in ("home", "home/ann/letter 7", "home/ann/0/deep/file"):
            for version in versions(self.desk.workspace, self._found, path):
                usable(version.entry)
        unread(self.desk.workspace, self._found)

    def _select(self) -> None:
        listing = kept_listing(self.desk.workspace, self.archive)
        if listing is None:
            return
        with listing:
            for paths in ((), ("home/ann",), ("home/ann/link", "home/ann/3")):
                selection = Selection(listing, self.archive, RestoreRequest(paths, self.desk.folder / "out"))
                for entry in selection.items():
                    selection.place_of(entry)
                list(selection.on_the_way())
                selection.amount()

    def _foresee(self) -> None:
        request = RestoreRequest(("home",), self.desk.folder / "out")
        for service in (preview, conflicts):
            service(self.desk.workspace, self.desk.repository, self.archive, request)


@pytest.fixture
def readers(desk: Desk) -> Readers:
    return Readers(desk)


def differences(folder: Path) -> tuple[Path, bytes]:
    path = folder / "r" / "a-b.db"
    writer = DifferenceWriter(path, META)
    writer.add(CHANGES)
    writer.finish().close()
    return path, path.read_bytes()


def read_difference(path: Path) -> bool:
    """Read all of a comparison; return whether it was told that it is damaged."""
    for reader in (_compare_and_walk, _compare_and_browse):
        try:
            difference = Difference.open_if(path, META)
            if difference is None:
                return True
            with difference:
                reader(difference)
        except BorgDeskError as error:
            assert error.sentence  # noqa: PT017 - most raise nothing
            return True
    return False


def _compare_and_walk(difference: Difference) -> None:
    difference.check()
    top = difference.get("")
    assert top is not None
    for entry in difference.below(top):
        assert entry.kinds
        assert (type(entry.added), type(entry.removed), type(entry.note)) == (int, int, str)


def _compare_and_browse(difference: Difference) -> None:
    difference.totals()
    waiting = [0]
    while waiting:
        number = waiting.pop()
        for order in ("name", "added", "removed", "kind"):
            rows = difference.rows_in(number, order=order)
        waiting += [row[6] for row in rows if row[6] is not None]
        difference.children(number)
    difference.find("e")
    difference.find_rows("e", ALL_KINDS, "added", descending=True)
    for path in ("home/ann", "home/bob/7/edited"):
        difference.get(path)


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_listing(readers: Readers, seed: int) -> None:
    for number in range(5):
        damage(readers.file, readers.whole, 5 * seed + number)
        readers.read()


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_comparison(tmp_path: Path, seed: int) -> None:
    path, whole = differences(tmp_path)
    for number in range(5):
        damage(path, whole, 5 * seed + number)
        read_difference(path)


@pytest.mark.parametrize("is_there", [True, False], ids=["reachable", "away"])
def test_what_is_damaged_is_made_anew_where_that_is_possible(real: Desk, tmp_path: Path, is_there: bool) -> None:
    back_up(real)
    work, mine = real.workspace, real.repository
    (archive,) = read_archives(work, mine).archives
    listing_of(work, mine, archive).close()
    file, request = listing_file(work, archive), RestoreRequest((str(real.source),), tmp_path / "out")
    whole = file.read_bytes()
    (tmp_path / "out").mkdir()
    if not is_there:
        Path(mine.location).rename(real.folder / "elsewhere")
    for service in (preview, conflicts):
        for harm in ("UPDATE item SET mode = -1", "UPDATE item SET mtime = 'wild'", "UPDATE item SET dir = 1"):
            file.write_bytes(whole)
            with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
                database.execute(harm)
            if not is_there:
                with pytest.raises(BorgDeskError, match=r"no repository|no longer at"):
                    service(work, mine, archive, request)
                assert not file.exists()
                continue
            assert service(work, mine, archive, request) is not None
            listing = kept_listing(work, archive)
            assert listing is not None
            with listing:
                assert listing.get(f"{real.source}/file.txt") is not None


def test_a_restore_does_not_rely_on_a_damaged_listing(real: Desk, tmp_path: Path) -> None:
    back_up(real)
    (archive,) = read_archives(real.workspace, real.repository).archives
    listing_of(real.workspace, real.repository, archive).close()
    with contextlib.closing(sqlite3.connect(listing_file(real.workspace, archive), isolation_level=None)) as database:
        database.execute("UPDATE item SET mtime = 'yesterday' WHERE dir IS NULL")
    (tmp_path / "out").mkdir()
    task = Restore(archive, RestoreRequest((str(real.source),), tmp_path / "out"))
    done = run(real.workspace, real.repository, task, Trigger.USER, lambda _event: None, Cancel())
    assert (done.status, done.error) == (RunStatus.SUCCESS, None)
    assert (tmp_path / "out" / real.source.name / "file.txt").read_bytes() == (real.source / "file.txt").read_bytes()


def test_a_damaged_comparison_is_made_again(real: Desk) -> None:
    back_up(real)
    (real.source / "file.txt").write_text("another text")
    back_up(real)
    second, first = read_archives(real.workspace, real.repository).archives
    with difference_of(real.workspace, real.repository, first, second) as difference:
        path, rows = difference.path, difference.rows
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE item SET kinds = 64 WHERE dir IS NULL")
    with difference_of(real.workspace, real.repository, first, second) as difference:
        top = difference.get("")
        assert top is not None
        assert len(list(difference.below(top))) == rows


@pytest.mark.parametrize("body", ["-1", "9" * 30, "x"])
def test_a_kept_list_of_archives_that_cannot_be_one(real: Desk, body: str) -> None:
    back_up(real)
    found = read_archives(real.workspace, real.repository)
    (file,) = (real.workspace.paths.cache / "archives").rglob("*.json")
    kept = json.loads(file.read_text())
    kept["archives"][0]["original_size"] = json.loads(body) if body != "x" else body
    file.write_text(json.dumps(kept))
    assert kept_archives(real.workspace, real.repository) is None
    assert read_archives(real.workspace, real.repository).archives == found.archives


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_many_damaged_files(readers: Readers, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    told = {"listings": 0, "comparisons": 0}
    path, whole = differences(tmp_path)
    for seed in range(10_000, 12_000):
        damage(readers.file, readers.whole, seed)
        told["listings"] += bool(readers.read())
        damage(path, whole, seed)
        told["comparisons"] += read_difference(path)
    for name, count in told.items():
        record_property(name, count)


def test_undamaged_files_are_not_told_to_be_damaged(readers: Readers, tmp_path: Path) -> None:
    path, _whole = differences(tmp_path)
    # Without Borg, the services that make a listing anew fail.
    assert readers.read() == 0
    assert readers.file.read_bytes() == readers.whole
    assert not read_difference(path)
