"""Names of files in the library folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.store.library_names import checked_name, file_names, free_name, is_ours, relative_name, renamed


@pytest.mark.parametrize("name", ["stop.sh", "a", "größe.py", "x" * 240, "~a", "a.partial.sh", "نسخه\u200cها.sh"])
def test_names_of_scripts(name: str) -> None:
    assert is_ours(name)
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name", [".git", "stop.sh~", ".borgdesk-1.partial", "stop.partial", "a/b", "a\nb", "a\u202eb", "x" * 241, "ü" * 121]
)
def test_names_of_no_script(name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name of a file in the library"):
        checked_name(name)


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    assert free_name(tmp_path, "stop.sh", []) == "stop.sh"
    (tmp_path / "stop.sh").touch()
    assert free_name(tmp_path, "stop.sh", []) == "stop-2.sh"
    assert free_name(tmp_path, "stop.sh", ["stop-2.sh", "stop-3.sh"]) == "stop-4.sh"
    (tmp_path / "stop-2.sh").symlink_to("nowhere")
    assert free_name(tmp_path, "stop.sh", []) == "stop-3.sh"
    assert free_name(tmp_path, "plain", ["plain"]) == "plain-2"


def test_a_path_below_the_folder(tmp_path: Path) -> None:
    assert relative_name(tmp_path, tmp_path / "a.sh") == "a.sh"
    assert relative_name(tmp_path, tmp_path / "b" / ".." / "c" / "a.sh") == "c/a.sh"
    assert relative_name(tmp_path, Path("c/a.sh")) == "c/a.sh"


@pytest.mark.parametrize("path", ["", ".", "..", "../other/a.sh", "/a.sh"])
def test_a_path_elsewhere(tmp_path: Path, path: str) -> None:
    with pytest.raises(InvalidInput, match="is not in the library folder"):
        relative_name(tmp_path / "library", Path(path))


@pytest.mark.parametrize("path", [".git/hook.sh", "a/.b.sh", "old.sh~", "old~/a.sh", "a\n.sh"])
def test_a_path_that_is_hidden(tmp_path: Path, path: str) -> None:
    with pytest.raises(InvalidInput, match="is hidden or a temporary copy"):
        relative_name(tmp_path, Path(path))


def test_the_files_of_the_library(tmp_path: Path) -> None:
    library = tmp_path / "library"
    names = (
        "b.sh",
        "a/z.sh",
        "a/b/c.sh",
        ".git/config",
        "a/.hidden",
        "old~/x.sh",
        "x.sh~",
        "y.partial",
        "line\nend.sh",
    )
    for name in names:
        path = library / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (library / "dangling.sh").symlink_to("nowhere")
    (library / "link.sh").symlink_to("b.sh")
    assert file_names(library) == ["a/b/c.sh", "a/z.sh", "b.sh", "link.sh"]
    assert file_names(tmp_path / "missing") == []


def test_renaming_what_may_be_gone(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text")
    assert renamed(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "text"
    assert not renamed(tmp_path / "a", tmp_path / "c")
