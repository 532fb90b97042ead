from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from borgdesk.domain.errors import InvalidInput, NotFound
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.repository import Repository, Retention
from borgdesk.domain.run import Hook, Outcome, RunStatus, Trigger
from borgdesk.domain.script import Script
from borgdesk.store.store import Store
from tests.store.samples import ME, T0

FULL = Repository(
    RepositoryId(0),
    "  Photos  ",
    "ssh://me@host:22/./photos",
    sources=("/home/me/Pictures", "/srv/bilder äöü"),
    excludes=("*.tmp", "re:^a,b$"),
    exclude_caches=True,
    one_file_system=True,
    compression="zstd,3",
    archive_name="{hostname}-photos-{now}",
    encryption="repokey-blake2",
    passcommand="secret-tool lookup borg photos",
    has_passphrase=True,
    retention=Retention(within="10d", daily=7, yearly=-1),
    continue_on_hook_failure=True,
    pre_script="#!/bin/sh\necho pre\n",
    post_script="echo post",
    stall_limit=90,
    fail_on_missing_source=True,
    patterns="R /srv/more\n+ home/me/Pictures/*\n",
    upload_limit=500,
    checkpoint_interval=300,
    extra_arguments="--noacls --comment 'a b'",
    created_at=T0,
)


def run(store: Store, repository: Repository, minutes: int, status: RunStatus) -> None:
    at = T0 + timedelta(minutes=minutes)
    job = store.runs.queue(repository, Trigger.USER, ME, at)
    if status is not RunStatus.QUEUED:
        store.runs.arm(job.id, at, [])
    if status.is_final:
        store.runs.settle(job.id, Outcome(status.value))
        store.runs.finish(job.id, status, at + timedelta(seconds=30))


def test_every_field_is_kept(store: Store) -> None:
    kept = store.repositories.add(FULL)
    assert kept == replace(FULL, id=kept.id, name="Photos")
    assert store.repositories.get(kept.id) == kept


def test_which_sources_had_files_is_noted_and_cannot_be_edited(store: Store) -> None:
    pictures, other = FULL.sources
    kept = store.repositories.add(replace(FULL, filled_sources=frozenset({"/elsewhere"})))
    assert kept.filled_sources == frozenset()
    store.repositories.remember_filled_sources(kept.id, [pictures, "/gone"])
    store.repositories.remember_filled_sources(kept.id, [other])
    store.repositories.remember_filled_sources(kept.id, ["/srv/more"])
    assert store.repositories.get(kept.id).filled_sources == {pictures, other, "/srv/more"}

    assert store.repositories.update(replace(kept, sources=(other,), patterns="")).filled_sources == {other}
    assert store.repositories.update(kept).filled_sources == {other}, "what is added again is new"
    store.repositories.remember_filled_sources(RepositoryId(kept.id + 1), [other])


@pytest.mark.parametrize("seconds", [0, -60, 24 * 3600 + 1])
def test_a_stall_limit_that_is_none_is_refused(store: Store, seconds: int) -> None:
    with pytest.raises(InvalidInput, match="between 1 second and 24 hours"):
        store.repositories.add(replace(FULL, stall_limit=seconds))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"upload_limit": 0}, "between 1 and 10,000,000 KiB/s"),
        ({"checkpoint_interval": 59}, "between 1 minute and 7 days"),
        ({"patterns": "- a\0b"}, "The text of the patterns contains NUL bytes"),
        ({"extra_arguments": "--comment \udcff"}, "The text of the options contains NUL bytes"),
    ],
    ids=["upload", "checkpoints", "patterns", "options"],
)
def test_options_of_borg_that_cannot_be_stored(store: Store, changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        store.repositories.add(replace(FULL, **changed))


def test_every_field_can_be_edited(store: Store, documents: Repository) -> None:
    wanted = replace(FULL, id=documents.id, name="Photos", created_at=documents.created_at)
    assert store.repositories.update(wanted) == wanted
    assert store.repositories.get("Photos") == wanted
    with pytest.raises(NotFound):
        store.repositories.get("Documents")


def test_a_new_repository_has_a_birthday_in_utc(documents: Repository) -> None:
    assert documents.created_at is not None
    assert documents.created_at.utcoffset() == timedelta(0)


def test_digits_are_an_id_first_and_then_a_name(store: Store, documents: Repository) -> None:
    by_number = store.repositories.add(replace(FULL, name="2026"))
    misleading = store.repositories.add(replace(FULL, name=str(documents.id)))
    assert store.repositories.get("2026") == by_number
    assert store.repositories.get(str(documents.id)) == documents
    assert store.repositories.get(misleading.id) == misleading


@pytest.mark.parametrize("ref", ["documents", "Docu", "", "0", "-1", "99", "9" * 30, "²", "٣", 0, -1, 99, 10**30])
def test_what_is_not_there_is_named(store: Store, documents: Repository, ref: int | str) -> None:
    with pytest.raises(NotFound) as caught:
        store.repositories.get(ref)
    assert caught.value.sentence == f"There is no repository “{ref}”."


@pytest.mark.parametrize("name", ["Documents", " Documents\t"])
def test_a_name_is_taken_once(store: Store, documents: Repository, name: str) -> None:
    with pytest.raises(InvalidInput, match="There is already a repository called “Documents”\\."):
        store.repositories.add(replace(FULL, name=name))
    photos = store.repositories.add(FULL)
    with pytest.raises(InvalidInput, match="already"):
        store.repositories.update(replace(photos, name=name))
    assert store.repositories.get(photos.id) == photos


def test_names_that_differ_in_case_are_different(store: Store, documents: Repository) -> None:
    lower = store.repositories.add(replace(FULL, name="documents"))
    assert store.repositories.get("documents") == lower


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "a\nb"},
        {"name": "x" * 121},
        {"location": ""},
        {"location": "relative/path"},
        {"location": "/backup/\udce4"},
        {"sources": ("relative",)},
        {"pre_script": "a\0b"},
        {"passcommand": "\udcff"},
    ],
)
def test_impossible_values_change_nothing(store: Store, documents: Repository, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        store.repositories.add(replace(FULL, **wrong))  # type: ignore[arg-type]
    with pytest.raises(InvalidInput):
        store.repositories.update(replace(documents, **wrong))  # type: ignore[arg-type]
    assert store.repositories.list() == [documents]


def test_a_source_that_is_not_utf8_is_kept(store: Store) -> None:
    kept = store.repositories.add(replace(FULL, sources=("/home/\udce4",)))
    assert store.repositories.get(kept.id).sources == ("/home/\udce4",)


def test_the_list_is_alphabetical(store: Store) -> None:
    for name in ("beta", "Alpha", "gamma"):
        store.repositories.add(replace(FULL, name=name))
    assert [repository.name for repository in store.repositories.list()] == ["Alpha", "beta", "gamma"]


def test_of_several_only_the_one_that_is_meant(store: Store) -> None:
    stored = [store.repositories.add(replace(FULL, name=name, location=f"/{name}")) for name in ("a", "b", "c")]
    assert [store.repositories.get(one.id) for one in stored] == stored
    for place, one in enumerate(stored):
        stored[place] = store.repositories.update(replace(one, compression="none"))
        assert store.repositories.list() == stored
        stored[place] = store.repositories.update(replace(stored[place], compression="lz4"), seen=stored[place])
        assert store.repositories.list() == stored
    store.repositories.remove(stored.pop(1).id)
    assert store.repositories.list() == stored


def test_the_last_run_and_the_last_good_one(store: Store, documents: Repository) -> None:
    other = store.repositories.add(FULL)
    run(store, documents, 0, RunStatus.SUCCESS)
    run(store, documents, 60, RunStatus.WARNING)
    run(store, documents, 120, RunStatus.FAILURE)
    run(store, other, 180, RunStatus.SUCCESS)
    run(store, documents, 240, RunStatus.RUNNING)
    run(store, documents, 300, RunStatus.QUEUED)
    found = store.repositories.get(documents.id)
    assert found.last_run_at == T0 + timedelta(minutes=120)
    assert found.last_status is RunStatus.FAILURE
    assert found.last_success_at == T0 + timedelta(minutes=60, seconds=30)
    assert store.repositories.list() == [found, store.repositories.get(other.id)]


def test_a_repository_that_never_ran_says_so(documents: Repository) -> None:
    assert (documents.last_run_at, documents.last_status, documents.last_success_at) == (None, None, None)


def test_the_list_is_one_query_however_long(store: Store) -> None:
    for number in range(5):
        run(store, store.repositories.add(replace(FULL, name=f"R{number}")), 0, RunStatus.SUCCESS)
    executed: list[str] = []
    with store.database.snapshot() as connection:
        connection.set_trace_callback(executed.append)
    assert len(store.repositories.list()) == 5
    assert len([statement for statement in executed if statement.startswith("SELECT")]) == 1


def test_removing_takes_the_assignments_and_leaves_history(store: Store, documents: Repository, script: Script) -> None:
    store.assignments.add(documents.id, script.id, Hook.PRE_BACKUP)
    run(store, documents, 0, RunStatus.SUCCESS)
    store.repositories.remove(documents.id)
    assert store.repositories.list() == []
    assert store.scripts.get(script.id).used_by == ()
    (job,) = store.runs.list()
    assert (job.repository_id, job.repository) == (None, "Documents")
    with pytest.raises(NotFound):
        store.repositories.remove(documents.id)
    with pytest.raises(NotFound):
        store.repositories.update(documents)


def test_an_id_is_never_used_again(store: Store, documents: Repository) -> None:
    store.repositories.remove(documents.id)
    assert store.repositories.add(FULL).id > documents.id
