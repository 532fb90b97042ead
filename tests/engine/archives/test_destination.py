"""The destination of a restore, looked at without Borg."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.engine.archives.destination import Destination
from borgdesk.engine.archives.listings import kept_listing
from borgdesk.engine.archives.selection import RestoreRequest, Selection
from tests.engine.archives.lab import listed
from tests.engine.desk import Desk


@pytest.fixture
def out(desk: Desk) -> Iterator[Destination]:
    """Provide the destination of a file of 1000 bytes."""
    archive = listed(desk.workspace, ("one", 0o100644, 1000, 0, ""))
    desk.file("out").mkdir()
    listing = kept_listing(desk.workspace, archive)
    assert listing is not None
    with listing:
        yield Destination(desk.workspace, Selection(listing, archive, RestoreRequest((), desk.file("out"))))


@pytest.mark.parametrize("lacking", [0, 1])
def test_some_space_stays_free(out: Destination, monkeypatch: pytest.MonkeyPatch, lacking: int) -> None:
    usage = SimpleNamespace(free=1000 + 67_108_864 - lacking)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    if not lacking:
        out.check_now()
        return
    with pytest.raises(InvalidInput, match="67,109,864 bytes are needed, 67,109,863 are free"):
        out.check_now()


def test_a_folder_of_somebody_else(out: Destination, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file system is as writable as any."""
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(InvalidInput, match=f"{desk.file('out')} cannot be written: permission denied"):
        out.home()


def test_what_is_to_be_made_is_named_from_the_outside(desk: Desk, out: Destination) -> None:
    assert out.missing() == []
    out.root = Path(desk.file("out"), "a", "b")
    assert out.missing() == [desk.file("out") / "a", desk.file("out") / "a" / "b"]
