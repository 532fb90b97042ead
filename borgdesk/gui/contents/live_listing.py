"""Partial listing of an archive that Borg is still printing, for display in the window."""

from __future__ import annotations

import time
from functools import partial

from PySide6.QtCore import QObject, Signal

from borgdesk.gui.workers.thread_emitter import ThreadEmitter
from borgdesk.store.listing_writer import ListingWriter
from borgdesk.store.listings import Order, first_rows

_PAUSE = 0.2
"""Seconds between two updates."""
_SHARE = 10
"""Each update is followed by a pause of at least this many times its own duration, so that it does not slow down the
listing.
"""
_MOST = 2000
"""Maximum number of rows per folder before the listing is complete."""


class LiveListing(QObject):
    """Called in the thread that writes the listing; its signal is received in the GUI thread."""

    rows_came = Signal(object)
    """Rows of the requested folders by number. An object, since Qt would convert a ``dict`` to a map with text keys."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tell_rows = ThreadEmitter(self.rows_came)
        self._wanted: tuple[tuple[int, ...], Order, bool] = ((), Order.NAME, False)
        self._due = 0.0

    def want(self, folders: tuple[int, ...], order: Order, *, descending: bool) -> None:
        """Set the folders, and their order, that the window shows."""
        self._wanted = (folders, order, descending)
        self._due = 0.0

    def look(self, writer: ListingWriter) -> None:
        """Emit an update, if one is due, after the listing has grown."""
        began = time.monotonic()
        if began < self._due:
            return
        folders, order, descending = self._wanted
        read = partial(writer.children, order=order, descending=descending, limit=_MOST)
        rows = {one: read(one) for one in folders} or first_rows(read)
        now = time.monotonic()
        self._due = now + max(_PAUSE, _SHARE * (now - began))
        self._tell_rows(rows)
