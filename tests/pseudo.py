"""Pseudo languages generated from the template of messages, which reveal unmarked, cut and unmirrored texts.

"{count} files" becomes "[{count} ƒíļéš~~~]", or "[{count} רטךקד]", which is read from right to left.
"""

from __future__ import annotations

import io
import re
import string
from collections.abc import Callable
from gettext import GNUTranslations
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

NAME = "eo"
"""A language whose plurals Babel knows, and for which there is no real catalogue."""

_TEMPLATE = Path(__file__).parents[1] / "borgdesk" / "locale" / "borgdesk.pot"
_ACCENTS = str.maketrans("aceilnorsuyzACEILNORSUYZ", "áćéíļñóŕšúýžÁĆÉÍĻÑÓŔŠÚÝŽ")
_HEBREW = {ord(letter): ord("א") + place % 27 for place, letter in enumerate(string.ascii_letters)}
_KEPT = re.compile(r"(\{[^}]*\}|%\([^)]*\)\w|%[a-z]|<[^>]*>|&\w|\\.|[A-Z_]{2,}|https?://\S+)")
"""Placeholders, markup, mnemonics, and literal input, which are kept."""
_LONGER = 0.4


def pseudo(text: str) -> str:
    """Return *text* with accents, in brackets, and two fifths longer."""
    return text if _is_sign(text) else f"[{_with_letters(text, _ACCENTS)}{'~' * round(len(text) * _LONGER)}]"


def hebrew(text: str) -> str:
    """Return *text* in letters that are written from right to left, in brackets."""
    return text if _is_sign(text) else f"[{_with_letters(text, _HEBREW)}]"


def _is_sign(text: str) -> bool:
    """Return whether a text is a sign within a number."""
    return text in (",", ".")


def _with_letters(text: str, letters: dict[int, int]) -> str:
    parts = _KEPT.split(text)
    return "".join(part if place % 2 else part.translate(letters) for place, part in enumerate(parts))


def compiled(spoken: Callable[[str], str] = pseudo) -> bytes:
    """Return the compiled catalogue as :mod:`gettext` reads it."""
    with _TEMPLATE.open("rb") as stream:
        template = read_po(stream)
    catalogue = Catalog(NAME)
    for message in template:
        if not isinstance(message.id, str):
            catalogue.add(message.id, [spoken(form) for form in message.id])
        elif message.id:
            catalogue.add(message.id, spoken(message.id), context=message.context)
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def catalogue(spoken: Callable[[str], str] = pseudo) -> GNUTranslations:
    """Return the catalogue as an object."""
    return GNUTranslations(io.BytesIO(compiled(spoken)))


def install(folder: Path) -> None:
    """Write the catalogue below *folder*, where that of a language would be."""
    file = folder / NAME / "LC_MESSAGES" / "borgdesk.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(compiled())
