"""btrfs snapshots, on a real btrfs in a file."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.templates.bench import STATE_TOOLS, Bench, Pair
from tests.templates.servers import own_folder, program


def _btrfs(*words: str | Path) -> str:
    done = subprocess.run([program("btrfs"), *words], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="session")
def filesystem() -> Iterator[Path]:
    if os.geteuid():
        pytest.skip("mounting needs root")
    with own_folder() as folder:
        image = folder / "btrfs.img"
        with image.open("wb") as file:
            file.truncate(128 << 20)
        subprocess.run([program("mkfs.btrfs"), "-q", image], check=True, capture_output=True)
        mounted = folder / "mounted"
        mounted.mkdir()
        subprocess.run(["mount", "-o", "loop", image, mounted], check=True)
        yield mounted
        subprocess.run(["umount", mounted], check=True)


@pytest.fixture
def source(filesystem: Path) -> Iterator[Path]:
    path = filesystem / "my home"
    _btrfs("subvolume", "create", path)
    (path / "file").write_text("as it was")
    yield path
    for left in sorted(filesystem.iterdir()):
        _btrfs("subvolume", "delete", left)


@pytest.fixture
def snapshot(source: Path) -> Path:
    return source.with_name("borgdesk-it's home")


@pytest.fixture
def pair(bench: Bench, source: Path, snapshot: Path) -> Pair:
    bench.spy("btrfs")
    values = {"SUBVOLUME": str(source), "SNAPSHOT": str(snapshot)}
    return Pair(
        "btrfs-snapshot-create.sh",
        "btrfs-snapshot-drop.sh",
        values,
        lambda: None,
        lambda: not snapshot.exists() and (source / "file").read_text() == "as it was",
    )


def test_snapshot_stands_still(bench: Bench, pair: Pair, source: Path, snapshot: Path) -> None:
    done = bench.run(pair.do, pair.parameters)
    assert done.code == 0, done.stderr
    (source / "file").write_text("changed")
    assert (snapshot / "file").read_text() == "as it was"
    with pytest.raises(OSError, match="Read-only"):
        (snapshot / "new").touch()
    (source / "file").write_text("as it was")
    pair.undo_twice(bench)


def test_second_do_of_one_run_renews_it(bench: Bench, pair: Pair, source: Path, snapshot: Path) -> None:
    assert bench.run(pair.do, pair.parameters).code == 0
    (source / "second").touch()
    assert bench.run(pair.do, pair.parameters).code == 0
    assert (snapshot / "second").exists()
    pair.undo_twice(bench)


def test_snapshot_of_another_run_is_not_touched(bench: Bench, pair: Pair, snapshot: Path) -> None:
    assert bench.run(pair.do, pair.parameters).code == 0
    bench.fresh()
    done = bench.run(pair.do, pair.parameters)
    assert done.code == 1
    assert "another run" in done.stderr
    assert bench.run(pair.undo).code == 0
    assert (snapshot / "file").exists()


def test_leftover_from_before_the_boot_is_replaced(bench: Bench, pair: Pair, snapshot: Path) -> None:
    assert bench.run(pair.do, pair.parameters).code == 0
    bench.fresh()
    # Simulate a snapshot from long before the boot: sed reads /proc/stat, so its stub determines the time.
    real = program("sed")
    (bench.bin / "sed").write_text(
        f'#!/bin/bash\nif [[ ${{!#}} == /proc/stat ]]; then echo {int(time.time()) + 999}; else exec {real} "$@"; fi\n'
    )
    (bench.bin / "sed").chmod(0o755)
    done = bench.run(pair.do, pair.parameters)
    assert done.code == 0, done.stderr
    assert any("subvolume delete" in line for line in done.lines("btrfs"))
    pair.undo_twice(bench)


@pytest.mark.parametrize("kind", ["folder", "subvolume", "writable snapshot", "snapshot of another"])
def test_something_else_at_the_path_is_never_deleted(
    bench: Bench, pair: Pair, source: Path, snapshot: Path, kind: str
) -> None:
    if kind == "folder":
        snapshot = source / "borgdesk-folder"
        snapshot.mkdir()
    elif kind == "subvolume":
        _btrfs("subvolume", "create", snapshot)
    elif kind == "snapshot of another":
        _btrfs("subvolume", "create", source.with_name("other"))
        _btrfs("subvolume", "snapshot", "-r", source.with_name("other"), snapshot)
    else:
        _btrfs("subvolume", "snapshot", source, snapshot)
    values = pair.parameters | {"SNAPSHOT": str(snapshot)}
    done = bench.run(pair.do, values)
    assert done.code == 1
    assert "choose another path" in done.stderr
    assert snapshot.exists()
    # Even with a wrong note that names it, only the snapshot of this subvolume is deleted.
    uuid = _btrfs("subvolume", "show", source).split("UUID:")[1].split()[0]
    (bench.state / "btrfs-1").write_text(f"{uuid}\n{snapshot}\n")
    undone = bench.run(pair.undo)
    assert undone.code == 1
    assert snapshot.exists()


def test_create_and_delete_that_fail(bench: Bench, pair: Pair, snapshot: Path) -> None:
    assert bench.run(pair.do, pair.parameters, fail="btrfs subvolume snapshot *").code == 1
    pair.undo_twice(bench)
    assert bench.run(pair.do, pair.parameters).code == 0
    undone = bench.run(pair.undo, fail="btrfs subvolume delete *")
    assert undone.code == 1
    assert "was not deleted" in undone.stderr
    pair.undo_twice(bench)


@pytest.mark.parametrize("bad", ["/srv/home", "borgdesk-relative", "/srv/borgdesk-", "/"])
def test_path_must_be_ours(bench: Bench, pair: Pair, bad: str) -> None:
    done = bench.run(pair.do, pair.parameters | {"SNAPSHOT": bad})
    assert (done.code, done.calls) == (1, [])


def test_killed_anywhere(bench: Bench, pair: Pair) -> None:
    bench.spy(*STATE_TOOLS)
    assert pair.survives_every_kill(bench) > 4
    pair.survives_a_killed_undo(bench)
