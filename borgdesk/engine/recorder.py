"""Writes what happens in a run to history, and keeps what cannot be written until it can be.

A locked database or a full disk must not keep services down. So after arming a write that fails is put aside, the run
goes on, and it is written, in order, as soon as the database lets us.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from borgdesk.domain.errors import StoreUnusable
from borgdesk.engine.cancel import Cancel

T = TypeVar("T")

_log = logging.getLogger(__name__)

_PATIENCE = 600.0
"""Seconds for which a finished run tries to get its last words into history."""

_PATIENCE_BEFORE = 60.0
_PAUSE = 1.0
"""Seconds between two tries."""


def patiently(write: Callable[[], T], cancel: Cancel) -> T:
    """Do *write*, trying again for a minute: for what comes before anything was stopped, so that waiting costs nothing.

    Raises:
        StoreUnusable: it still could not be done, or the user did not want to wait.
    """
    end = time.monotonic() + _PATIENCE_BEFORE
    while True:
        try:
            return write()
        except StoreUnusable:
            if time.monotonic() >= end or cancel.wait(_PAUSE):
                raise


class Recorder:
    """A queue of writes, almost always empty."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], object]] = deque()

    def write(self, write: Callable[[], object]) -> None:
        """Do *write* after all that was put aside before it, now or as soon as it can be done."""
        self._waiting.append(write)
        self._try()

    def _try(self) -> bool:
        while self._waiting:
            try:
                self._waiting[0]()
            except StoreUnusable as error:
                _log.warning("history waits with %d entries: %s", len(self._waiting), error)
                return False
            except Exception:
                # A defect of ours must not cost anybody their services: it is logged, and the run goes on.
                _log.exception("an entry of history was lost")
            self._waiting.popleft()
        return True

    def flush(self, patience: float = _PATIENCE) -> bool:
        """Try until nothing is put aside any more, at most *patience* seconds; says whether all was written."""
        end = time.monotonic() + patience
        while not self._try():
            if time.monotonic() >= end:
                return False
            time.sleep(_PAUSE)
        return True
