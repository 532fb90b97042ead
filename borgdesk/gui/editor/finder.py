"""Find and replace: connects the find bar to the editor."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from borgdesk.gui.editor.marks import MatchMarks
from borgdesk.gui.editor.surface import Surface
from borgdesk.gui.editor.text_edits import as_data, one_undo_step
from borgdesk.gui.editor.text_search import Searcher, Span, UnusableExpression
from borgdesk.gui.look.find_bar import FindBar
from borgdesk.gui.look.search_query import SearchQuery, SearchResult

_RECOUNT_PAUSE = 400
"""Milliseconds without an edit after which the matches are counted again."""

_LIT = 1_000
"""Maximum number of highlighted matches, half of them on each side of the caret."""


class Finder(QObject):
    """Handles the requests of one find bar for one surface."""

    def __init__(self, surface: Surface, bar: FindBar, revision: Callable[[], int], focus: Callable[[], None]) -> None:
        super().__init__(bar)
        self._surface = surface
        self._bar = bar
        self._revision = revision
        self._focus = focus
        self._marks = MatchMarks(surface)
        self._searched: tuple[int, Searcher] | None = None
        self._counted: tuple[int, SearchQuery] | None = None
        self._spans: list[Span] = []
        self._more = False
        self._pause = QTimer(self, singleShot=True, interval=_RECOUNT_PAUSE)
        self._pause.timeout.connect(self._recount)
        bar.query_changed.connect(self._on_query_changed)
        bar.find_requested.connect(self._find)
        bar.replace_requested.connect(self._on_replace_requested)
        bar.replace_all_requested.connect(self._on_replace_all_requested)
        bar.closed.connect(self._on_bar_closed)

    def open(self, *, replace: bool) -> None:
        """Show the bar with the selected text as the search."""
        self._bar.open(self._surface.selectedText(), replace=replace and not self._surface.isReadOnly())

    def again(self, *, backward: bool) -> None:
        """Repeat the last search; open the bar if there was none."""
        query = self._bar.query()
        if query.text:
            self._find(query, backward)
        else:
            self.open(replace=False)

    def text_changed(self) -> None:
        """Count and highlight again once typing pauses, if the bar is open."""
        if not self._bar.isHidden():
            self._pause.start()

    def _recount(self) -> None:
        if not self._bar.isHidden():
            self._show_result(self._guarded(self._count, self._bar.query()))

    def _searcher(self) -> Searcher:
        revision = self._revision()
        if self._searched is None or self._searched[0] != revision:
            self._searched = (revision, Searcher(self._surface.data()))
        return self._searched[1]

    def _on_query_changed(self, query: SearchQuery) -> None:
        """Show the first match from the start of the selection, so that further typing refines it."""

        def begin() -> SearchResult:
            self._count(query)
            if not query.text:
                return SearchResult()
            start = min(self._surface.caret(), self._surface.anchor())
            return self._go(query, self._searcher().after(query, start), query.wrap, backward=False)

        self._show_result(self._guarded(begin))

    def _find(self, query: SearchQuery, backward: bool) -> None:
        def find() -> SearchResult:
            self._count(query)
            start, end = sorted((self._surface.caret(), self._surface.anchor()))
            if backward:
                return self._go(query, self._searcher().before(query, start), query.wrap, backward=True)
            found = self._searcher().after(query, end)
            if found is not None and found == Span(start, end):
                found = self._searcher().after(query, self._surface.SendScintilla(self._surface.SCI_POSITIONAFTER, end))
            return self._go(query, found, query.wrap, backward=False)

        self._show_result(self._guarded(find))

    def _go(self, query: SearchQuery, found: Span | None, wrap: bool, *, backward: bool) -> SearchResult:
        wrapped = found is None and wrap
        if wrapped:
            searcher = self._searcher()
            found = searcher.before(query, self._surface.length() + 1) if backward else searcher.after(query, 0)
        if found is None:
            return self._result()
        self._surface.select(found.start, found.end)
        return self._result(found, wrapped=wrapped)

    def _on_replace_requested(self, query: SearchQuery, template: str) -> None:
        def replace() -> None:
            start, end = sorted((self._surface.caret(), self._surface.anchor()))
            match = self._searcher().at(query, Span(start, end)) if query.text else None
            if match is not None and not self._surface.isReadOnly():
                data = as_data(query.replacement(template, match))
                with one_undo_step(self._surface):
                    self._surface.put(start, end, data)
                self._surface.select(start + len(data), start + len(data))

        if self._guarded(replace) is None:
            self._find(query, backward=False)

    def _on_replace_all_requested(self, query: SearchQuery, template: str) -> None:
        def replace_all() -> SearchResult:
            if not query.text or self._surface.isReadOnly():
                return SearchResult()
            first = self._searcher().after(query, 0)
            if first is None:
                return self._result()
            text, count = self._searcher().replaced(query, template)
            place = self._surface.place_of(self._surface.caret())
            data = as_data(text)
            with one_undo_step(self._surface):
                self._surface.put(first.start, self._surface.length(), data[first.start :])
            caret = self._surface.position_of(*place)
            self._surface.select(caret, caret)
            self._count(query)
            return SearchResult(total=len(self._spans), more=self._more, replaced=count)

        self._show_result(self._guarded(replace_all))

    def _count(self, query: SearchQuery) -> SearchResult:
        if self._counted != (self._revision(), query):
            self._spans, self._more = self._searcher().all(query) if query.text else ([], False)
            self._counted = (self._revision(), query)
        caret = self._surface.caret()
        near = bisect_left(self._spans, caret, key=lambda span: span.start)
        lit = self._spans[max(near - _LIT // 2, 0) : near + _LIT // 2]
        self._marks.show(lit if not self._bar.isHidden() else [])
        return self._result(Span(*sorted((self._surface.caret(), self._surface.anchor()))))

    def _result(self, selected: Span | None = None, *, wrapped: bool = False) -> SearchResult:
        current = 0
        if selected is not None:
            index = bisect_left(self._spans, selected.start, key=lambda span: span.start)
            if index < len(self._spans) and self._spans[index] == selected:
                current = index + 1
        return SearchResult(total=len(self._spans), more=self._more, current=current, wrapped=wrapped)

    def _guarded(self, ask: Callable[..., SearchResult | None], *arguments: SearchQuery) -> SearchResult | None:
        """Return the result of the search, which reports an unusable expression as an error."""
        try:
            return ask(*arguments)
        except UnusableExpression as error:
            self._spans, self._more, self._counted = [], False, None
            self._marks.show([])
            return SearchResult(error=str(error))

    def _show_result(self, result: SearchResult | None) -> None:
        if result is not None:
            self._bar.show_result(result)

    def _on_bar_closed(self) -> None:
        self._marks.show([])
        self._focus()
