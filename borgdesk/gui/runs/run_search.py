"""Searches the history: one search at a time, in its own thread, replaced by the next request.

A search may have to read stored output that is not indexed. Therefore it does not delay other background calls, begins
with the newest runs, and delivers partial results.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.errors import Stopped
from borgdesk.domain.history_list import Listed, key_of
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.thread_emitter import ThreadEmitter
from borgdesk.store.history_list import HistoryList, Wanted


@dataclass(slots=True)
class _Search:
    number: int
    history: HistoryList
    wanted: Wanted
    limit: int
    before: threading.Thread | None
    """Thread of the previous search."""
    stop: threading.Event = field(default_factory=threading.Event)

    def find(self, found: Callable[[list[Listed]], None], listed: Callable[[array[int]], None]) -> None:
        """Search, and pass partial results to *found*; the keys of all others to *listed*, if no text is searched.

        Raises:
            Stopped: the search is no longer wanted.
        """
        if self.before is not None:
            self.before.join()
            self.before = None
        if self.stop.is_set():
            raise Stopped("Something else is wanted.")
        if not self.wanted.conditions.search:
            page = self.history.find(self.wanted, self.limit, self.stop.is_set)
            found(page)
            if len(page) == self.limit:
                others = replace(self.wanted, before=key_of(page[-1]))
                listed(self.history.keys(others, self.stop.is_set))
            return
        with closing(self.history.search(self.wanted, self.limit, self.stop.is_set)) as portions:
            for portion in portions:
                found(portion)


class RunSearch(QObject):
    """Finds runs for a list. All signals carry the number of the search, since results may arrive late."""

    found = Signal(int, list)
    """Some runs and tests, newest first, all older than those delivered before."""
    listed = Signal(int, object)
    """The keys of all others, newest first, if no text is searched."""
    ended = Signal(int)
    """The search is complete."""
    failed = Signal(int, object)
    """The exception that ended the search."""

    def __init__(self, history: HistoryList, background: Background, parent: QObject | None = None) -> None:
        """When *background* is closed, the search stops, because the store is closed next."""
        super().__init__(parent)
        self._history, self._background = history, background
        background.closed.connect(self.stop)
        self._number = 0
        self._thread: threading.Thread | None = None
        self._stops: list[threading.Event] = []
        """Stop events of the current search; none or one."""
        self.destroyed.connect(partial(_set_all, self._stops))
        self._tell_found, self._tell_listed = ThreadEmitter(self.found), ThreadEmitter(self.listed)
        self._tell_ended, self._tell_failed = ThreadEmitter(self.ended), ThreadEmitter(self.failed)

    @property
    def number(self) -> int:
        """The number of the search started last."""
        return self._number

    def start(self, wanted: Wanted, limit: int) -> None:
        """Search for at most *limit* runs and tests, replacing the current search."""
        self.stop()
        if self._background.is_closed:
            return
        search = _Search(self._number, self._history, wanted, limit, self._thread)
        self._stops.append(search.stop)
        self._thread = threading.Thread(target=self._work, args=(search,), name="search", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the search; results that still arrive have an outdated number."""
        _set_all(self._stops)
        self._number += 1

    def _work(self, search: _Search) -> None:
        try:
            search.find(partial(self._emit_found, search), partial(self._emit_listed, search))
        except Stopped:
            pass
        except Exception as error:
            if not search.stop.is_set():
                self._tell_failed(search.number, error)
        else:
            if not search.stop.is_set():
                self._tell_ended(search.number)

    def _emit_found(self, search: _Search, page: list[Listed]) -> None:
        if not search.stop.is_set():
            self._tell_found(search.number, page)

    def _emit_listed(self, search: _Search, keys: array[int]) -> None:
        if not search.stop.is_set():
            self._tell_listed(search.number, keys)


def _set_all(stops: list[threading.Event], *_: object) -> None:
    for stop in stops:
        stop.set()
    stops.clear()
