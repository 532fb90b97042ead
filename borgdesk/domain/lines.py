"""Lines of a text as the programs see them that execute or compile it."""

from __future__ import annotations


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, which end with LF or CRLF and nothing else.

    Not as splitlines(), for which a form feed or U+2028 ends a line: a comment would look the same as a comment and a
    command, and a comparison would not show that one has become the other.
    """
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []
