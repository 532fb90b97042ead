"""Decides when the text index of the history is written: in the background, while the window is open."""

from __future__ import annotations

import logging
import threading
import time

from PySide6.QtCore import QObject, QTimer

from borgdesk.domain.errors import BorgDeskError
from borgdesk.gui.workers.background import Background
from borgdesk.store.search_filler import SearchFiller

_log = logging.getLogger(__name__)

_FIRST = 5_000
"""Milliseconds after the start: everything else comes first."""
_INTERVAL = 60_000
"""Until then, a search reads what is new."""
_PATIENCE = 1.0
"""Seconds to wait for a portion at the end; the index stays as it was before it."""


class HistoryIndexer(QObject):
    """Has a thread of its own: a long history takes minutes, with pauses, when it is new.

    Not of a lower priority: while a busy machine does not let it go on, it might hold what the window's thread needs.

    Nobody waits for it, and what goes wrong is only logged: it goes on within a minute.
    """

    def __init__(self, filler: SearchFiller, background: Background, parent: QObject | None = None) -> None:
        """When *background* is closed, it stops, because the store is closed next."""
        super().__init__(parent)
        self._filler, self._background = filler, background
        self._is_stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._timer = QTimer(self, interval=_INTERVAL)
        self._timer.timeout.connect(self.look)
        background.closed.connect(self.stop)
        self.destroyed.connect(self._is_stopped.set)

    def start(self) -> None:
        """Look in a moment, and then every minute."""
        self._timer.start()
        QTimer.singleShot(_FIRST, self, self.look)

    def look(self) -> None:
        """Write what is missing, unless that is being done."""
        is_working = self._thread is not None and self._thread.is_alive()
        if not is_working and not self._background.is_closed:
            self._thread = threading.Thread(
                target=_fill, args=(self._filler, self._is_stopped), name="history index", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Stop after the current portion, and wait for it."""
        self._is_stopped.set()
        self._timer.stop()
        if self._thread is not None:
            self._thread.join(_PATIENCE)


def _fill(filler: SearchFiller, is_stopped: threading.Event) -> None:
    try:
        filler.tidy()
        more = True
        while more and not is_stopped.is_set():
            began = time.monotonic()
            more = filler.fill()
            # As long a pause: one of two cores, or a battery, is not kept busy.
            is_stopped.wait(time.monotonic() - began)
    except BorgDeskError as error:
        _log.warning("the text index was not written: %s", error)
    except RuntimeError:
        if not is_stopped.is_set():
            raise
