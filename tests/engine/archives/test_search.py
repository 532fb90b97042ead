"""Search in cached listings, and preview of files, with real Borg."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from borgdesk.domain.errors import InvalidInput, Stopped
from borgdesk.engine.archives.archive_list import ArchiveList, read_archives
from borgdesk.engine.archives.file_preview import LARGEST, read_file
from borgdesk.engine.archives.listings import listing_of
from borgdesk.engine.archives.search import find_in, versions
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.store.listings import Entry
from tests.engine.archives.lab import back_up
from tests.engine.archives.lab import listed as listed_archive
from tests.engine.desk import Desk


def listed(desk: Desk) -> ArchiveList:
    found = read_archives(desk.workspace, desk.repository)
    for archive in found.archives:
        listing_of(desk.workspace, desk.repository, archive).close()
    return found


def test_versions_of_a_file(real: Desk) -> None:
    path = real.source / "report"
    for text in ("one", "one", "three"):
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        back_up(real)
    found = read_archives(real.workspace, real.repository)
    assert versions(real.workspace, found, str(path)) == []
    listed(real)
    different = versions(real.workspace, found, str(path))
    assert [(one.entry.size, len(one.archives)) for one in different] == [(5, 1), (3, 2)]


@pytest.mark.parametrize("depth", [1, 8, 9, 10, 11, 20, 60])
def test_versions_of_a_file_in_many_folders(desk: Desk, depth: int) -> None:
    """However deep it is; a file is no folder, and neither is a name that is not there."""
    folders = ["/".join(["f"] * level) for level in range(1, depth)]
    path = "/".join(["f"] * (depth - 1) + ["report"])
    items = [(folder, stat.S_IFDIR | 0o755, 0, 0, "") for folder in folders]
    archive = listed_archive(desk.workspace, *items, (path, stat.S_IFREG | 0o644, 7, 1, ""))
    found = ArchiveList(archive.repository_id, (archive,), archive.start)
    (version,) = versions(desk.workspace, found, path)
    assert (version.entry.path, version.entry.size) == (path, 7)
    for wrong in (f"{path}/more", f"{path}/" + "x/" * 25 + "more", path.replace("report", "letter")):
        assert versions(desk.workspace, found, wrong) == []


def test_a_path_is_found_once_with_the_newest_archive_that_has_it(real: Desk) -> None:
    (real.source / "old report").write_text("old")
    back_up(real)
    (real.source / "old report").unlink()
    (real.source / "Report").write_text("new")
    names = [back_up(real), back_up(real)]
    found = listed(real)
    back_up(real)
    found = read_archives(real.workspace, real.repository)
    answer = find_in(real.workspace, found.archives, "report", 10)
    told = [(hit.entry.name, hit.archive.name, hit.archives) for hit in answer.hits]
    assert told == [("Report", names[-1], 2), ("old report", found.archives[-1].name, 1)]
    assert (answer.searched, answer.left_out, answer.is_cut) == (3, 1, False)
    assert find_in(real.workspace, found.archives, "report", 1).is_cut
    cancel = Cancel()
    cancel.ask()
    with pytest.raises(Stopped):
        find_in(real.workspace, found.archives, "report", 10, cancel)


NAMES = [b"plain.txt", b"new\nline", b"a$b^(c).*", b"\xff\xfe", "é".encode(), b"-n", b"x" * 255]


def test_the_content_of_one_file_whatever_its_name(real: Desk) -> None:
    for number, name in enumerate(NAMES):
        Path(os.fsdecode(os.path.join(os.fsencode(real.source), name))).write_text(f"content {number}")  # noqa: PTH118
    # A prefix or a pattern would match this one, too.
    (real.source / "plain.txt.old").write_text("other")
    (real.source / "plain.txt").with_name("second name").hardlink_to(real.source / "plain.txt")
    back_up(real)
    found = listed(real)
    wanted = {f"content {number}".encode() for number, _ in enumerate(NAMES)} | {b"other"}
    wanted.add((real.source / "file.txt").read_bytes())
    with listing_of(real.workspace, real.repository, found.archives[0]) as listing:
        folder = listing.get(str(real.source))
        assert folder is not None
        entries = [one for one in listing.children(folder.dir or 0) if one.is_file]
    read = [read_file(real.workspace, real.repository, found.archives[0], one) for one in entries]
    assert set(read) == wanted
    assert len(read) == len(NAMES) + 3


@pytest.mark.parametrize("entry", [Entry("a", 0o100644, LARGEST + 1, 0), Entry("a", 0o40755, 0, 0, dir=1)])
def test_what_is_not_shown(real: Desk, entry: Entry) -> None:
    back_up(real)
    (archive,) = read_archives(real.workspace, real.repository).archives
    with pytest.raises(InvalidInput):
        read_file(real.workspace, real.repository, archive, entry)
