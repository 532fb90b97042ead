"""What a person searches for in a text, and the pattern it becomes.

Patterns are Qt's regular expressions (PCRE2), not Python's: PCRE2 gives a search up when it takes too many steps, so a
careless expression such as ``(a+)+$`` is refused within a tenth of a second instead of freezing the window for good.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import QRegularExpression, QRegularExpressionMatch

_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """One search, as the find bar shows it."""

    text: str
    regular_expression: bool = False
    match_case: bool = False
    whole_word: bool = False
    wrap: bool = True
    """Go on from the other end when there is no further match."""

    def pattern(self) -> QRegularExpression:
        """The pattern to search with; its ``isValid`` is false for a faulty expression.

        ``^`` and ``$`` match at every line; ``.`` does not match a line end.
        """
        source = self.text if self.regular_expression else re.sub(r"([^\w\s])", r"\\\1", self.text)
        if self.whole_word:
            source = rf"(?<!\w)(?:{source})(?!\w)"
        options = (
            QRegularExpression.PatternOption.MultilineOption
            | QRegularExpression.PatternOption.UseUnicodePropertiesOption
        )
        if not self.match_case:
            options |= QRegularExpression.PatternOption.CaseInsensitiveOption
        return QRegularExpression(source, options)

    def replacement(self, template: str, match: QRegularExpressionMatch) -> str:
        r"""The text that replaces one match.

        For a regular expression ``\0`` is the whole match, ``\1`` to ``\9`` its groups, ``\n`` a line end, ``\t`` a
        tab and ``\\`` a backslash. ``$1`` is left alone: in a shell script it is text.
        """
        if not self.regular_expression:
            return template

        def expand(found: re.Match[str]) -> str:
            mark = found[1]
            return match.captured(int(mark)) if mark.isdigit() else _ESCAPES[mark]

        return re.sub(r"\\([0-9nt\\])", expand, template)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search came to, for the find bar to say."""

    total: int = 0
    more: bool = False
    """Counting stopped before the end: there are more than ``total``."""
    current: int = 0
    """Which of the matches is selected, from 1; 0 for none."""
    wrapped: bool = False
    replaced: int = 0
    error: str = ""
    """Why the expression cannot be used, for people; empty when it can."""
