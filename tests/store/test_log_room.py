"""Preallocated space in the write-ahead log for future commits, which SQLite does not interpret as data."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from borgdesk.paths import Paths
from borgdesk.store import log_room
from borgdesk.store.store import Store
from tests.store.samples import assert_whole


@pytest.fixture
def log(store: Store) -> Path:
    database = store.database.path
    return database.with_name(f"{database.name}-wal")


def written(store: Store, first: int) -> None:
    for number in range(first, first + 10):
        store.key_values.set(str(number), "kept")


def test_commits_find_their_place_in_the_log(store: Store, log: Path) -> None:
    written(store, 0)
    before = log.stat().st_size
    store.database.expect(50)
    size = log.stat().st_size
    assert size > before
    written(store, 10)
    assert log.stat().st_size == size
    store.close()
    store.open()
    assert [store.key_values.get(str(number)) for number in range(20)] == ["kept"] * 20
    assert_whole(store.database.path)


@pytest.mark.parametrize("first", [0, 10], ids=["nothing but room", "something before it"])
def test_after_a_power_loss_everything_is_there(store: Store, log: Path, tmp_path: Path, first: int) -> None:
    written(store, 0) if first else store.database.wipe_log()
    store.database.expect(50)
    if first:
        written(store, first)
    # The files as on disk during work, without the memory shared by all processes.
    copied = Paths.below(tmp_path / "after")
    copied.make()
    shutil.copy(store.database.path, copied.database)
    shutil.copy(log, copied.database.with_name(log.name))
    after = Store(copied)
    after.open()
    assert [after.key_values.get(str(number)) for number in range(2 * first)] == ["kept"] * 2 * first
    written(after, 20)
    after.close()
    assert_whole(copied.database)


def test_the_log_does_not_grow_for_ever(store: Store, log: Path) -> None:
    for _ in range(5):
        store.database.expect(1000)
    assert log.stat().st_size <= log_room._MOST


def test_a_disk_without_room_is_no_reason_to_refuse_a_run(
    store: Store, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    store.database.expect(50)
    written(store, 0)
    assert store.key_values.get("9") == "kept"
