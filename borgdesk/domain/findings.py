"""What a checker says about a script's text, and the edits that would mend it.

Lines and columns count from 1, columns in characters (a tab is one), as in ShellCheck's ``json1`` format. An end is
the position after the last character; an end equal to the start is a place between two characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is, in ShellCheck's words, worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    STYLE = "style"


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of text and what shall stand there instead; an empty stretch makes it an insertion."""

    line: int
    column: int
    end_line: int
    end_column: int
    replacement: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of a checker about a stretch of a script."""

    line: int
    column: int
    end_line: int
    end_column: int
    severity: Severity
    code: str
    """The checker's own name for the remark (``SC2086``); empty where it has none."""
    message: str
    """One sentence for people, as the checker gave it."""
    fix: tuple[Edit, ...] = ()
    """Edits that mend it, all or none, in coordinates of the text that was checked; they do not overlap. Insertions at
    one place stand in the order in which their texts shall follow each other."""
