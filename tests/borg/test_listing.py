"""Parser for the output of ``borg list``, in chunks of any size."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgdesk.borg.listing import FORMAT, ListedItem, ListingReader, permissions
from borgdesk.borg.replies import UnexpectedReply
from borgdesk.domain.bounds import LARGEST

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TYPES = {
    stat.S_IFDIR: "d", stat.S_IFREG: "-", stat.S_IFLNK: "l", stat.S_IFIFO: "p", stat.S_IFSOCK: "s",
    stat.S_IFCHR: "c", stat.S_IFBLK: "b",
}  # fmt: skip

modes = st.builds(int.__or__, st.sampled_from(sorted(TYPES)), st.integers(0, 0o7777))
moments = st.datetimes(datetime(1901, 1, 1), datetime(2200, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
items = st.tuples(names.filter(bool), modes, st.integers(0, LARGEST), moments, names)


def printed(path: str, mode: int, size: int, at: datetime, target: str) -> bytes:
    moment = at.replace(tzinfo=None).isoformat()
    return "".join(f"{field}\0" for field in (stat.filemode(mode), size, moment, path, target)).encode()


def read(chunks: list[bytes]) -> list[ListedItem]:
    reader = ListingReader()
    found = [item for chunk in chunks for item in reader.feed(chunk)]
    reader.finish()
    return found


def test_the_format_asks_for_what_is_read() -> None:
    assert FORMAT == "{mode}{NUL}{size}{NUL}{isomtime}{NUL}{path}{NUL}{source}{NUL}"


@given(st.lists(items, max_size=4), st.lists(st.integers(0, 300)))
def test_items_come_back_as_they_are_whatever_the_chunks(
    listed: list[tuple[str, int, int, datetime, str]], cuts: list[int]
) -> None:
    text = b"".join(printed(*item) for item in listed)
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    assert read([text[start:end] for start, end in pairwise(places)]) == [
        (path, mode, size, (at - EPOCH) // timedelta(microseconds=1), target) for path, mode, size, at, target in listed
    ]


def test_items_come_back_byte_by_byte() -> None:
    """A chunk may end right before the separator behind an empty field."""
    text = printed("a", 0o100644, 1, EPOCH, "") + printed("b", 0o120777, 1, EPOCH, "a")
    found = read([text[place : place + 1] for place in range(len(text))])
    assert found == [("a", 0o100644, 1, 0, ""), ("b", 0o120777, 1, 0, "a")]


@pytest.mark.parametrize(
    ("moment", "microseconds"),
    [("1970-01-01T00:00:00", 0), ("1970-01-01T00:01:02", 62_000_000), ("1970-01-02T00:00:00.5", 86_400_500_000)],
)
def test_moments_with_and_without_a_fraction(moment: str, microseconds: int) -> None:
    (item,) = read([f"-rw-r--r--\x001\0{moment}\0a\0\0".encode()])
    assert item[3] == microseconds


def test_a_later_name_of_a_file_is_a_file_too() -> None:
    (item,) = read([b"hrw-r-----\x000\x001970-01-01T00:00:00\0b\0a\0"])
    assert item == ("b", stat.S_IFREG | 0o640, 0, 0, "a")


@given(st.integers(0, 0o7777))
def test_permissions_are_those_that_are_shown(bits: int) -> None:
    assert permissions(stat.filemode(stat.S_IFREG | bits)) == bits


WHOLE = b"-rw-r--r--\x001\x001970-01-01T00:00:00\0a\0\0"


@pytest.mark.parametrize(
    "chunk",
    [
        b"Are you sure?\x001\x001970-01-01T00:00:00\0a\0\0",
        WHOLE.replace(b"\x001\0", b"\0one\0"),
        WHOLE.replace(b"1970", b"then"),
        WHOLE.replace(b"a\0", b"\xff\0"),
    ],
    ids=["mode", "size", "time", "not UTF-8"],
)
def test_what_is_no_listing_is_told(chunk: bytes) -> None:
    reader = ListingReader()
    with pytest.raises(UnexpectedReply, match="cannot be understood"):
        list(reader.feed(WHOLE + chunk))


@pytest.mark.parametrize("cut", [1, 5, len(WHOLE) - 1])
def test_a_listing_that_ends_in_an_item_is_not_complete(cut: int) -> None:
    reader = ListingReader()
    assert len(list(reader.feed(WHOLE + WHOLE[:cut]))) == 1
    with pytest.raises(UnexpectedReply, match="not complete"):
        reader.finish()
