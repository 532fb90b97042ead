"""YAML files: what borgmatic's includes and merges mean, and files that are meant to hurt."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from borgdesk.domain.errors import InvalidInput
from borgdesk.engine.imports.yaml_files import load


def write(folder: Path, **files: str) -> Path:
    """Write files (``main`` becomes ``main.yaml``) and return the first."""
    paths = []
    for name, text in files.items():
        paths.append(folder / f"{name}.yaml")
        paths[-1].write_text(text)
    return paths[0]


def test_scalars_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    text = "a: on\nb: yes\nc: true\nd: 0o17\ne: 0077\nf: 1.5\ng: null\nh: 2024-01-02\ni: '5'\nj: ~\nk: 0x10\nl:\n"
    assert load(write(tmp_path, main=text)) == {
        "a": "on", "b": "yes", "c": True, "d": 15, "e": 77, "f": 1.5, "g": None, "h": "2024-01-02", "i": "5",
        "j": None, "k": 16, "l": None,
    }  # fmt: skip


def test_includes_are_merged_deeply(tmp_path: Path) -> None:
    main = """
<<: !include common.yaml
list: [!omit b, d]
kept: !retain [x]
deep: {one: 1, inner: {b: 2}}
"""
    common = "list: [a, b, c]\nkept: [y, z]\ndeep: {two: 2, inner: {a: 1}}\nmore: !include value.yaml\n"
    loaded = load(write(tmp_path, main=main, common=common, value="[1, 2]"))
    assert loaded == {
        "list": ["a", "c", "d"],
        "kept": ["x"],
        "deep": {"one": 1, "two": 2, "inner": {"a": 1, "b": 2}},
        "more": [1, 2],
    }


def test_several_includes_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, main="<<: !include [one.yaml, two.yaml]\nc: 3\n", one="a: 1\nb: 1\n", two="b: 2\nc: 2\n")
    assert load(path) == {"a": 1, "b": 2, "c": 3}


def test_anchors(tmp_path: Path) -> None:
    text = "base: &base {a: 1}\nbase2: &base {a: 2}\nother: {<<: *base, b: 2}\nlist: [*base, *base]\n"
    assert load(write(tmp_path, main=text)) == {
        "base": {"a": 1}, "base2": {"a": 2}, "other": {"a": 2, "b": 2}, "list": [{"a": 2}, {"a": 2}],
    }  # fmt: skip


def laughs() -> str:
    lines = ["a0: &a0 [lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join(lines)


def tower() -> str:
    """Anchors in anchors: each of them is flat enough."""
    lines = ["a0: &a0 x"]
    lines += [f"a{n}: &a{n} {'[' * 40}*a{n - 1}{']' * 40}" for n in range(1, 60)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a: [", "is not valid YAML", id="open"),
        pytest.param("\ta: b", r"is not valid YAML \(line 1\)", id="tab"),
        pytest.param("a: b\n---\nc: d\n", "is not valid YAML", id="two documents"),
        pytest.param("[" * 5000, "is nested too deeply", id="deep flow"),
        pytest.param("\n".join(" " * n + "-" for n in range(500)), "is nested too deeply", id="deep block"),
        pytest.param("[" + "1," * 250_000 + "]", "is nested too deeply, or has far too many", id="long"),
        pytest.param(laughs(), "expands to far too many values", id="billion laughs"),
        pytest.param(tower(), "is nested too deeply", id="tower of anchors"),
        pytest.param("a: &x [*x]", "a value that contains itself", id="itself"),
        pytest.param("a: &x {<<: *x}", "a value that contains itself", id="merged with itself"),
        pytest.param("a: *nobody", "is not valid YAML", id="unknown anchor"),
        pytest.param("a: !!python/object/apply:os.system [id]", "tag “!!python/object/apply:os.system”", id="python"),
        pytest.param("a: !!binary aGk=", "tag “!!binary”", id="binary"),
        pytest.param("a: !own x", "tag “!own”", id="own tag"),
        pytest.param("? [a]\n: b", "a name must be a text", id="complex key"),
        pytest.param("<<: 5", "only named values can be merged", id="merged number"),
        pytest.param("a: " + "9" * 5000, "the number is too long", id="long number"),
        pytest.param("a: !include", "must name a file", id="include of nothing"),
        pytest.param("a: !include {b: c}", "must name a file", id="include of a mapping"),
        pytest.param("a: !include missing.yaml", "cannot be read", id="include of a missing file"),
        pytest.param("a: !include /etc/shadow", "is not a YAML file", id="include of a secret"),
        pytest.param("a: !include ../../../etc/passwd", "is not a YAML file", id="include of another file"),
        pytest.param("a: !include main.yaml", "includes itself", id="loop"),
        pytest.param("a: !include ./folder/../main.yaml", "includes itself|cannot be read", id="hidden loop"),
        pytest.param("a: !include ~nobody-here/x.yaml", "cannot be read", id="include of a missing user"),
        pytest.param('a: !include "x\\0.yaml"', "is not a YAML file", id="include with a nul"),
        pytest.param("a: !include pipe.yaml", "is not a file", id="pipe"),
        pytest.param("a: !include folder.yaml", "is not a file", id="folder"),
        pytest.param('a: "\\ud800"', r"is not valid YAML \(line 1\)", id="half a character"),
        pytest.param('"\\udc80": a', "is not valid YAML", id="half a character as a name"),
        pytest.param("a: \x00", "is not valid YAML", id="nul"),
        pytest.param("%YAML 9.9\n---\na: b", "is not valid YAML", id="version"),
    ],
)
def test_hostile_files_are_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(InvalidInput, match=said):
        load(write(tmp_path, main=text))


def test_a_loop_over_several_files(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="includes itself"):
        load(write(tmp_path, main="a: !include one.yaml", one="b: !include two.yaml", two="c: !include main.yaml"))


def test_a_tree_of_includes_has_a_limit(tmp_path: Path) -> None:
    files = {f"f{n}": f"a: !include f{n + 1}.yaml\nb: !include f{n + 1}.yaml\n" for n in range(20)}
    with pytest.raises(InvalidInput, match="includes more than 50 files"):
        load(write(tmp_path, **files, f20="1"))


def test_a_link_to_a_secret_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n")
    (tmp_path / "linked.yaml").symlink_to(tmp_path / "key")
    with pytest.raises(InvalidInput) as caught:
        load(write(tmp_path, main="a: !include linked.yaml\nb: ["))
    assert "c2VjcmV0" not in str(caught.value)


def test_an_empty_file(tmp_path: Path) -> None:
    assert load(write(tmp_path, main="# nothing\n")) is None


def test_a_file_of_many_megabytes(tmp_path: Path) -> None:
    path = write(tmp_path, main="")
    os.truncate(path, 1 << 30)
    with pytest.raises(InvalidInput, match="is larger than 4 MiB"):
        load(path)
