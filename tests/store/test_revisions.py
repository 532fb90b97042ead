"""Revisions: every text a script ever had, as a file that never changes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from borgdesk.domain.errors import InvalidInput, ScriptUnreadable
from borgdesk.domain.script import NewScript, Script, sha256_of
from borgdesk.paths import Paths
from borgdesk.store.store import Store


def test_freezing_keeps_the_bytes_that_will_run(store: Store, script: Script, paths: Paths) -> None:
    Path(script.file_path).write_bytes(b"#!/bin/sh\r\necho edited\r\n")
    sha256 = store.scripts.freeze(script.id)
    content = b"#!/bin/sh\necho edited\n"
    assert sha256 == sha256_of(content)
    assert store.revisions.content(sha256) == content
    path = store.revisions.path(sha256)
    assert path == paths.revisions / sha256[:2] / sha256
    assert path.stat().st_mode & 0o777 == 0o500
    assert Path(script.file_path).read_bytes().startswith(b"#!/bin/sh\r\n")


def test_a_revision_outlives_what_happens_to_the_script(store: Store, script: Script) -> None:
    sha256 = store.scripts.freeze(script.id)
    before = store.revisions.content(sha256)
    store.scripts.save(script.id, b"echo other\n")
    store.scripts.remove(script.id)
    assert store.revisions.content(sha256) == before
    done = subprocess.run([store.revisions.path(sha256)], capture_output=True, text=True, check=False)
    assert "docker" in done.stderr


def test_each_text_once_newest_saved_first(store: Store, script: Script) -> None:
    first = store.scripts.freeze(script.id)
    store.scripts.freeze(script.id)
    store.scripts.save(script.id, b"echo two\n")
    assert [r.sha256 for r in store.revisions.list(script.id)] == [sha256_of(b"echo two\n"), first]
    store.scripts.save(script.id, store.revisions.content(first))
    newest, oldest = store.revisions.list(script.id)
    assert (newest.sha256, oldest.sha256, oldest.size) == (first, sha256_of(b"echo two\n"), 9)
    assert newest.saved_at > oldest.saved_at


def test_two_scripts_may_have_the_same_text(store: Store, script: Script) -> None:
    text = store.scripts.content(script.id)
    twin = store.scripts.add(NewScript("Twin", text))
    assert store.scripts.freeze(twin.id) == store.scripts.freeze(script.id)
    store.scripts.remove(script.id)
    assert [r.sha256 for r in store.revisions.list(twin.id)] == [sha256_of(text)]


def test_inline_scripts(store: Store) -> None:
    sha256 = store.revisions.freeze_text("echo ä\r\n")
    assert sha256 == store.revisions.freeze_text("echo ä\n".encode()) == sha256_of("echo ä\n".encode())
    assert store.revisions.path(sha256).stat().st_mode & 0o777 == 0o500
    for text in ("  ", "a\0b", "\udce4"):
        with pytest.raises(ScriptUnreadable, match="The inline script"):
            store.revisions.freeze_text(text)


def test_an_altered_revision_is_not_run(store: Store, script: Script) -> None:
    sha256 = store.scripts.freeze(script.id)
    path = store.revisions.path(sha256)
    path.chmod(0o700)
    path.write_bytes(b"#!/bin/sh\nrm -rf /\n")
    with pytest.raises(ScriptUnreadable, match="was modified") as caught:
        store.revisions.content(sha256)
    assert str(path) in caught.value.sentence


def test_freezing_again_mends_an_altered_or_missing_revision(store: Store, script: Script) -> None:
    sha256 = store.scripts.freeze(script.id)
    path = store.revisions.path(sha256)
    path.chmod(0o700)
    path.write_bytes(b"altered")
    assert store.scripts.freeze(script.id) == sha256
    assert store.revisions.content(sha256) == store.scripts.content(script.id)
    path.unlink()
    with pytest.raises(ScriptUnreadable, match="is missing"):
        store.revisions.content(sha256)
    assert store.scripts.freeze(script.id) == sha256
    assert path.stat().st_mode & 0o777 == 0o500


def test_freezing_an_unchanged_text_writes_nothing(store: Store, script: Script) -> None:
    sha256 = store.scripts.freeze(script.id)
    before = store.revisions.path(sha256).stat().st_ino
    with store.database.writing():
        # Somebody else writes: freezing must not wait for them.
        assert store.scripts.freeze(script.id) == sha256
    assert store.revisions.path(sha256).stat().st_ino == before


def test_a_script_that_cannot_be_saved_leaves_no_revision_row(store: Store, script: Script) -> None:
    with pytest.raises(InvalidInput):
        store.scripts.save(script.id, b"\0")
    assert len(store.revisions.list(script.id)) == 1


def test_a_revision_that_others_could_change_is_written_anew(store: Store, script: Script) -> None:
    sha256 = store.scripts.freeze(script.id)
    path = store.revisions.path(sha256)
    path.chmod(0o700)
    assert store.scripts.freeze(script.id) == sha256
    assert path.stat().st_mode & 0o777 == 0o500


def test_a_revision_is_restored_without_a_row(store: Store) -> None:
    store.revisions.restore(b"echo\n")
    assert store.revisions.content(sha256_of(b"echo\n")) == b"echo\n"


def test_an_older_text_that_is_frozen_again_is_not_the_newest(store: Store, script: Script) -> None:
    first = store.scripts.freeze(script.id)
    store.scripts.save(script.id, b"echo two\n")
    Path(script.file_path).write_bytes(store.revisions.content(first))
    assert store.scripts.freeze(script.id) == first
    assert [one.sha256 for one in store.revisions.list(script.id)] == [sha256_of(b"echo two\n"), first]
