"""Script files and revisions on disk: complete or absent, whatever happens while they are written."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import event

from borgdesk.domain.errors import StoreUnusable
from borgdesk.domain.script import NewScript, Script, sha256_of
from borgdesk.paths import Paths
from borgdesk.store import files, library_names
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
    script = store.scripts.add(NewScript("Written", OLD))
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
            for revision in store.revisions.list(script.id):
                assert len(store.revisions.content(revision.sha256)) == revision.size
        writer.stdin.close()
    assert all(whole.values()), "both texts were found; otherwise nothing was tested"
    assert_whole(paths.database)
    assert library_names.file_names(paths.library) == [Path(script.file_path).name]


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


@pytest.mark.parametrize("way", ["added", "removed"])
def test_what_a_killed_process_left_aside_gets_its_name_if_that_is_free(
    store: Store, paths: Paths, script: Script, way: str
) -> None:
    path, text = Path(script.file_path), store.scripts.content(script.id)
    path.rename(path.with_name(files.hidden_name(f"{way}-{script.id}")))
    store.scripts.repair()
    assert store.scripts.content(script.id) == text
    assert library_names.file_names(paths.library) == [path.name]
    assert files.leftovers(paths.library) == []


@pytest.mark.parametrize("way", ["added", "removed"])
def test_where_somebody_else_s_file_has_taken_the_name_neither_text_is_lost(
    store: Store, paths: Paths, script: Script, way: str
) -> None:
    path, text = Path(script.file_path), store.scripts.content(script.id)
    path.rename(path.with_name(files.hidden_name(f"{way}-{script.id}")))
    path.write_bytes(b"of somebody else")
    store.scripts.repair()
    assert files.leftovers(paths.library) == []
    assert path.read_bytes() == b"of somebody else"
    found = store.scripts.get(script.id)
    if way == "added":
        assert Path(found.file_path) != path
        assert store.scripts.content(script.id) == text
    else:
        assert Path(found.file_path) == path
        assert text in [store.revisions.content(one.sha256) for one in store.revisions.list(script.id)]


def test_what_belongs_to_no_script_any_more_goes(store: Store, paths: Paths, script: Script) -> None:
    store.scripts.remove(script.id)
    for way in ("added", "removed"):
        (paths.library / files.hidden_name(f"{way}-{script.id}")).write_bytes(b"left")
    store.scripts.repair()
    assert files.leftovers(paths.library) == []


def test_a_file_that_takes_the_name_at_the_last_moment_stays(store: Store, paths: Paths) -> None:
    """Another program creates it after the row has been written, but before the file."""
    theirs = paths.library / "stop.sh"

    def take(_connection: object) -> None:
        theirs.write_bytes(b"of somebody else")

    event.listen(store.database._made_sessions._engine, "commit", take, once=True)
    added = store.scripts.add(NewScript("Stop", OLD))
    assert theirs.read_bytes() == b"of somebody else"
    assert Path(added.file_path) != theirs
    assert store.scripts.content(added.id) == OLD
    assert files.leftovers(paths.library) == []
