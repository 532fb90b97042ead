"""Archives and their contents, with real Borg."""

from __future__ import annotations

import os
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from borgdesk.domain.errors import BorgDeskError, InUse, InvalidInput, NotFound, Stopped
from borgdesk.engine.archives.archive_list import ArchiveList, kept_archives, read_archives, reading, with_sizes
from borgdesk.engine.archives.listings import kept_listing, listing_file, listing_of
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.repositories.shared_locations import turn_of
from tests.engine.archives.lab import back_up
from tests.engine.desk import Desk


def inside(desk: Desk, path: str) -> str:
    return f"{desk.source}/{path}".lstrip("/")


def test_archives_are_listed_newest_first_and_kept(real: Desk) -> None:
    assert kept_archives(real.workspace, real.repository) is None
    names = [back_up(real) for _ in range(3)]
    found = read_archives(real.workspace, real.repository)
    assert [one.name for one in found.archives] == names[::-1]
    assert kept_archives(real.workspace, real.repository) == found
    (file,) = (real.workspace.paths.cache / "archives").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert found.get("latest").name == names[-1]
    assert found.get(found.archives[1].id[:8]) is found.archives[1]
    for wrong in ("p-", found.archives[1].id[:7]):
        with pytest.raises(NotFound):
            found.get(wrong)


def test_a_damaged_list_counts_as_none(real: Desk) -> None:
    back_up(real)
    read_archives(real.workspace, real.repository)
    (file,) = (real.workspace.paths.cache / "archives").iterdir()
    file.write_bytes(file.read_bytes()[:-10])
    assert kept_archives(real.workspace, real.repository) is None


def test_sizes_are_asked_once_and_kept(real: Desk) -> None:
    back_up(real)
    archive = read_archives(real.workspace, real.repository).archives[0]
    assert archive.original_size is None
    measured = with_sizes(real.workspace, real.repository, archive)
    assert measured.files == sum(path.is_file() for path in real.source.rglob("*"))
    assert read_archives(real.workspace, real.repository).archives == (measured,)


def test_the_contents_are_what_was_backed_up(real: Desk) -> None:
    strange = [os.fsencode(real.source) + b"/" + name for name in (b"new\nline\ttab", b"-dash", b"x" * 255)]
    for place, path in enumerate(strange):
        Path(os.fsdecode(path)).write_bytes(b"x" * (place + 1))
    (real.source / "folder" / "deep").mkdir(parents=True)
    (real.source / "folder" / "deep" / "file").write_bytes(bytes(1000))
    (real.source / "link").symlink_to("folder/deep")
    os.link(real.source / "folder" / "deep" / "file", real.source / "folder" / "other name")
    os.mkfifo(real.source / "pipe")
    back_up(real)
    found = read_archives(real.workspace, real.repository)
    with listing_of(real.workspace, real.repository, found.archives[0]) as listing:
        assert {os.fsencode("/" + one.path) for one in listing.find("") if one.is_file} >= set(strange)
        folder = listing.get(inside(real, "folder"))
        assert folder is not None
        assert folder.size == 1000
        assert [one.name for one in listing.below(folder)] == ["folder", "deep", "file", "other name"]
        for name in ("folder/deep/file", "folder/other name"):
            entry = listing.get("/" + inside(real, name))
            status = (real.source / name).stat()
            assert entry is not None
            assert (entry.size, entry.mode) == (1000, status.st_mode)
            # Borg stores the time as a floating-point number of seconds and rounds it.
            assert abs(entry.mtime * 1000 - status.st_mtime_ns) <= 1000
        link = listing.get(inside(real, "link"))
        assert link is not None
        assert (link.is_link, link.target) == (True, "folder/deep")
        assert listing.get(inside(real, "nothing")) is None
        assert [one.name for one in listing.children(folder.dir or 0)] == ["deep", "other name"]


def test_a_listing_is_read_from_the_cache(real: Desk) -> None:
    back_up(real)
    found = read_archives(real.workspace, real.repository)
    listing_of(real.workspace, real.repository, found.archives[0]).close()
    Path(real.repository.location).rename(real.file("away"))
    with listing_of(real.workspace, real.repository, found.archives[0]) as listing:
        assert listing.rows > 0


@pytest.mark.parametrize("harm", ["truncated", "emptied", "foreign"])
def test_a_damaged_listing_is_made_again(real: Desk, harm: str) -> None:
    back_up(real)
    found = read_archives(real.workspace, real.repository)
    listing_of(real.workspace, real.repository, found.archives[0]).close()
    path = listing_file(real.workspace, found.archives[0])
    if harm == "truncated":
        path.write_bytes(path.read_bytes()[:100])
    elif harm == "emptied":
        path.write_bytes(b"")
    else:
        with sqlite3.connect(path) as database:
            database.execute("UPDATE meta SET value = 'another' WHERE name = 'archive'")
    assert kept_listing(real.workspace, found.archives[0]) is None
    assert not path.exists()
    listing_of(real.workspace, real.repository, found.archives[0]).close()


def test_a_listing_that_fails_leaves_nothing(real: Desk) -> None:
    back_up(real)
    found = read_archives(real.workspace, real.repository)
    Path(real.repository.location).rename(real.file("away"))
    with pytest.raises(BorgDeskError):
        listing_of(real.workspace, real.repository, found.archives[0])
    stopped = Cancel()
    stopped.ask()
    real.file("away").rename(real.repository.location)
    with pytest.raises(Stopped):
        listing_of(real.workspace, real.repository, found.archives[0], stopped)
    assert not list(real.workspace.paths.cache.rglob("*.part"))
    assert kept_listing(real.workspace, found.archives[0]) is None


def test_a_run_is_not_disturbed(real: Desk) -> None:
    with Turn.try_take(real.workspace, turn_of(real.repository)) or pytest.fail("taken"), pytest.raises(InUse):
        read_archives(real.workspace, real.repository)


def test_readers_wait_for_each_other(real: Desk) -> None:
    """A Borg that was asked to stop holds the turn until it has ended; whoever came meanwhile was refused."""
    began, may_end = Event(), Event()

    def read() -> None:
        with reading(real.workspace, real.repository, Cancel()):
            began.set()
            may_end.wait()

    with ThreadPoolExecutor() as pool:
        first = pool.submit(read)
        began.wait()
        stopped = Cancel()
        stopped.ask()
        with pytest.raises(Stopped):
            read_archives(real.workspace, real.repository, stopped)
        second = pool.submit(read_archives, real.workspace, real.repository)
        with pytest.raises(TimeoutError):
            second.result(timeout=0.3)
        may_end.set()
        first.result()
        assert second.result().archives == ()


def test_ids_that_begin_alike_are_refused(real: Desk) -> None:
    back_up(real)
    found = read_archives(real.workspace, real.repository)
    twice = type(found)(found.repository_id, found.archives * 2, found.asked_at)
    with pytest.raises(InvalidInput):
        twice.get(found.archives[0].id[:8])


def test_an_empty_repository_has_no_latest_archive() -> None:
    with pytest.raises(NotFound, match="no archives yet"):
        ArchiveList("0" * 64, (), datetime.now(UTC)).get("latest")
