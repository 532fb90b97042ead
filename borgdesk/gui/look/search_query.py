"""Search queries, their regular expressions, and search results.

The expressions are Qt's (PCRE2), not Python's: PCRE2 stops a search that takes too many steps, so an expression such as
``(a+)+$`` is refused within a tenth of a second instead of freezing the window for good.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import QRegularExpression, QRegularExpressionMatch

_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """The search that the find bar shows."""

    text: str
    regular_expression: bool = False
    match_case: bool = False
    whole_word: bool = False
    wrap: bool = True
    """Continue from the other end if there is no further match."""

    def pattern(self) -> QRegularExpression:
        """Return the pattern to search with; its ``isValid`` is false for a malformed expression.

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
        r"""Return the text that replaces one match.

        For a regular expression ``\0`` is the whole match, ``\1`` to ``\9`` its groups, ``\n`` a line end, ``\t`` a tab
        and ``\\`` a backslash. ``$1`` is left alone: it is ordinary text in a shell script.
        """
        if not self.regular_expression:
            return template

        def expand(found: re.Match[str]) -> str:
            mark = found[1]
            return match.captured(int(mark)) if mark.isdigit() else _ESCAPES[mark]

        return re.sub(r"\\([0-9nt\\])", expand, template)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The result of a search, as the find bar shows it."""

    total: int = 0
    more: bool = False
    """Whether counting stopped early, so that there are more than ``total``."""
    current: int = 0
    """Number of the selected match, from 1; 0 for none."""
    wrapped: bool = False
    replaced: int = 0
    error: str = ""
    """Why the expression cannot be used, for the user; empty if it can."""
