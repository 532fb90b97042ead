"""Findings of a checker in a script, and the edits that fix them.

Lines and columns count from 1, columns in characters (a tab is one), as in ShellCheck's ``json1`` format. An end is the
position after the last character; if it equals the start, the range is the position between two characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """The severity of a finding, in ShellCheck's terms, worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    STYLE = "style"


@dataclass(frozen=True, slots=True)
class Edit:
    """A range of text and its replacement; an empty range makes it an insertion."""

    line: int
    column: int
    end_line: int
    end_column: int
    replacement: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of a checker about a range of a script."""

    line: int
    column: int
    end_line: int
    end_column: int
    severity: Severity
    code: str
    """The checker's code, such as ``SC2086``; empty if there is none."""
    message: str
    """The checker's message, one sentence."""
    fix: tuple[Edit, ...] = ()
    """Edits that fix it together, in coordinates of the checked text; they do not overlap. Insertions at the same
    position are listed in the order in which their texts follow each other."""
