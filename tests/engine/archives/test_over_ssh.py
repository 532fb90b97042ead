"""Archives behind a real SSH server: the same answers as locally, and no partial results if the connection is cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.events import Event, OutputPrinted
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import RunStatus
from borgdesk.engine.archives.archive_changes import rename_archive
from borgdesk.engine.archives.archive_list import read_archives, with_sizes
from borgdesk.engine.archives.differences import difference_of
from borgdesk.engine.archives.file_preview import read_file
from borgdesk.engine.archives.listings import listing_of
from borgdesk.engine.archives.placement import OnConflict
from borgdesk.engine.archives.search import find_in, versions
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.repositories.registration import add_repository
from borgdesk.engine.runs.restore_undo import undo_restore
from tests.engine.desk import Desk
from tests.engine.restores.lab import report_of, restore_from
from tests.engine.ssh_server import Server, ssh_server, through
from tests.real_borg import PROGRAM

MANY = 900
"""Files of 16 KiB: more than Borg can have requested, and connection and buffers can hold, by the first of them, and
few enough for Borg to name each when it is extracted."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with ssh_server(tmp_path_factory.mktemp("sshd")) as made:
        yield made


@pytest.fixture
def far(tmp_path: Path, server: Server) -> Iterator[Desk]:
    """Provide a repository on another host."""
    desk = Desk(tmp_path / "work", str(PROGRAM))
    through(desk, server.options())
    wanted = Repository(RepositoryId(0), "Far", f"{server.location()}-{tmp_path.name}", (str(desk.source),))
    desk.repository = add_repository(desk.workspace, wanted, None, Encryption.NONE)
    yield desk
    desk.close()


def test_from_the_list_to_the_file_and_back(far: Desk) -> None:
    work, repository, report = far.workspace, far.repository, far.source / "report"
    for text in ("one", "three"):
        report.write_text(text)
        assert far.run().archive
    found = read_archives(work, repository)
    new, old = found.archives
    for archive in (new, old):
        with listing_of(work, repository, archive) as listing:
            entry = listing.get(str(report))
    assert [one.entry.size for one in versions(work, found, str(report))] == [5, 3]
    assert [hit.archives for hit in find_in(work, found.archives, "REPORT", 5).hits] == [2]
    assert entry is not None
    assert read_file(work, repository, old, entry) == b"one"
    assert with_sizes(work, repository, new).files == 2
    with difference_of(work, repository, old, new) as difference:
        change = difference.get(str(report))
        assert change is not None
        assert (change.added, change.removed) == (5, 3)
    request = RestoreRequest((str(report),), on_conflict=OnConflict.REPLACE)
    done = restore_from(far, found, old, request, repository=repository)
    assert (done.status, report_of(done).replaced, report.read_text()) == (RunStatus.SUCCESS, 1, "one")
    undo_restore(work, done.id)
    assert report.read_text() == "three"
    assert [one.name for one in rename_archive(work, repository, old, "older").archives] == [new.name, "older"]


def test_a_line_that_is_cut_during_a_restore(far: Desk, server: Server, tmp_path: Path) -> None:
    for number in range(MANY):
        (far.source / f"{number:0200}").write_bytes(os.urandom(16_384))
    far.run()
    found = read_archives(far.workspace, far.repository)
    listing_of(far.workspace, far.repository, found.archives[0]).close()
    extracted = 0

    def cut(event: Event) -> None:
        nonlocal extracted
        if isinstance(event, OutputPrinted):
            if not extracted:
                server.end_sessions()
            extracted += len(event.lines)

    request = RestoreRequest((), tmp_path / "out" / "deeper")
    failed = restore_from(far, found, found.archives[0], request, listen=cut)
    assert "connection" in (failed.error or "")
    assert 0 < extracted < MANY
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.rglob(".borgdesk-restore-*"))
    assert report_of(failed).undo_until is None
    # Once the host is available again, the same restore succeeds.
    done = restore_from(far, found, found.archives[0], request)
    assert (done.status, report_of(done).problems) == (RunStatus.SUCCESS, ())
    assert len(list((tmp_path / "out" / "deeper").rglob("0*"))) == MANY
