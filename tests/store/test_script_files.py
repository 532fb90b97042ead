"""Script files and revisions on the disk: whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from borgdesk.domain.errors import InvalidInput, ScriptUnreadable, StoreUnusable
from borgdesk.domain.script import Script, sha256_of
from borgdesk.paths import Paths
from borgdesk.store import files, library
from borgdesk.store.store import Store
from tests.store.samples import assert_whole

OLD = b"#!/bin/sh\n" + b"echo old\n" * 20_000
NEW = b"#!/bin/sh\n" + b"echo newer\n" * 20_000

WRITER = """
import os, sys
from pathlib import Path
from borgdesk.paths import Paths
from borgdesk.store.store import Store
import borgdesk.domain.script
texts = [b"#!/bin/sh\\n" + word * 20_000 for word in (b"echo old\\n", b"echo newer\\n")]
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        store = Store(Paths.below(Path(sys.argv[1])))
        store.open()
        script = store.scripts.get("Written")
        print(os.getpid(), flush=True)
        while True:
            for text in texts:
                store.scripts.save(script.id, text)
                print("saved", flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


def test_a_writer_that_is_killed_leaves_the_old_text_or_the_new(store: Store, paths: Paths, tmp_path: Path) -> None:
    script = store.scripts.add("Written", OLD)
    whole = {sha256_of(OLD): 0, sha256_of(NEW): 0}
    moments = random.Random(4)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for _ in range(25):
            writer.stdin.write("go\n")
            writer.stdin.flush()
            child = int(writer.stdout.readline())
            for _ in range(moments.randrange(3)):
                assert writer.stdout.readline() == "saved\n"
            time.sleep(moments.uniform(0, 0.01))  # the moment of the kill is what is tested
            os.kill(child, signal.SIGKILL)
            while writer.stdout.readline() != "gone\n":
                pass
            whole[sha256_of(Path(script.file_path).read_bytes())] += 1
            assert Path(script.file_path).stat().st_mode & 0o777 == 0o700
            for revision in store.scripts.revisions(script.id):
                assert len(store.scripts.revision_content(revision.sha256)) == revision.size
        writer.stdin.close()
    assert all(whole.values()), "both texts were found; otherwise nothing was tested"
    assert_whole(paths.database)
    assert library.file_names(paths.library) == [Path(script.file_path).name]


def test_what_a_killed_writer_left_is_swept_later(store: Store, paths: Paths) -> None:
    old, fresh = (paths.library / name for name in (".borgdesk-a1.partial", ".borgdesk-b2.partial"))
    foreign = paths.library / "notes.partial"
    for path in (old, fresh, foreign):
        path.write_text("half a scr")
    for path in (old, foreign):
        os.utime(path, (time.time() - 4000, time.time() - 4000))
    store.close()
    store.open()
    assert sorted(paths.library.iterdir()) == [fresh, foreign]


def test_a_file_is_synced_before_it_gets_its_name_and_the_folder_after(
    store: Store, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(script.file_path)
    done: list[str] = []
    fsync, rename = os.fsync, os.replace

    def seen_fsync(descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        mode = os.fstat(descriptor).st_mode & 0o777
        done.append("folder" if place == path.parent else f"file {mode:o} of {os.fstat(descriptor).st_size}")
        fsync(descriptor)

    def seen_replace(old: str | Path, new: str | Path) -> None:
        assert Path(old).parent == path.parent
        done.append(f"rename to {Path(new).name}")
        rename(old, new)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(os, "replace", seen_replace)
    files.write(path, b"#!/bin/sh\n", 0o700)
    assert done == ["file 700 of 10", "rename to stop-containers.sh", "folder"]


def test_nothing_is_left_of_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(StoreUnusable, match=r"cannot be written: .*Nothing was changed"):
        files.write(target, b"text", 0o700)
    assert [path.name for path in tmp_path.iterdir() if path.name != ".isolation"] == ["folder"]


def test_a_mask_of_the_user_does_not_open_or_close_files(tmp_path: Path) -> None:
    for mask in (0, 0o777):
        before = os.umask(mask)
        try:
            files.write(tmp_path / "script.sh", b"true\n", 0o700)
        finally:
            os.umask(before)
        assert (tmp_path / "script.sh").stat().st_mode & 0o777 == 0o700


class TestRevisions:
    def test_freezing_keeps_the_bytes_that_will_run(self, store: Store, script: Script, paths: Paths) -> None:
        Path(script.file_path).write_bytes(b"#!/bin/sh\r\necho edited\r\n")
        sha256 = store.scripts.freeze(script.id)
        content = b"#!/bin/sh\necho edited\n"
        assert sha256 == sha256_of(content)
        assert store.scripts.revision_content(sha256) == content
        path = store.scripts.revision_path(sha256)
        assert path == paths.revisions / sha256[:2] / sha256
        assert path.stat().st_mode & 0o777 == 0o500
        assert Path(script.file_path).read_bytes().startswith(b"#!/bin/sh\r\n")

    def test_a_revision_outlives_what_happens_to_the_script(self, store: Store, script: Script) -> None:
        sha256 = store.scripts.freeze(script.id)
        before = store.scripts.revision_content(sha256)
        store.scripts.save(script.id, b"echo other\n")
        store.scripts.remove(script.id)
        assert store.scripts.revision_content(sha256) == before
        done = subprocess.run([store.scripts.revision_path(sha256)], capture_output=True, text=True, check=False)
        assert "docker" in done.stderr

    def test_each_text_once_newest_saved_first(self, store: Store, script: Script) -> None:
        first = store.scripts.freeze(script.id)
        store.scripts.freeze(script.id)
        store.scripts.save(script.id, b"echo two\n")
        assert [r.sha256 for r in store.scripts.revisions(script.id)] == [sha256_of(b"echo two\n"), first]
        store.scripts.save(script.id, store.scripts.revision_content(first))
        newest, oldest = store.scripts.revisions(script.id)
        assert (newest.sha256, oldest.sha256, oldest.size) == (first, sha256_of(b"echo two\n"), 9)
        assert newest.saved_at > oldest.saved_at

    def test_two_scripts_may_have_the_same_text(self, store: Store, script: Script) -> None:
        text = store.scripts.content(script.id)
        twin = store.scripts.add("Twin", text)
        assert store.scripts.freeze(twin.id) == store.scripts.freeze(script.id)
        store.scripts.remove(script.id)
        assert [r.sha256 for r in store.scripts.revisions(twin.id)] == [sha256_of(text)]

    def test_inline_scripts(self, store: Store) -> None:
        sha256 = store.scripts.freeze_text("echo ä\r\n")
        assert sha256 == store.scripts.freeze_text("echo ä\n".encode()) == sha256_of("echo ä\n".encode())
        assert store.scripts.revision_path(sha256).stat().st_mode & 0o777 == 0o500
        for text in ("  ", "a\0b", "\udce4"):
            with pytest.raises(ScriptUnreadable, match="The inline script"):
                store.scripts.freeze_text(text)

    def test_an_altered_revision_is_not_run(self, store: Store, script: Script) -> None:
        sha256 = store.scripts.freeze(script.id)
        path = store.scripts.revision_path(sha256)
        path.chmod(0o700)
        path.write_bytes(b"#!/bin/sh\nrm -rf /\n")
        with pytest.raises(ScriptUnreadable, match="was altered") as caught:
            store.scripts.revision_content(sha256)
        assert str(path) in caught.value.sentence

    def test_freezing_again_mends_an_altered_or_missing_revision(self, store: Store, script: Script) -> None:
        sha256 = store.scripts.freeze(script.id)
        path = store.scripts.revision_path(sha256)
        path.chmod(0o700)
        path.write_bytes(b"altered")
        assert store.scripts.freeze(script.id) == sha256
        assert store.scripts.revision_content(sha256) == store.scripts.content(script.id)
        path.unlink()
        with pytest.raises(ScriptUnreadable, match="is missing"):
            store.scripts.revision_content(sha256)
        assert store.scripts.freeze(script.id) == sha256
        assert path.stat().st_mode & 0o777 == 0o500

    def test_freezing_an_unchanged_text_writes_nothing(self, store: Store, script: Script) -> None:
        sha256 = store.scripts.freeze(script.id)
        before = store.scripts.revision_path(sha256).stat().st_ino
        with store.database.writing():
            # Somebody else writes: freezing has no need to wait for them.
            assert store.scripts.freeze(script.id) == sha256
        assert store.scripts.revision_path(sha256).stat().st_ino == before

    def test_a_script_that_cannot_be_saved_leaves_no_revision_row(self, store: Store, script: Script) -> None:
        with pytest.raises(InvalidInput):
            store.scripts.save(script.id, b"\0")
        assert len(store.scripts.revisions(script.id)) == 1
