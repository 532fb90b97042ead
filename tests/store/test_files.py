"""Files written completely or not at all, and read safely; ``test_script_files.py`` kills writers."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from borgdesk.domain.errors import ScriptUnreadable, StoreUnusable
from borgdesk.store import files

LARGEST = 4 * 1024 * 1024


@pytest.mark.parametrize("content", [b"echo\n", b"#" * LARGEST], ids=["short", "largest"])
def test_what_is_written_is_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "new" / "folder" / "script.sh"
    files.write(path, content, 0o640)
    assert files.read(path) == content
    assert path.stat().st_mode & 0o777 == 0o640
    assert [folder.stat().st_mode & 0o777 for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "is missing"), (b"", "is empty"), (b" \n", "is empty"), (b"#" * (LARGEST + 1), "is larger than 4 MiB")],
    ids=["missing", "empty", "blank", "large"],
)
def test_what_is_no_script(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "script.sh"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ScriptUnreadable, match=words):
        files.read(path)


@pytest.mark.parametrize("size", [100, 64 * 1024, 64 * 1024 + 1, 200_000, LARGEST])
def test_a_file_system_that_tells_no_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    content = b"#" * (size - 1) + b"\n"
    (tmp_path / "script.sh").write_bytes(content)
    fstat = os.fstat

    def without_size(descriptor: int) -> os.stat_result:
        told = list(fstat(descriptor))
        told[stat.ST_SIZE] = 0
        return os.stat_result(told)

    monkeypatch.setattr(os, "fstat", without_size)
    assert files.read(tmp_path / "script.sh") == content
    with (tmp_path / "script.sh").open("ab") as file:
        file.write(b"#" * (LARGEST - size + 1))
    with pytest.raises(ScriptUnreadable, match="is larger than 4 MiB"):
        files.read(tmp_path / "script.sh")


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(ScriptUnreadable, match="is not a regular file"):
            files.read(tmp_path / name)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ScriptUnreadable, match="cannot be read: Too many levels"):
        files.read(tmp_path / "loop")


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("elsewhere/file")
    files.write(tmp_path / "link", b"text", 0o700)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "elsewhere" / "file").read_bytes() == b"text"


def test_an_error_of_the_file_system_is_a_sentence() -> None:
    sentence = r"^The file x cannot be written: No such file .*\. Nothing was changed\.$"
    with pytest.raises(StoreUnusable, match=sentence), files.blamed("The file x cannot be written"):
        Path("/nowhere/at/all").read_text()


def test_what_a_killed_process_left(tmp_path: Path) -> None:
    left = [tmp_path / files.hidden_name("added-7"), tmp_path / "sub" / files.hidden_name("removed-8")]
    others = [tmp_path / ".borgdesk-1", tmp_path / "a.partial", tmp_path / ".git" / files.hidden_name("added-9")]
    for path in (*left, *others):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert sorted(files.leftovers(tmp_path)) == [(left[0], "added-7"), (left[1], "removed-8")]


@pytest.mark.parametrize(("age", "abandoned"), [(0, False), (3500, False), (3700, True)])
def test_when_an_unfinished_file_is_nobody_s(tmp_path: Path, age: float, abandoned: bool) -> None:
    path = tmp_path / "file"
    path.touch()
    os.utime(path, (time.time() - age, time.time() - age))
    assert files.is_abandoned(path) is abandoned
    assert not files.is_abandoned(tmp_path / "missing")


class TestPuttingInPlace:
    @pytest.fixture
    def aside(self, tmp_path: Path) -> Path:
        path = tmp_path / "aside"
        path.write_text("ours")
        return path

    def test_a_free_name(self, aside: Path, tmp_path: Path) -> None:
        assert files.put_in_place(aside, tmp_path / "name")
        assert (tmp_path / "name").read_text() == "ours"
        assert not aside.exists()

    def test_a_name_that_somebody_has(self, aside: Path, tmp_path: Path) -> None:
        (tmp_path / "name").write_text("theirs")
        assert not files.put_in_place(aside, tmp_path / "name")
        assert (tmp_path / "name").read_text() == "theirs"
        assert aside.read_text() == "ours"

    def test_half_done_before(self, aside: Path, tmp_path: Path) -> None:
        (tmp_path / "name").hardlink_to(aside)
        assert files.put_in_place(aside, tmp_path / "name")
        assert not aside.exists()
        assert (tmp_path / "name").read_text() == "ours"

    def test_done_before(self, aside: Path, tmp_path: Path) -> None:
        aside.rename(tmp_path / "name")
        assert files.put_in_place(aside, tmp_path / "name")
        assert (tmp_path / "name").read_text() == "ours"
        assert not files.put_in_place(aside, tmp_path / "other")

    def test_a_link_stays_one(self, tmp_path: Path) -> None:
        (tmp_path / "aside").symlink_to("nowhere")
        assert files.put_in_place(tmp_path / "aside", tmp_path / "name")
        assert (tmp_path / "name").readlink() == Path("nowhere")

    @pytest.mark.parametrize("taken", [False, True])
    def test_a_file_system_without_hard_links(
        self, aside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: bool
    ) -> None:
        def link(*_: object, **__: object) -> None:
            raise PermissionError

        monkeypatch.setattr(os, "link", link)
        if taken:
            (tmp_path / "name").write_text("theirs")
        assert files.put_in_place(aside, tmp_path / "name") is not taken
        assert (tmp_path / "name").read_text() == ("theirs" if taken else "ours")
        assert aside.exists() is taken


def test_what_was_done_is_undone_on_an_error_only() -> None:
    undone: list[str] = []

    def change(*what: str, fail: bool) -> None:
        with files.undone_on_error() as undo:
            for one in what:
                undo.callback(undone.append, one)
            if fail:
                raise KeyError

    change("kept", fail=False)
    with pytest.raises(KeyError):
        change("first", "second", fail=True)
    assert undone == ["second", "first"]
