"""Which characters a database keeps."""

from __future__ import annotations

import re

from borgdesk.domain.errors import InvalidInput

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""NUL, which PostgreSQL refuses, and lone surrogates, which stand for bytes that are not UTF-8."""


def check_text(text: str, what: str) -> str:
    """Text that a person gave.

    Raises:
        InvalidInput: it cannot be kept as it is.
    """
    if _UNSTORABLE.search(text):
        raise InvalidInput(f"The {what} contains NUL bytes, or bytes that are not UTF-8 text.")
    return text


def made_storable(text: str) -> str:
    """Text that a program wrote, with U+FFFD for what cannot be kept."""
    return _UNSTORABLE.sub("\ufffd", text)
