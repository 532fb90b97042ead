"""Writes what happens in a run to history, and keeps what cannot be written until it can be.

A locked database or a full disk must not keep services down. So after arming a write that fails is put aside, the run
goes on, and it is written, in order, as soon as the database lets us.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from borgdesk.domain.errors import StoreUnusable
from borgdesk.engine.cancel import Cancel
from borgdesk.store.faults import StoreDamaged, StoreLocked

T = TypeVar("T")

_log = logging.getLogger(__name__)

PATIENCE = 600.0
"""Seconds for which a finished run tries to get its last words into history."""

_PATIENCE_BEFORE = 60.0
_PAUSE = 1.0
"""Seconds between two tries."""

_RESPITE = 5.0
"""Seconds after a failed try in which a run under way does not try again: a locked database makes each one wait."""


def patiently(act: Callable[[], T], cancel: Cancel) -> T:
    """Do *act*, trying for a minute while somebody else holds the database.

    That is for what comes before anything was stopped, so that waiting costs nothing. What waiting does not mend, such
    as a full disk, is told at once.

    Raises:
        StoreUnusable: it could not be done, or the user did not want to wait.
    """
    end = time.monotonic() + _PATIENCE_BEFORE
    while True:
        try:
            return act()
        except StoreLocked:
            if time.monotonic() >= end or cancel.wait(_PAUSE):
                raise


class Recorder:
    """A queue of writes, almost always empty."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], object]] = deque()
        self._respite_ends = 0.0
        self.trouble: StoreUnusable | None = None
        """Why the last try failed, while something is put aside."""

    def write(self, write: Callable[[], object]) -> None:
        """Do *write* after all that was put aside before it, now or as soon as it can be done."""
        self._waiting.append(write)
        if time.monotonic() >= self._respite_ends:
            self._try()

    def put_aside(self, write: Callable[[], object]) -> None:
        """Do *write* later: it could not be done just now."""
        self._waiting.append(write)
        self._respite_ends = time.monotonic() + _RESPITE

    def _try(self) -> bool:
        while self._waiting:
            try:
                self._waiting[0]()
            except StoreUnusable as error:
                _log.warning("history waits with %d entries: %s", len(self._waiting), error)
                self._respite_ends = time.monotonic() + _RESPITE
                self.trouble = error
                return False
            except Exception:
                # A defect of ours must not cost anybody their services: it is logged, and the run goes on.
                _log.exception("an entry of history was lost")
            self._waiting.popleft()
        self.trouble = None
        return True

    def flush(self, patience: float | None = None) -> bool:
        """Try until nothing is put aside any more, at most *patience* seconds; says whether all was written.

        It gives up at once where waiting does not help.
        """
        end = time.monotonic() + (PATIENCE if patience is None else patience)
        while not self._try():
            if time.monotonic() >= end or isinstance(self.trouble, StoreDamaged):
                return False
            time.sleep(_PAUSE)
        return True

    def flush_later(self) -> None:
        """Go on trying in the background for as long as this process lives; nothing more may be written then."""
        threading.Thread(target=self.flush, args=(float("inf"),), name="history", daemon=True).start()
