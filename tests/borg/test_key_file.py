"""Copies of keys, as Borg 1.2.4 exported them, whole and damaged in every way."""

from __future__ import annotations

import base64
import re
from hashlib import sha256

import pytest

from borgdesk.borg.key_file import as_lines, parse_key
from borgdesk.domain.errors import InvalidInput

ID = "eb5ad4f57efca3f7e1e448d59aaea1df09a41ec5650a7825ccb4854b9b53b4e2"
KEY = f"""BORG_KEY {ID}
hqlhbGdvcml0aG2mc2hhMjU2pGRhdGHaAZ76WE6XLcBBBqqC7kz9k175J16+9pHof6G2Fl
lSjUPL8uq7k8GExhirsYxwUlJaAf9TEgHK+plV4fDag8IDn7pOKFazcXzsUae5oqnYr6Bb
bVvv4UQzolLIz8WMybTlqswPdAYhEJwVWdaISq5qZ/eJhW2Gao+3eQK0avRQC3pHFA7Ccp
r2HOA5dZzC/OPVMpcldBnz0usPiIei0q/5V4DotNVYDL7AwL3igbLKJxszm+IgPoZvxtJk
Qer9dyBLc7cccsLUUmwgyQGFm6voF8qoOXv7SI7Dfp+7d9bfkcdRY9VHBfJYy07h6LEE43
bz4mPS3HTXGrhfxDriVlfObuQ4NtpyjeGAM5TYFfNqSdC4e8u0q1KngM2xYiGoHcq2pdtn
JnYZ1aDs/tDY9u8O9gs4PSUEx/+kOm/M0u6mPH4CTjNsw9mbzK93gR95fLlhbUHv81rMrc
6jT35Hf2hdTqgSQZlCm7fnclMP+7nRpUqdkncUwOKFzHke9FqPtaEmbqoA8sifwfj9eBRv
7B5swvj5wANz0D1Nn88vYpIsd6ykaGFzaNoAINCwMWlrK+obCAP2/E7VMFRi8EohV9qoZC
/PEwQdRha3qml0ZXJhdGlvbnPOAAGGoKRzYWx02gAg+4ZUy0cB97Kkry1sK/yXXO8DwFX+
AVJAif7JYyhysE6ndmVyc2lvbgE=
"""
TITLE = "BORG PAPER KEY v1"
BLOB = base64.b64decode(KEY.partition("\n")[2])


def digits(data: bytes, count: int) -> str:
    return sha256(data).hexdigest()[:count]


def grouped(text: str) -> str:
    return " ".join(re.findall(".{1,6}", text))


def paper() -> str:
    """Return the key in Borg's format for paper (its manual, “borg key export”)."""
    parts = [BLOB[at : at + 18] for at in range(0, len(BLOB), 18)]
    head = f"{len(parts)}/{ID[:18]}/{digits(BLOB, 12)}"
    lines = [
        f"{number:2d}: {grouped(part.hex())} - {digits(number.to_bytes(2, 'big') + part, 2)}"
        for number, part in enumerate(parts, 1)
    ]
    first = f"id: {len(parts)} / {grouped(ID[:18])} / {grouped(digits(BLOB, 12))} - {digits(head.encode(), 2)}"
    return "\n".join(["To restore key use borg key import --paper /path/to/repo", "", TITLE, first, *lines])


def test_a_key_file() -> None:
    copy = parse_key(KEY.encode())
    assert (copy.repository_id, copy.blob, copy.has_whole_id) == (ID, BLOB, True)
    assert copy.as_file(ID) == KEY
    assert copy.belongs_to(ID)
    assert not copy.belongs_to("0" * 64)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(KEY.replace("\n", "\r\n"), id="Windows"),
        pytest.param("\ufeff" + KEY, id="byte order mark"),
        pytest.param("\n" + KEY + "\n\n", id="blank lines"),
        pytest.param(KEY.rstrip(), id="no end of line"),
        pytest.param(f'<html><textarea id="keyfile">{KEY}</textarea>BORG PAPER KEY v1</html>', id="page"),
    ],
)
def test_the_same_key_in_other_clothes(text: str) -> None:
    assert parse_key(text.encode()).as_file(ID) == KEY


def test_printed_text() -> None:
    copy = parse_key(paper().encode())
    assert (copy.repository_id, copy.blob, copy.has_whole_id) == (ID[:18], BLOB, False)
    assert copy.as_file(ID) == KEY
    typed = paper().partition(TITLE)[2].upper().replace(" ", "  ")
    assert parse_key((TITLE + typed).encode()).blob == BLOB


def test_every_truncated_key_is_refused() -> None:
    for length in range(len(KEY.rstrip())):
        with pytest.raises(InvalidInput):
            parse_key(KEY[:length].encode())


def test_every_damaged_line_of_printed_text_is_refused() -> None:
    lines = paper().splitlines()
    for number in range(3, len(lines)):
        line = lines[number]
        changed = ("1" if line[-6] != "1" else "2").join((line[:-6], line[-5:]))
        for damaged in ([*lines[:number], changed, *lines[number + 1 :]], [*lines[:number], *lines[number + 1 :]]):
            with pytest.raises(InvalidInput, match="is a damaged copy of a key"):
                parse_key("\n".join(damaged).encode())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"", "is not a Borg key as written by “borg key export”", id="empty"),
        pytest.param(b"\xff\xfe\0\1", "is not a Borg key as written by “borg key export”", id="bytes"),
        pytest.param(b"BORG_KEY", "its first line is incomplete", id="name"),
        pytest.param(b"BORG_KEY 12\nabcd\n", "its first line is incomplete", id="short id"),
        pytest.param(f"BORG_KEY {ID}\n".encode(), "its text is incomplete", id="nothing"),
        pytest.param(f"BORG_KEY {ID}\n####\n".encode(), "characters of it are wrong", id="not base64"),
        pytest.param(f"BORG_KEY {ID}\n{as_lines(b'text')}".encode(), "its text is incomplete", id="not a map"),
        pytest.param(b"BORG PAPER KEY v1\n", "the line that begins with “id:” is wrong", id="paper without lines"),
        pytest.param(b"BORG PAPER KEY v1\nid: 9999999 / a - b\n", "begins with “id:” is wrong", id="huge paper"),
    ],
)
def test_what_is_no_key(content: bytes, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        parse_key(content)
