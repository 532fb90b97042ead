"""Sizes of many files, asked for in another process."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from borgdesk.engine.processes.file_sizes import FileSizes


def test_kinds_of_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 1234)
    os.utime(tmp_path / "file", ns=(0, 1_700_000_000_123_456_000))
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    odd = tmp_path / "line\nbreak \udcff"
    odd.write_bytes(b"12")
    paths = [str(tmp_path / name) for name in ("file", "folder", "link", "pipe", "missing")] + [str(odd)]
    with FileSizes(lambda: False) as sizes:
        file, folder, link, pipe, missing, strange = sizes.of(paths)
        assert (file.size, file.mtime, file.link) == (1234, 1_700_000_000_123_456, 0)
        assert stat.S_ISREG(file.mode)
        assert (stat.S_ISDIR(folder.mode), folder.size) == (True, 0)
        assert stat.S_ISLNK(link.mode), "links are not followed"
        assert stat.S_ISFIFO(pipe.mode), "pipes are not opened"
        assert missing == (0, 0, 0, 0)
        assert strange.size == 2
        assert sizes.of([]) == []


def test_names_of_one_file_have_the_same_number(tmp_path: Path) -> None:
    (tmp_path / "first").write_bytes(b"x")
    (tmp_path / "second").hardlink_to(tmp_path / "first")
    (tmp_path / "other").write_bytes(b"x")
    (tmp_path / "another").hardlink_to(tmp_path / "other")
    with FileSizes(lambda: False) as sizes:
        first, other = sizes.of([str(tmp_path / "first"), str(tmp_path / "other")])
        (second,) = sizes.of([str(tmp_path / "second")])
    assert first.link == second.link
    assert first.link != other.link
    assert first.link > 0


def test_many_at_once_do_not_fill_a_pipe(tmp_path: Path) -> None:
    name = "n" * 200
    (tmp_path / name).write_bytes(b"xyz")
    with FileSizes(lambda: False) as sizes:
        found = sizes.of([str(tmp_path / name)] * 20_000)
    assert len(found) == 20_000
    assert {one.size for one in found} == {3}


def test_what_does_not_answer_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with FileSizes(lambda: False, limit=0.0) as sizes:
        for _ in range(4):
            assert sizes.of([str(tmp_path / "file")]) == [(0, 0, 0, 0)]
        assert sizes._program is None


def test_a_stop_is_obeyed(tmp_path: Path) -> None:
    with FileSizes(lambda: True) as sizes:
        assert sizes.of([str(tmp_path)]) == [(0, 0, 0, 0)]
