"""The preview of files from an archive, which may be anybody's."""

from __future__ import annotations

import gzip
import struct
import zlib

import pytest

from borgdesk.gui.archives.file_view import _MOST_LINES, _image, _text

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'


def png(width: int, height: int, *rows: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"".join(rows)))
        + chunk(b"IEND", b"")
    )


def test_a_picture() -> None:
    image = _image(png(2, 1, b"\0\xff\x00"))
    assert image is not None
    assert (image.width(), image.height()) == (2, 1)


def test_a_picture_that_is_larger_than_memory() -> None:
    assert _image(png(60_000, 60_000)) is None


@pytest.mark.parametrize("content", [SVG, gzip.compress(SVG, mtime=0)], ids=["plain", "packed"])
def test_drawings_that_may_take_for_ever_are_no_pictures(content: bytes) -> None:
    """A kilobyte of them can refer to itself a billion times, or unpack to a gigabyte."""
    assert _image(content) is None


def test_a_drawing_is_text() -> None:
    assert _text(SVG) == SVG.decode()


def test_many_lines_are_cut() -> None:
    lines = (_text(b"a\n" * 400_000) or "").split("\n")
    assert len(lines) == _MOST_LINES + 1
    assert lines[-2:] == ["a", "…"]
    assert _text(b"a\n" * 3) == "a\na\na\n"
