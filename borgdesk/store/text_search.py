"""Search conditions for text in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.numbers import grouped
from borgdesk.store.text import made_storable
from borgdesk.translation import _

_LONGEST_SEARCH = 5000
"""Characters: SQLite accepts 50,000 bytes; a character may need four bytes or an escape character."""


def matches(columns: Sequence[Any], text: str) -> list[Any]:
    """Return for each column the condition that it contains *text*, ignoring case.

    Raises:
        InvalidInput: the text is too long to search for.
    """
    check_length(text)
    return [column.icontains(text, autoescape=True) for column in columns]


def check_length(text: str) -> None:
    """Check what is searched for.

    Raises:
        InvalidInput: the text is too long to search for.
    """
    if len(text) > _LONGEST_SEARCH:
        raise InvalidInput(
            _("The search text is too long. The limit is {longest_search} characters.").format(
                longest_search=grouped(_LONGEST_SEARCH)
            )
        )


def folded(text: str) -> str:
    """Return *text* as it is compared: upper and lower case are the same in every language."""
    return made_storable(text).casefold()


def mentions(needle: str, *texts: str | None) -> bool:
    """Return whether any of the *texts* contains *needle*, which is folded. A function of SQL, too.

    It takes a fifth of the time of LIKE, which ignores the case of ASCII letters only.
    """
    return any(text is not None and needle in text.casefold() for text in texts)
