"""A database that cannot be opened: what it is that keeps us from it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from borgdesk.domain.errors import StoreUnusable
from borgdesk.paths import Paths
from borgdesk.store.schema import prepare
from borgdesk.store.store import Store


@pytest.mark.parametrize(
    ("is_file", "sentence"), [(True, "the file is read-only."), (False, "the folder {folder} is read-only.")]
)
def test_what_is_read_only_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_file: bool, sentence: str
) -> None:
    path = tmp_path / "borgdesk.db"
    path.touch()
    locked = path if is_file else tmp_path
    monkeypatch.setattr(os, "access", lambda place, mode: not (place == locked and mode == os.W_OK))
    with pytest.raises(StoreUnusable) as caught:
        prepare(path)
    assert str(caught.value) == f"The database {path} cannot be written: {sentence.format(folder=tmp_path)}"


def test_a_folder_that_cannot_be_made_is_named(paths: Paths) -> None:
    paths.library.parent.mkdir(parents=True)
    paths.library.write_text("in the way")
    with pytest.raises(StoreUnusable, match=f"The folder {paths.library} cannot be created: File exists."):
        Store(paths).open()
