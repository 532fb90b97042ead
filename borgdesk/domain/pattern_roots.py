"""The ``R`` lines of a patterns file: further sources, among rules for what is included and excluded."""

from __future__ import annotations

import re

_ROOT = ("R", "r")
_LINE_END = re.compile("\r\n|\r|\n")
"""The ends of lines for Borg; ``str.splitlines`` knows more, which file names may contain."""


def lines_of(text: str) -> list[str]:
    """Return the lines of a patterns file without their ends."""
    lines = _LINE_END.split(text)
    return lines[:-1] if not lines[-1] else lines


def roots_in(patterns: str) -> tuple[str, ...]:
    """Return the sources that the lines of *patterns* name."""
    lines = (line.strip() for line in lines_of(patterns))
    return tuple(line[1:].lstrip() for line in lines if line.startswith(_ROOT))


def without_roots(patterns: str) -> str:
    """Return the lines of *patterns* that are rules. Borg gets the sources separately, as they were found."""
    return "".join(f"{line}\n" for line in lines_of(patterns) if not line.strip().startswith(_ROOT))
