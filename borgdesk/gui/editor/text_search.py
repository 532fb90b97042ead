"""Searches a document for matches, given as offsets into its UTF-8 bytes as Scintilla uses them.

Qt's regular expressions count in UTF-16 code units, Scintilla in UTF-8 bytes. In an ASCII text, as nearly every script
is, both numbers are the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from PySide6.QtCore import QRegularExpressionMatch

from borgdesk.gui.look.search_query import SearchQuery
from borgdesk.translation import _

MAX_COUNTED = 5_000
"""Maximum number of matches counted; beyond it the find bar says "more than"."""

_COUNT_SECONDS = 0.05
_FIRST_WINDOW = 8192


@dataclass(frozen=True, slots=True)
class Span:
    """A match: the bytes from ``start`` up to, but excluding, ``end``."""

    start: int
    end: int


class UnusableExpression(ValueError):
    """The regular expression is malformed or took too many steps; the message is a sentence for the user."""


class Searcher:
    """Searches one fixed text. Create a new one when the text changes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._text = data.decode()
        self._same = len(self._text) == len(data)
        self._units = b"" if self._same else self._text.encode("utf-16-le")

    def after(self, query: SearchQuery, position: int) -> Span | None:
        """Return the first match that starts at or after a byte position."""
        match = self._first(query, self._to_units(position))
        return self._spans([match])[0] if match is not None else None

    def before(self, query: SearchQuery, position: int) -> Span | None:
        """Return the last match that starts before a byte position, searching backwards in growing ranges."""
        end = self._to_units(position)
        window = _FIRST_WINDOW
        while True:
            start = max(0, end - window)
            last: QRegularExpressionMatch | None = None
            for match in self._from(query, start):
                if match.capturedStart() >= end:
                    break
                last = match
            if last is not None:
                return self._spans([last])[0]
            if start == 0:
                return None
            window *= 4

    def at(self, query: SearchQuery, span: Span) -> QRegularExpressionMatch | None:
        """Return the match of exactly this range, or None."""
        match = self._first(query, self._to_units(span.start))
        return match if match is not None and self._spans([match])[0] == span else None

    def all(self, query: SearchQuery) -> tuple[list[Span], bool]:
        """Return all matches, and whether counting stopped early (at `MAX_COUNTED`, or after 0.05 s)."""
        until = time.monotonic() + _COUNT_SECONDS
        matches: list[QRegularExpressionMatch] = []
        for match in self._from(query, 0):
            if len(matches) == MAX_COUNTED or time.monotonic() > until:
                return self._spans(matches), True
            matches.append(match)
        return self._spans(matches), False

    def replaced(self, query: SearchQuery, template: str) -> tuple[str, int]:
        """Return the text with every match replaced, and the number of matches."""
        text = self._text
        wide = self._units
        pieces: list[str] = []
        done = count = 0
        for match in self._from(query, 0):
            start, end = match.capturedStart(), match.capturedEnd()
            pieces.append(text[done:start] if self._same else _decoded(wide[2 * done : 2 * start]))
            pieces.append(query.replacement(template, match))
            done = end
            count += 1
        pieces.append(text[done:] if self._same else _decoded(wide[2 * done :]))
        return "".join(pieces), count

    def _first(self, query: SearchQuery, offset: int) -> QRegularExpressionMatch | None:
        return next(islice(self._from(query, offset), 1), None)

    def _from(self, query: SearchQuery, offset: int) -> Iterator[QRegularExpressionMatch]:
        pattern = query.pattern()
        if not pattern.isValid():
            raise UnusableExpression(pattern.errorString())
        found = pattern.globalMatch(self._text, offset)
        while found.hasNext():
            yield found.next()
        if not found.isValid():
            raise UnusableExpression(_("This expression takes too long to search. Try a simpler one."))

    def _spans(self, matches: Iterable[QRegularExpressionMatch]) -> list[Span]:
        if self._same:
            return [Span(m.capturedStart(), m.capturedEnd()) for m in matches]
        spans = []
        units = position = 0
        for match in matches:
            start = position + self._bytes_between(units, match.capturedStart())
            end = start + self._bytes_between(match.capturedStart(), match.capturedEnd())
            spans.append(Span(start, end))
            units, position = match.capturedEnd(), end
        return spans

    def _bytes_between(self, start: int, end: int) -> int:
        return len(_decoded(self._units[2 * start : 2 * end]).encode())

    def _to_units(self, position: int) -> int:
        if self._same:
            return position
        return len(self._data[:position].decode().encode("utf-16-le")) // 2


def _decoded(units: bytes) -> str:
    return units.decode("utf-16-le")
