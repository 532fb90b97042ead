"""Removes or rejects characters that a database cannot store."""

from __future__ import annotations

import re

from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import _

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""NUL, which PostgreSQL rejects, and lone surrogates, which stand for undecodable bytes."""


def check_text(text: str, what: str) -> str:
    """Return text entered by the user if it can be stored; *what* begins the error message: "The description".

    Raises:
        InvalidInput: it contains a character that cannot be stored.
    """
    if _UNSTORABLE.search(text):
        raise InvalidInput(_("{what} contains NUL bytes, or bytes that are not UTF-8 text.").format(what=what))
    return text


def made_storable(text: str) -> str:
    """Return text from a program with U+FFFD for each character that cannot be stored."""
    return _UNSTORABLE.sub("\ufffd", text)
