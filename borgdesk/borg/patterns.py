"""Validates the lines of a patterns file, as Borg reads it for ``--patterns-from``.

Borg 1.2 answers most mistakes in such a file with a traceback or its usage message, neither of which names the line.
"""

from __future__ import annotations

from borgdesk.borg.options import check_style, compile_pattern
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.numbers import grouped
from borgdesk.domain.pattern_roots import lines_of
from borgdesk.domain.repository import check_source, is_encodable
from borgdesk.translation import _

LONGEST = 1_000_000
"""Characters of the whole text. Borg compares every file with one line after the other."""

_RULES = "+-!"
_ROOT = "Rr"
_STYLE = "Pp"


def check_patterns(text: str) -> str:
    """Return *text* as it is stored, with one line break at the end of each line.

    Raises:
        InvalidInput: Borg would not accept a line; the message begins with its number.
    """
    if len(text) > LONGEST:
        raise InvalidInput(_("The patterns must have at most {most} characters.").format(most=grouped(LONGEST)))
    lines = lines_of(text)
    style = "sh"
    for number, line in enumerate(lines, 1):
        try:
            style = _checked(line.strip(), style)
        except InvalidInput as error:
            raise InvalidInput(_("Line {number}: {error}").format(number=number, error=error)) from None
    return "".join(f"{line}\n" for line in lines) if text.strip() else ""


def _checked(line: str, style: str) -> str:
    """Check one line, and return the style of the patterns after it that do not name theirs."""
    if not line or line.startswith("#"):
        return style
    command, rest = line[0], line[1:].lstrip()
    if command not in _RULES + _ROOT + _STYLE:
        raise InvalidInput(
            _("“{line}” must begin with + (include), - (exclude), ! (exclude and do not enter), P or R.").format(
                line=line
            )
        )
    if "\0" in line:
        raise InvalidInput(_("It contains a NUL character."))
    if not is_encodable(line):
        raise InvalidInput(_("It contains characters that no path has."))
    if not rest:
        raise InvalidInput(_("There is nothing after “{command}”.").format(command=command))
    if command in _STYLE:
        return check_style(rest, line)
    if command in _ROOT:
        check_source(rest)
        return style
    compile_pattern(rest, style)
    return style
