"""Borg 2, if BORGDESK_BORG names one: archives are listed and restored, and everything else is refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import BorgDeskError, BorgUnusable, CannotOpen, Remedy
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome, RunStatus
from borgdesk.engine.archives.archive_changes import delete_archives, rename_archive
from borgdesk.engine.archives.archive_list import kept_archives, read_archives, with_sizes
from borgdesk.engine.archives.differences import difference_of
from borgdesk.engine.archives.file_preview import read_file
from borgdesk.engine.archives.listings import listing_of
from borgdesk.engine.archives.placement import OnConflict
from borgdesk.engine.archives.search import find_in, versions
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.runs.restore_undo import undo_restore
from tests.engine.archives.lab import borg, is_borg2
from tests.engine.desk import Desk, sentence
from tests.engine.restores.lab import report_of, restore_from
from tests.engine.ssh_server import ssh_server, through
from tests.real_borg import PROGRAM

pytestmark = pytest.mark.skipif(not is_borg2(), reason="BORGDESK_BORG does not name a Borg 2")

REFUSED = "Borg 2 is experimental: archives can be listed and restored only."


def add(desk: Desk, name: str, location: str, passphrase: str | None = None, *, moved: bool = False) -> Repository:
    wanted = Repository(RepositoryId(0), name, location, (str(desk.source),))
    return add_repository(desk.workspace, wanted, passphrase, moved=moved)


def back_up(desk: Desk, name: str = "docs") -> None:
    borg(desk.folder, "create", f"--repo={desk.folder}/two", name, str(desk.source))


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Desk]:
    """Provide a Borg 2 repository that has two archives of the same name."""
    desk = Desk(tmp_path / "work", str(PROGRAM))
    borg(desk.folder, "repo-create", "--encryption=none-sha256", f"--repo={desk.folder}/two")
    for text in ("one", "three"):
        (desk.source / "report").write_text(text)
        back_up(desk)
    desk.repository = add(desk, "Two", f"{desk.folder}/two")
    yield desk
    desk.close()


def test_from_the_list_to_the_file_and_back(two: Desk) -> None:
    work, repository, report = two.workspace, two.repository, two.source / "report"
    assert repository.encryption == Encryption.NONE
    found = read_archives(work, repository)
    assert found.by_experimental
    assert kept_archives(work, repository) == found
    new, old = found.archives
    assert (new.name, old.name) == ("docs", "docs")
    assert new.start > old.start
    for archive in (new, old):
        with listing_of(work, repository, archive) as listing:
            entry = listing.get(str(report))
    assert [one.entry.size for one in versions(work, found, str(report))] == [5, 3]
    assert [hit.archives for hit in find_in(work, found.archives, "REPORT", 5).hits] == [2]
    assert entry is not None
    assert read_file(work, repository, old, entry) == b"one"
    sizes = with_sizes(work, repository, old)
    assert (sizes.files, sizes.deduplicated_size) == (2, None)
    request = RestoreRequest((str(report),), on_conflict=OnConflict.REPLACE)
    done = restore_from(two, found, old, request, repository=repository)
    assert (done.status, report_of(done).replaced, report.read_text()) == (RunStatus.SUCCESS, 1, "one")
    undo_restore(work, done.id)
    assert report.read_text() == "three"


def test_what_a_folder_may_have(two: Desk, tmp_path: Path) -> None:
    folder = two.source / "new\nline"
    folder.mkdir()
    (folder / "file").write_bytes(bytes(1000))
    os.link(folder / "file", folder / "other name")
    (folder / "link").symlink_to("file")
    os.mkfifo(folder / "pipe")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_text("not UTF-8")
    os.utime(folder, ns=(0, 1_234_567_890_123_456_000))
    back_up(two)
    found = read_archives(two.workspace, two.repository)
    with listing_of(two.workspace, two.repository, found.archives[0]) as listing:
        entry = listing.get(str(folder))
        assert entry is not None
        assert entry.mtime == 1_234_567_890_123_456
        link = listing.get(f"{folder}/link")
        assert link is not None
        assert (link.is_link, link.target) == (True, "file")
    done = restore_from(two, found, found.archives[0], RestoreRequest((str(folder),), tmp_path / "out"))
    assert (done.status, report_of(done).problems) == (RunStatus.SUCCESS, ())
    there = tmp_path / "out" / folder.name
    assert sorted(one.name for one in there.iterdir()) == sorted(one.name for one in folder.iterdir())
    assert (there / "file").stat().st_ino == (there / "other name").stat().st_ino
    assert there.stat().st_mtime_ns == folder.stat().st_mtime_ns


def test_an_archive_that_is_gone(two: Desk, tmp_path: Path) -> None:
    found = read_archives(two.workspace, two.repository)
    old = found.archives[1]
    borg(two.folder, "delete", f"--repo={two.folder}/two", f"aid:{old.id}")
    refused = restore_from(two, found, old, RestoreRequest((), tmp_path / "out"))
    assert "“docs” was renamed, replaced or deleted since the archives were listed" in (refused.error or "")
    assert not (tmp_path / "out").exists()


def test_all_else_is_refused(two: Desk) -> None:
    work, repository = two.workspace, two.repository
    found = read_archives(work, repository)
    new, old = found.archives
    refused: tuple[Callable[[], object], ...] = (
        lambda: difference_of(work, repository, old, new),
        lambda: rename_archive(work, repository, new, "another"),
        lambda: delete_archives(work, repository, [new]),
        lambda: add_repository(
            work, Repository(RepositoryId(0), "New", f"{two.folder}/new", (str(two.source),)), None, Encryption.NONE
        ),
    )
    for ask in refused:
        with pytest.raises(BorgUnusable, match=REFUSED):
            ask()
    assert two.run().outcome is Outcome.FAILURE
    assert REFUSED in sentence(two)
    assert read_archives(work, repository).archives == found.archives
    assert not (two.folder / "new").exists()


def test_a_passphrase(two: Desk) -> None:
    location = f"{two.folder}/locked"
    borg(two.folder, "repo-create", "--encryption=aes256-ocb", f"--repo={location}", BORG_PASSPHRASE="right")
    borg(two.folder, "create", f"--repo={location}", "docs", str(two.source), BORG_PASSPHRASE="right")
    with pytest.raises(BorgDeskError, match="The passphrase is wrong"):
        add(two, "Locked", location, "wrong")
    locked = add(two, "Locked", location, "right")
    assert locked.encryption == "aes256-ocb"
    assert len(read_archives(two.workspace, locked).archives) == 1


def test_a_host_that_refuses(two: Desk, tmp_path: Path) -> None:
    with ssh_server(tmp_path) as server:
        through(two, server.options(key="other"))
        with pytest.raises(BorgDeskError, match="The host refused the login"):
            add(two, "Far", server.location())


def test_over_ssh(two: Desk, tmp_path: Path) -> None:
    (two.folder / "two").rename(tmp_path / "repository")
    with ssh_server(tmp_path) as server:
        through(two, server.options())
        with pytest.raises(CannotOpen, match="confirm that it was moved") as raised:
            add(two, "Far", server.location())
        assert raised.value.remedy is Remedy.MOVED
        far = add(two, "Far", server.location(), moved=True)
        found = read_archives(two.workspace, far)
        report = two.source / "report"
        request = RestoreRequest((str(report),), tmp_path / "out")
        done = restore_from(two, found, found.archives[1], request, repository=far)
        assert done.status is RunStatus.SUCCESS
        assert (tmp_path / "out" / "report").read_text() == "one"
