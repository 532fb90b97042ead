"""Unexpected answers of Borg: each gives a clear sentence, and nothing of it is stored."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from borgdesk.borg.options import Encryption
from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import BorgDeskError, NotFound
from borgdesk.domain.run import RunStatus, Trigger
from borgdesk.engine.archives.archive_changes import delete_archives, rename_archive
from borgdesk.engine.archives.archive_list import ArchiveList, kept_archives, read_archives, with_sizes
from borgdesk.engine.archives.differences import difference_of
from borgdesk.engine.archives.file_preview import read_file
from borgdesk.engine.archives.listings import kept_listing, listing_of
from borgdesk.engine.archives.selection import RestoreRequest
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.restore import Restore, run
from tests.engine.archives.lab import back_up, borg
from tests.engine.desk import Desk

_ITEM = "-rw-r--r--\\0005\\0002026-11-26T17:00:00.000000\\000a/file\\000\\000"
LISTING = "*{mode}*"


def instead(desk: Desk, calls: str, body: str) -> Desk:
    """Replace Borg for the calls whose arguments match a shell pattern."""
    program = desk.folder / "stub"
    program.write_text(f'#!/bin/sh\ncase "$*" in {calls}) {body};; *) exec {shlex.quote(desk.program)} "$@";; esac\n')
    program.chmod(0o700)
    object.__setattr__(desk.workspace, "fixed_borg", str(program))
    return desk


def listed(desk: Desk) -> ArchiveList:
    back_up(desk)
    return read_archives(desk.workspace, desk.repository)


def nothing_is_kept(desk: Desk, found: ArchiveList) -> bool:
    rests = list(desk.workspace.paths.cache.rglob("*.part"))
    return not rests and kept_listing(desk.workspace, found.archives[0]) is None


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("echo nonsense", "Borg's listing of the archive is not complete"),
        (f"printf -- '{_ITEM}-rw-r'", "Borg's listing of the archive is not complete"),
        (f"printf -- '{_ITEM}-rw-r--r--\\0005\\000'", "Borg's listing of the archive is not complete"),
        (f"printf 'nonsense\\000{_ITEM}'", "Borg's listing of the archive cannot be understood"),
        (f"printf -- '{_ITEM.replace('5', 'many')}'", "Borg's listing of the archive cannot be understood"),
        ("printf '\\377\\376\\000\\000\\000\\000\\000'", "Borg's listing of the archive cannot be understood"),
        (f"printf -- '{_ITEM}'; kill -9 $$", "Borg was killed"),
        (f"printf -- '{_ITEM}'; kill -15 $$", "Borg was terminated by SIGTERM"),
    ],
)
def test_a_listing_that_is_none(real: Desk, body: str, sentence: str) -> None:
    found = listed(real)
    instead(real, LISTING, body)
    with pytest.raises(BorgDeskError, match=sentence):
        listing_of(real.workspace, real.repository, found.archives[0])
    assert nothing_is_kept(real, found)


@pytest.mark.parametrize("answer", ["nonsense", "{}", '{"archives": []}', "[]"])
def test_a_list_of_archives_that_is_none(real: Desk, answer: str) -> None:
    before = listed(real)
    instead(real, "*", f"echo {shlex.quote(answer)}")
    with pytest.raises(BorgDeskError, match=r"Borg's reply could not be understood|does not identify itself as Borg"):
        read_archives(real.workspace, real.repository)
    assert kept_archives(real.workspace, real.repository) == before


def swap_the_repository(desk: Desk) -> str:
    location = Path(desk.repository.location)
    shutil.rmtree(location)
    borg(desk.folder, "init", "--encryption=none", str(location))
    borg(desk.folder, "create", f"{location}::p", str(desk.source))
    return "there is another repository than the one whose archives were listed. Refresh the list of archives."


def replace_the_archive(desk: Desk) -> str:
    borg(desk.folder, "rename", f"{desk.repository.location}::p", "older")
    (desk.source / "file.txt").write_text("another text\n")
    borg(desk.folder, "create", f"{desk.repository.location}::p", str(desk.source))
    return "The archive “p” was renamed, replaced or deleted since the archives were listed."


def delete_the_archive(desk: Desk) -> str:
    borg(desk.folder, "delete", f"{desk.repository.location}::p")
    return "The archive “p” was renamed, replaced or deleted since the archives were listed."


@pytest.mark.parametrize("happens", [swap_the_repository, replace_the_archive, delete_the_archive])
def test_an_archive_is_not_taken_for_another(real: Desk, tmp_path: Path, happens: Callable[[Desk], str]) -> None:
    """Borg uses the name, which belongs to another archive by now."""
    borg(real.folder, "create", f"{real.repository.location}::p", str(real.source))
    found = listed(real)
    archive, target = found.get("p"), tmp_path / "out"
    work, mine = real.workspace, real.repository
    with listing_of(work, mine, archive) as listing:
        entry = listing.get(f"{real.source}/file.txt")
        path = listing.path
    assert entry is not None
    sentence = happens(real)

    def refused(what: Callable[[Archive], object]) -> None:
        with pytest.raises(NotFound, match=sentence):
            what(archive)

    request = RestoreRequest((entry.path,), target)
    restored = run(work, mine, Restore(archive, request), Trigger.USER, lambda _: None, Cancel())
    assert restored.status is RunStatus.FAILURE
    assert re.search(sentence, restored.error or "")
    assert not target.exists()
    path.unlink()
    refused(lambda one: listing_of(work, mine, one))
    assert not path.exists()
    refused(lambda one: read_file(work, mine, one, entry))
    refused(lambda one: with_sizes(work, mine, one))
    refused(lambda one: rename_archive(work, mine, one, "new name"))
    refused(lambda one: delete_archives(work, mine, [one]))
    refused(lambda one: difference_of(work, mine, one, found.archives[0]))
    again = read_archives(work, mine)
    listing_of(work, mine, again.archives[0]).close()


def test_a_wrong_passphrase(real: Desk) -> None:
    location = f"{real.folder}/locked"
    borg(real.folder, "init", "--encryption=repokey-blake2", location, BORG_PASSPHRASE="right")
    borg(real.folder, "create", f"{location}::p", str(real.source), BORG_PASSPHRASE="right")
    locked = real.add_repository("Locked", encryption=Encryption.REPOKEY_BLAKE2, passcommand="printf right")
    found = read_archives(real.workspace, locked)
    wrong = replace(locked, passcommand="printf wrong")
    for ask in (
        lambda: read_archives(real.workspace, wrong),
        lambda: listing_of(real.workspace, wrong, found.archives[0]),
    ):
        with pytest.raises(BorgDeskError, match="The passphrase is wrong"):
            ask()
    assert nothing_is_kept(real, found)
    assert kept_archives(real.workspace, locked) == found
