"""Which characters names may consist of: whatever people write in any language, but nothing that acts unseen."""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"
"""Part of words in Persian and Indian languages, and of emoji that consist of several."""
_MARKS = "\u200e\u200f\u061c"
"""Say the direction of the punctuation beside them, and nothing about the text that follows."""
_DRAWN = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
"""Signs before numbers, which Unicode counts among the invisible characters."""
_ACCEPTED = frozenset(_JOINERS + _MARKS + _DRAWN)
_UNSEEN = frozenset(_JOINERS + _MARKS)

_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
"""The flag of a region, such as Scotland: letters that are invisible where they do not follow a flag."""

_NEWER = tuple(range(plane, plane + 0xFFFE) for plane in (0x10000, 0x20000, 0x30000))
"""Where characters are added that this Python may not know yet, such as the emoji of the year.

The last two of each plane are none."""


def is_readable(text: str) -> bool:
    """Return whether *text* has only characters of one line that are seen, or belong to those that are.

    Refused are control characters, line breaks, and what reverses the direction of the text that follows.
    """
    return text.isprintable() or all(map(_is_readable, _FLAG.sub("", text)))


def readable(text: str, instead: str = "") -> str:
    """Return *text* with *instead* of each character that :func:`is_readable` refuses."""
    return text if is_readable(text) else "".join(c if _is_readable(c) else instead for c in text)


def is_blank(text: str) -> bool:
    """Return whether there is nothing to be seen in *text*."""
    return all(character.isspace() or character in _UNSEEN for character in text)


def _is_readable(character: str) -> bool:
    if character.isprintable() or character in _ACCEPTED:
        return True
    category = unicodedata.category(character)
    return category == "Zs" or (category == "Cn" and any(ord(character) in plane for plane in _NEWER))
