"""Lines of a text as the programs see them that execute or compile it."""

from __future__ import annotations

from borgdesk.domain.characters import is_readable


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, which end with LF or CRLF and nothing else.

    Not as splitlines(), for which a form feed or U+2028 ends a line: a comment would look the same as a comment and a
    command, and a comparison would not show that one has become the other.
    """
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []


def visible(line: str) -> str:
    """Return a line of a script that somebody else wrote, with all that is in it: control characters are written out.

    An escape sequence may contain a command, which its removal would hide, and U+202E reverses what follows.
    """
    if is_readable(line):
        return line
    return "".join(c if c == "\t" or is_readable(c) else f"<U+{ord(c):04X}>" for c in line)
