"""Renaming, commenting and deleting archives, with real Borg."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from borgdesk.borg.replies import BorgVersion
from borgdesk.domain.errors import BorgDeskError, InUse, InvalidInput, NotFound, Stopped
from borgdesk.domain.repository import Retention
from borgdesk.engine.archives.archive_changes import (
    comment_archive,
    delete_archives,
    rename_archive,
    renaming_note,
    retention_note,
)
from borgdesk.engine.archives.archive_list import kept_archives, read_archives, with_sizes
from borgdesk.engine.archives.listings import kept_listing, listing_of
from borgdesk.engine.borg_calls.borg_process import usable_version
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.queue import Turn
from borgdesk.engine.repositories.shared_locations import turn_of
from borgdesk.store.clock import now
from tests.engine.archives.lab import back_up
from tests.engine.desk import Desk

PROGRESS = {
    "message": "Decrementing references   0%", "current": 0, "total": 2, "info": None, "operation": 1,
    "msgid": "archive.delete", "type": "progress_percent", "finished": False, "time": 1795723515.04,
}  # fmt: skip


def stub(desk: Desk, command: str, instead: str) -> str:
    """Replace one of Borg's commands."""
    program = desk.folder / "stub"
    program.write_text(f'#!/bin/sh\ncase "$1" in {command}) {instead};; *) exec {desk.program} "$@";; esac\n')
    program.chmod(0o700)
    return str(program)


def test_what_is_known_of_an_archive_goes_along(real: Desk) -> None:
    back_up(real)
    workspace, repository = real.workspace, real.repository
    archive = with_sizes(workspace, repository, read_archives(workspace, repository).archives[0])
    listing_of(workspace, repository, archive).close()
    found = rename_archive(workspace, repository, archive, "before {the} move")
    (renamed,) = found.archives
    assert renamed.name == "before {the} move"
    assert renamed.id != archive.id
    assert (renamed.original_size, renamed.files) == (archive.original_size, archive.files)
    found = comment_archive(workspace, repository, renamed, "kept {for} ever\nand a day")
    (commented,) = found.archives
    assert commented.comment == "kept {for} ever\nand a day"
    assert kept_archives(workspace, repository) == found
    listing = kept_listing(workspace, commented)
    assert listing is not None
    listing.close()
    again = read_archives(workspace, repository)
    assert again.archives == found.archives
    # Braces in its name do not prevent reading it.
    (workspace.paths.cache / "listings" / found.repository_id / f"{commented.id}.db").unlink()
    listing_of(workspace, repository, commented).close()


def test_names_that_cannot_be(real: Desk) -> None:
    names = [back_up(real), back_up(real)]
    found = read_archives(real.workspace, real.repository)
    archive = found.get(names[0])
    for wrong in ("", " a", "a/b", "a::b", "a\nb", "..", "x.checkpoint", "x" * 300, names[0]):
        with pytest.raises(InvalidInput):
            rename_archive(real.workspace, real.repository, archive, wrong)
    with pytest.raises(BorgDeskError, match=r"^An archive with this name already exists\. Choose another name\.$"):
        rename_archive(real.workspace, real.repository, archive, names[1])
    with pytest.raises(InvalidInput, match="NUL"):
        comment_archive(real.workspace, real.repository, archive, "a\0b")


def test_old_borgs_are_warned_of(real: Desk) -> None:
    version = usable_version(real.workspace)
    assert bool(renaming_note(real.workspace)) == (version < BorgVersion(1, 2, 6))


def test_several_are_deleted(real: Desk) -> None:
    names = [back_up(real) for _ in range(3)]
    found = read_archives(real.workspace, real.repository)
    listing_of(real.workspace, real.repository, found.get(names[0])).close()
    heard: list[float] = []
    left = delete_archives(
        real.workspace, real.repository, [found.get(names[0]), found.get(names[1])], progress=heard.append
    )
    assert [one.name for one in left.archives] == [names[2]]
    assert kept_archives(real.workspace, real.repository) == left
    assert kept_listing(real.workspace, found.get(names[0])) is None
    assert heard[-2:] == [0.5, 1.0]
    assert heard == sorted(set(heard))


def test_what_is_gone_already_is_said(real: Desk) -> None:
    back_up(real)
    found = read_archives(real.workspace, real.repository)
    strange = replace(found.archives[0], name="never-there")
    with pytest.raises(NotFound, match="“never-there” was renamed, replaced or deleted since the archives were listed"):
        delete_archives(real.workspace, real.repository, [strange])


def test_who_stops_hears_how_far_it_came(real: Desk) -> None:
    names = [back_up(real) for _ in range(2)]
    found = read_archives(real.workspace, real.repository)
    stuck = f"echo '{json.dumps(PROGRESS)}' >&2; exec sleep 60"
    cancel = Cancel()
    with pytest.raises(Stopped, match="0 of 2 archives were deleted"):
        delete_archives(
            replace(real.workspace, fixed_borg=stub(real, "delete", stuck)),
            real.repository,
            [found.get(name) for name in names],
            cancel,
            lambda _: cancel.ask(),
        )


def test_a_run_has_the_turn(real: Desk) -> None:
    back_up(real)
    archive = read_archives(real.workspace, real.repository).archives[0]
    turn = Turn.try_take(real.workspace, turn_of(real.repository))
    assert turn is not None
    with turn, pytest.raises(InUse):
        delete_archives(real.workspace, real.repository, [archive])


def test_borg_that_is_killed_leaves_a_sentence(real: Desk) -> None:
    back_up(real)
    found = read_archives(real.workspace, real.repository)
    killed = replace(real.workspace, fixed_borg=stub(real, "delete", "kill -9 $$"))
    with pytest.raises(BorgDeskError, match=r"killed .*0 of 1 archive was deleted"):
        delete_archives(killed, real.repository, found.archives)


def test_that_there_is_space_to_be_freed_is_known_even_if_borg_does_not_answer_again(real: Desk) -> None:
    back_up(real)
    found, gone = read_archives(real.workspace, real.repository), real.file("gone")
    then = f'if [ "$1" = delete ]; then {real.program} "$@" && touch {gone}; exit; fi; [ ! -e {gone} ] || exit 2;'
    mute = replace(real.workspace, fixed_borg=stub(real, "delete|list", f'{then} exec {real.program} "$@"'))
    real.workspace.store.repositories.remember_compaction(real.repository.id, now())
    with pytest.raises(BorgDeskError):
        delete_archives(mute, real.repository, found.archives)
    assert gone.exists()
    assert real.workspace.store.repositories.get(real.repository.id).has_deleted


def test_what_retention_does_not_delete_after_a_renaming(real: Desk) -> None:
    real.change(retention=Retention(), archive_name="papers-{now}")
    assert retention_note(real.repository, "before the move") == ""
    real.change(retention=Retention(daily=7))
    assert retention_note(real.repository, "papers-2026-11-20T12:00:00") == ""
    said = "Retention does not delete archives whose names do not match “papers-{now}”."
    assert retention_note(real.repository, "before the move") == retention_note(real.repository) == said
