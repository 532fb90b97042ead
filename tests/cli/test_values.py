"""Values of options: what is accepted, and what is said of the others."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import pytest

from borgdesk.cli import values
from borgdesk.cli.tables import facts
from borgdesk.cli.terminal import Screen


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0", "0 is not possible. It must be at least 1."),
        ("-1", "-1 is not possible. It must be at least 1."),
        ("4", "4 is not possible. It must be at most 3."),
        ("x", "“x” is not a whole number."),
        ("1.5", "“1.5” is not a whole number."),
        ("", "“” is not a whole number."),
    ],
)
def test_numbers_that_are_none(text: str, sentence: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        values.at_most(3)(text)
    assert str(caught.value) == sentence


def test_numbers_up_to_the_limit() -> None:
    assert [values.at_most(3)(text) for text in ("1", "2", "3")] == [1, 2, 3]


def test_only_paths_that_are_not_absolute_are_made_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Borg 1.4 gives ``/./`` in a path a meaning."""
    monkeypatch.chdir(tmp_path)
    assert values.source("/a/./b/../c") == "/a/./b/../c"
    assert values.source("a/../b") == str(tmp_path / "b")
    assert values.source("") == ""


def test_values_of_several_lines_are_aligned() -> None:
    stream = io.StringIO()
    facts(Screen(stream, {}), [("Name", "one"), ("Comment", "first\nsecond"), ("Left out", "")], indent=1)
    assert stream.getvalue().splitlines() == [" Name     one", " Comment  first", " " * 10 + "second"]
