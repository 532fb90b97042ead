"""Parser for the output of ``borg diff``, in chunks of any size, and its handling of invalid output."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.borg.difference import Change, DifferenceReader
from borgdesk.borg.replies import UnexpectedReply
from borgdesk.domain.change import ChangeKind, bits_of

TIMES = [
    {"new_ctime": "2026-11-26T19:46:56.839419", "old_ctime": "2026-11-26T19:46:53.991419", "type": "ctime"},
    {"new_mtime": "2026-11-26T19:46:56.839419", "old_mtime": "2026-11-26T19:46:53.991419", "type": "mtime"},
]
MODE = {"new_mode": "-rwxr-xr-x", "old_mode": "-rw-r--r--", "type": "mode"}
OWNER = {"new_group": "g", "new_user": "u", "old_group": "root", "old_user": "root", "type": "owner"}


def line(path: str, *changes: dict[str, Any]) -> bytes:
    return json.dumps({"changes": changes, "path": path}, sort_keys=True).encode() + b"\n"


def read(output: bytes) -> list[Change]:
    reader = DifferenceReader()
    found = reader.feed(output)
    reader.finish()
    return found


@pytest.mark.parametrize(
    ("changes", "kinds", "added", "removed", "note"),
    [
        ([{"size": 4, "type": "added"}], ["added"], 4, 0, ""),
        ([{"size": 4, "type": "removed"}], ["removed"], 0, 4, ""),
        ([{"type": "added directory"}], ["added"], 0, 0, ""),
        ([{"type": "removed link"}], ["removed"], 0, 0, ""),
        ([{"type": "added fifo"}], ["added"], 0, 0, ""),
        ([{"type": "changed link"}, *TIMES], ["modified"], 0, 0, ""),
        ([{"added": 5, "removed": 3, "type": "modified"}, *TIMES], ["modified"], 5, 3, ""),
        # Borg omits the sizes if the archives were created with different chunker parameters.
        ([{"type": "modified"}, *TIMES], ["modified"], 0, 0, ""),
        ([{"added": 0, "removed": 0, "type": "modified"}, MODE], ["mode"], 0, 0, "-rw-r--r-- → -rwxr-xr-x"),
        ([OWNER, MODE], ["owner", "mode"], 0, 0, "root:root → u:g, -rw-r--r-- → -rwxr-xr-x"),
        ([MODE | {"new_mode": "drwxr-xr-x"}], ["type"], 0, 0, "-rw-r--r-- → drwxr-xr-x"),
    ],
)
def test_what_happened_to_a_path(
    changes: list[dict[str, Any]], kinds: list[str], added: int, removed: int, note: str
) -> None:
    assert read(line("a/b", *changes)) == [("a/b", bits_of(map(ChangeKind, kinds)), added, removed, note)]


@pytest.mark.parametrize("changes", [TIMES, [{"added": 0, "removed": 0, "type": "modified"}, *TIMES]])
def test_times_alone_are_no_change(changes: list[dict[str, Any]]) -> None:
    assert read(line("a", *changes)) == []


def test_names_are_those_of_listings() -> None:
    (change,) = read(b'{"changes": [{"size": 1, "type": "added"}], "path": "a\\udcff\\n\\"b\\u00e9"}\n')
    assert change[0] == 'a?\n"bé'


@given(
    paths=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1),
    size=st.integers(1, 50),
)
def test_pieces_of_any_size_say_the_same(paths: list[str], size: int) -> None:
    output = b"".join(line(path, {"size": 7, "type": "added"}) for path in paths)
    reader = DifferenceReader()
    found = [change for start in range(0, len(output), size) for change in reader.feed(output[start : start + size])]
    reader.finish()
    assert [change[0] for change in found] == paths
    assert found == read(output)


@pytest.mark.parametrize(
    "output",
    [
        b"nonsense\n",
        b"{}\n",
        b"[1]\n",
        b'{"changes": [{"type": "eaten"}], "path": "a"}\n',
        b"\xff\n",
        b"[" * 9999 + b"\n",
    ],
)
def test_what_is_no_difference_is_refused(output: bytes) -> None:
    with pytest.raises(UnexpectedReply, match="cannot be understood"):
        DifferenceReader().feed(output)


def test_half_a_line_is_not_taken_for_the_end() -> None:
    reader = DifferenceReader()
    reader.feed(line("a", MODE)[:-5])
    with pytest.raises(UnexpectedReply, match="not complete"):
        reader.finish()
