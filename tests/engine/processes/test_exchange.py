"""Atomic renames and exchanges, on file systems with and without support for them."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from borgdesk.engine.processes import exchange as renames
from borgdesk.engine.processes.exchange import exchange, rename_new, settle_exchange, sync_disk


@pytest.fixture(params=["as it is", errno.EINVAL, errno.ENOSYS], ids=str)
def pair(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Provide two files, on a file system with support, and with a kernel that reports none."""
    if isinstance(request.param, int):
        refuse_with(request.param, monkeypatch)
    for name in ("one", "other"):
        (tmp_path / name).write_text(name)
    return tmp_path / "one", tmp_path / "other"


def refuse_with(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the C library call fail."""

    def refused(*_: object) -> int:
        ctypes.set_errno(number)
        return -1

    monkeypatch.setattr(renames, "_libc", lambda: SimpleNamespace(renameat2=refused, syncfs=refused))


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_two_files_change_their_places(pair: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = pair
    exchange(bytes(one), bytes(other))
    assert texts(tmp_path) == {"one": "other", "other": "one"}


def test_a_new_name_is_one_that_nothing_has(pair: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = pair
    with pytest.raises(FileExistsError):
        rename_new(bytes(one), bytes(other))
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        rename_new(bytes(one), bytes(link))
    link.unlink()
    rename_new(bytes(one), bytes(tmp_path / "new"))
    assert texts(tmp_path) == {"new": "one", "other": "other"}


def test_any_other_reason_is_told_and_nothing_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").write_text("one")
    with pytest.raises(FileNotFoundError):
        exchange(bytes(tmp_path / "one"), bytes(tmp_path / "other"))
    with pytest.raises(FileNotFoundError):
        rename_new(bytes(tmp_path / "none"), bytes(tmp_path / "other"))
    refuse_with(errno.EXDEV, monkeypatch)
    for call in (exchange, rename_new):
        with pytest.raises(OSError, match=os.strerror(errno.EXDEV)) as caught:
            call(bytes(tmp_path / "one"), bytes(tmp_path / "other"))
        assert caught.value.errno == errno.EXDEV
    assert texts(tmp_path) == {"one": "one"}


def test_a_disk_that_cannot_be_written_to_the_end_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    sync_disk(bytes(tmp_path))
    refuse_with(errno.EIO, monkeypatch)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        sync_disk(bytes(tmp_path))
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_what_died_between_two_renames_is_settled_by_whoever_comes_after(tmp_path: Path) -> None:
    """The new file has its place already, and the old one only its second name."""
    old = tmp_path / "old.aside"
    old.write_text("old")
    settle_exchange(bytes(tmp_path / "old"))
    assert (tmp_path / "old").read_text() == "old"
    settle_exchange(bytes(tmp_path / "old"))
    assert (tmp_path / "old").read_text() == "old"
    assert not old.exists()
