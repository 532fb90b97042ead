"""Archives with odd contents, some of which nobody's backup has: nothing outside the stage is ever written."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.run import RunStatus
from borgdesk.engine.archives.archive_list import read_archives
from borgdesk.engine.archives.selection import RestoreRequest, Selection
from borgdesk.store.listing_writer import Item, ListingWriter
from tests.engine.archives.lab import borg
from tests.engine.desk import Desk
from tests.engine.restores.lab import in_place, report_of, restore, restored

FILE, LINK = stat.S_IFREG | 0o644, stat.S_IFLNK | 0o777


def archive(desk: Desk, *sources: str | Path) -> None:
    borg(desk.folder, "create", f"{desk.repository.location}::odd", "--", *map(str, sources))


@pytest.mark.parametrize("in_what_order", [1, -1])
def test_files_below_a_link_are_not_written_through_it(real: Desk, tmp_path: Path, in_what_order: int) -> None:
    """As when a source is below a link that is in another source: Borg 1.2 writes to where the link leads."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("as archived")
    (real.source / "link").symlink_to(elsewhere)
    archive(real, *(real.source, real.source / "link" / "file")[::in_what_order])
    (elsewhere / "file").write_text("precious")
    done = restore(real, RestoreRequest((str(real.source),), tmp_path / "out"))
    assert (elsewhere / "file").read_text() == "precious"
    assert (tmp_path / "out" / "source" / "link" / "file").read_text() == "as archived"
    assert done.status is RunStatus.WARNING
    link = f"{real.source}/link"[1:]
    assert done.error == f"“{link}” is a link in the archive, with files below it; it was restored as a folder."


def test_names_that_look_like_patterns_or_options(real: Desk, tmp_path: Path) -> None:
    """Of an archive with relative paths, these are arguments for Borg as they are."""
    names = ("re:.*", "sh:**", "pp:other", "-x", "--list", "other")
    for name in names:
        (real.source / name).write_text(name)
    with contextlib.chdir(real.source):
        archive(real, *names)
    for name in names:
        _, report = restored(real, RestoreRequest((name,), tmp_path / f"out {name}", verify=True))
        assert report.restored == 1
        assert [path.name for path in (tmp_path / f"out {name}").iterdir()] == [name]


def test_names_that_borg_lists_alike(real: Desk) -> None:
    folder = os.fsencode(real.source)
    for name in (b"q?", b"q\xe9", b"q\xff"):
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(name * len(name))
    archive(real, real.source)
    for path in real.source.iterdir():
        path.unlink()
    restored(real, in_place(real, verify=True))
    assert {os.fsencode(path.name) for path in real.source.iterdir()} == {b"q?", b"q\xe9", b"q\xff", b"file.txt"}


def test_a_time_that_is_far_away(real: Desk) -> None:
    file = real.source / "file.txt"
    os.utime(file, ns=(0, 14_000_000_000_123_456_789))
    archive(real, real.source)
    file.unlink()
    restored(real, in_place(real))
    assert report_of(restore(real, in_place(real))).restored == 0


@pytest.mark.parametrize("path", ["a/../../escaped", "../escaped", "a/./b", "a//b"])
def test_a_path_that_leads_out_of_the_folder_is_refused(real: Desk, tmp_path: Path, path: str) -> None:
    archive(real, real.source)
    (found,) = read_archives(real.workspace, real.repository).archives
    items: list[Item] = [("good/file", FILE, 1, 0, ""), (path, FILE, 1, 0, "")]
    writer = ListingWriter(tmp_path / "listing.db", found.repository_id, found.id)
    writer.add(items)
    with writer.finish() as listing:
        with pytest.raises(InvalidInput, match="leads out of the folder"):
            Selection(listing, found, RestoreRequest())
        assert Selection(listing, found, RestoreRequest(("good",))).amount() == (1, 1)


def test_as_many_links_with_files_below_as_no_backup_has(real: Desk, tmp_path: Path) -> None:
    archive(real, real.source)
    (found,) = read_archives(real.workspace, real.repository).archives
    writer = ListingWriter(tmp_path / "listing.db", found.repository_id, found.id)
    for number in range(1000):
        links: list[Item] = [(f"{number}", LINK, 0, 0, "/"), (f"{number}/etc", FILE, 1, 0, "")]
        writer.add(links)
    with writer.finish() as listing, pytest.raises(InvalidInput, match="leads out of the folder"):
        Selection(listing, found, RestoreRequest())


def test_more_paths_than_there_can_be_arguments(real: Desk, tmp_path: Path) -> None:
    """Their names and folders may be any, and nothing else is restored."""
    odd = [
        "a\nb",
        " lead",
        "trail ",
        "tab\t",
        "#",
        "re:.*",
        "-x",
        "*",
        "é",
        "q?",
        "in.a",
        "back\\slash",
        "[x]",
        "$",
        "n",
    ]
    for name in odd:
        (real.source / name).write_text(name)
        (real.source / f"{name} d").mkdir()
        (real.source / f"{name} d" / name).write_text(name)
        (real.source / f"{name} dd").write_text("not selected")
    (real.source / "in_a").write_text("not selected")
    files = [f"{number:04}{'x' * 200}" for number in range(9_900)]
    for name in files:
        (real.source / name).write_text("")
    archive(real, real.source)
    wanted = {*odd, *(f"{name} d" for name in odd), *files}
    request = RestoreRequest(tuple(f"{real.source}/{name}" for name in wanted), tmp_path / "out", verify=True)
    restored(real, request)
    assert {path.name for path in (tmp_path / "out").iterdir()} == wanted
    for name in odd:
        assert (tmp_path / "out" / f"{name} d" / name).read_text() == name
