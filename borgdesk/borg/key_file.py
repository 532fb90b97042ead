"""Reads copies of a repository's key: the file, the printed text and the page with a QR code that Borg exports.

Borg itself imports whatever follows the first line of a file, over the key that a repository has. So a copy is checked
before Borg gets it: a damaged one would lock everybody out.
"""

from __future__ import annotations

import base64
import binascii
import re
import textwrap
from dataclasses import dataclass

from borgdesk.domain.digests import sha256
from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import _

LARGEST = 512 * 1024
"""Bytes: Borg's page has 66 kB, most of it the program that draws the QR code."""

_FILE_ID = "BORG_KEY"
_FIRST_LINE = re.compile(rf"{_FILE_ID} ([0-9a-f]{{64}})")
_PAPER = "BORG PAPER KEY v1"
_PAPER_HEAD = re.compile(r"([0-9]{1,3})/([0-9a-f]{18})/([0-9a-f]{12})")
_TEXT_AREA = re.compile(r"<textarea[^>]*>(.*?)</textarea>", re.DOTALL)
_ID_LENGTH = 64
"""Digits of a repository's id; the printed text has only some of them."""


@dataclass(frozen=True, slots=True)
class KeyCopy:
    """A complete copy of a key."""

    repository_id: str
    """Hexadecimal; only the first 18 digits if the copy is a printed text."""
    blob: bytes
    """What Borg stores: the key, encrypted with a passphrase."""

    @property
    def has_whole_id(self) -> bool:
        """Whether the copy has the whole id of its repository."""
        return len(self.repository_id) == _ID_LENGTH

    def belongs_to(self, borg_id: str) -> bool:
        """Return whether it is the key of the repository with this id."""
        return borg_id.startswith(self.repository_id)

    def as_file(self, borg_id: str) -> str:
        """Return it in the form that Borg imports."""
        return f"{_FILE_ID} {borg_id}\n{as_lines(self.blob)}"


def as_lines(blob: bytes) -> str:
    """Return a key as Borg writes it below the first line of a key file."""
    return "".join(f"{line}\n" for line in textwrap.wrap(base64.b64encode(blob).decode()))


def parse_key(content: bytes) -> KeyCopy:
    """Parse a copy of a key in any form that ``borg key export`` writes.

    Raises:
        InvalidInput: it is none, or it is damaged; a sentence that begins with what the file is.
    """
    text = content.decode("utf-8", "replace").replace("\r\n", "\n").removeprefix("\ufeff")
    if (page := _TEXT_AREA.search(text)) is not None:
        import html  # With a table of all entities, which nothing else needs.

        text = html.unescape(page[1])
    elif _PAPER in text:
        return _from_paper(text)
    lines = [line.strip() for line in text.strip().splitlines()]
    first = _FIRST_LINE.fullmatch(lines[0]) if lines else None
    if first is None:
        if text.lstrip().startswith(_FILE_ID):
            raise _damaged(_("its first line is incomplete"))
        raise InvalidInput(_("is not a Borg key as written by “borg key export”"))
    try:
        blob = base64.b64decode("".join(lines[1:]), validate=True)
    except binascii.Error:
        raise _damaged(_("its text is incomplete, or characters of it are wrong")) from None
    return _complete(first[1], blob)


def _from_paper(text: str) -> KeyCopy:
    """Parse the printed text, each line of which has a checksum."""
    rows = [line.replace(" ", "").lower() for line in text[text.index(_PAPER) :].splitlines()[1:] if line.strip()]
    head, _dash, check = rows[0].removeprefix("id:").partition("-") if rows else ("", "", "")
    parts = _PAPER_HEAD.fullmatch(head)
    if parts is None or _digest(head.encode(), 2) != check:
        raise _damaged(_("the line that begins with “id:” is wrong"))
    blob = b""
    for number in range(1, int(parts[1]) + 1):
        row = rows[number] if number < len(rows) else ""
        blob += _paper_line(number, row)
    if _digest(blob, 12) != parts[3]:
        raise _damaged(_("its lines do not belong together"))
    return _complete(parts[2], blob)


def _paper_line(number: int, row: str) -> bytes:
    begins, _colon, rest = row.partition(":")
    digits, _dash, check = rest.partition("-")
    try:
        part = bytes.fromhex(digits)
    except ValueError:
        part = b""
    if begins != str(number) or not part or _digest(number.to_bytes(2, "big") + part, 2) != check:
        raise _damaged(_("line {number} is wrong or missing").format(number=number))
    return part


def _digest(data: bytes, digits: int) -> str:
    return sha256(data).hexdigest()[:digits]


def _complete(repository_id: str, blob: bytes) -> KeyCopy:
    end = _end_of_map(blob)
    if end is None or end > len(blob):
        raise _damaged(_("its text is incomplete, or characters of it are wrong"))
    return KeyCopy(repository_id, blob[:end])


def _damaged(how: str) -> InvalidInput:
    return InvalidInput(_("is a damaged copy of a key: {how}").format(how=how))


def _end_of_map(blob: bytes) -> int | None:
    """Return where the MessagePack map of a key ends (beyond *blob* if that is incomplete); None if there is none."""
    if not blob or blob[0] not in _SHORT_MAP:
        return None
    place: int | None = 1
    for _member in range(2 * (blob[0] & 0x0F)):
        if place is None or place >= len(blob):
            return None
        place = _end_of_value(blob, place)
    return place


_SMALL_NUMBER, _SHORT_MAP, _SHORT_TEXT, _NEGATIVE_NUMBER = (
    range(0x80), range(0x80, 0x90), range(0xA0, 0xC0), range(0xE0, 0x100),
)  # fmt: skip
_LENGTH_BYTES = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
"""Strings and bytes by type: how many bytes their length has. (MessagePack's specification.)"""
_NUMBER_BYTES = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8, 0xC0: 0, 0xC2: 0, 0xC3: 0}
"""Numbers, nothing, and yes or no."""


def _end_of_value(blob: bytes, place: int) -> int | None:
    kind = blob[place]
    if kind in _SMALL_NUMBER or kind in _NEGATIVE_NUMBER:
        return place + 1
    if kind in _SHORT_TEXT:
        return place + 1 + (kind & 0x1F)
    if kind in _NUMBER_BYTES:
        return place + 1 + _NUMBER_BYTES[kind]
    if (size := _LENGTH_BYTES.get(kind)) is None:
        return None
    begin = place + 1 + size
    return begin + int.from_bytes(blob[place + 1 : begin], "big")
