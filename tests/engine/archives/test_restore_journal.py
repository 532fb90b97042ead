"""The journal of a restore, also where it was damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from borgdesk.engine.archives.restore_journal import RestoreJournal
from borgdesk.paths import STAGE


def test_the_stages_are_known_by_any_name(tmp_path: Path) -> None:
    journal = RestoreJournal(tmp_path / "7")
    assert not journal.exists
    (tmp_path / "7").mkdir()
    places = [tmp_path / f"{STAGE}one", tmp_path / f"{STAGE}\udcff\n"]
    journal.begin(places[0], [tmp_path / "made"])
    journal.add_stage(places[1])
    assert [(number, one.stages()) for number, one in RestoreJournal.all_in(tmp_path)] == [(7, places)]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "{}", '{"stages": 7, "made": []}', '{"stages": ["x"], "made": []}', '{"stages": [""]}']
)
def test_one_that_is_damaged_names_nothing(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "7" / "restore"
    folder.mkdir(parents=True)
    (folder / "places.json").write_text(text)
    journal = RestoreJournal(tmp_path / "7")
    assert (journal.stages(), journal.unreachable) == ([], None)


def test_a_folder_that_is_no_stage_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    mine = tmp_path / "mine"
    mine.mkdir()
    journal = RestoreJournal(tmp_path / "7")
    journal.begin(mine, [])
    journal.discard()
    assert mine.is_dir()
    assert not journal.exists


def test_the_name_of_the_plan_is_on_the_disk_before_anything_is_placed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "7").mkdir()
    journal = RestoreJournal(tmp_path / "7")
    journal.begin(tmp_path / f"{STAGE}one", [])
    synced: list[tuple[str, bool]] = []
    fsync = os.fsync

    def seen_fsync(descriptor: int) -> None:
        synced.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, journal.has_plan))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    journal.write_plan(iter([]))
    assert synced == [("plan.part", False), ("restore", True)]
