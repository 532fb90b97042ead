"""Writes the progress of a run to the history, and retries writes that fail.

A locked database or a full disk must not keep services down. So after arming, a write that fails is queued, the run
goes on, and the queue is written in order as soon as the database accepts it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from borgdesk.domain.errors import StoreUnusable
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.store.faults import StoreDamaged, StoreLocked

T = TypeVar("T")

_log = logging.getLogger(__name__)

PATIENCE = 600.0
"""Seconds for which a finished run tries to write its last records."""

_PATIENCE_BEFORE = 60.0
_PAUSE = 1.0
"""Seconds between two attempts."""

_RESPITE = 5.0
"""Seconds after a failed attempt in which a run does not retry: each attempt waits for a locked database."""


def patiently(act: Callable[[], T], cancel: Cancel) -> T:
    """Call *act*, retrying for a minute while another program has locked the database.

    For use before anything was stopped, when waiting costs nothing. Errors that waiting does not fix, such as a full
    disk, are raised at once.

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

    def __init__(self, together: Callable[[], AbstractContextManager[None]] | None = None) -> None:
        """*together*, if given, combines waiting writes into one transaction: a commit costs more than a write."""
        self._together = together
        self._waiting: deque[Callable[[], object]] = deque()
        self._held: list[Callable[[], object]] = []
        self._respite_ends = 0.0
        self.trouble: StoreUnusable | None = None
        """Why the last attempt failed, while writes are queued."""

    def write(self, write: Callable[[], object]) -> None:
        """Do *write* after all queued ones, now or as soon as possible."""
        self._waiting.append(write)
        if time.monotonic() >= self._respite_ends:
            self._try()
        self._tell_held()

    def hold(self, write: Callable[[], object], told: Callable[[], object]) -> None:
        """Do *write* together with the next write, which follows at once, and then *told*."""
        self._waiting.append(write)
        self._held.append(told)

    def write_held(self) -> None:
        """Do held writes now, without calling what is to be told."""
        if self._waiting and time.monotonic() >= self._respite_ends:
            self._try()

    def release(self) -> None:
        """Do held writes now and tell of them, since no other one follows at once."""
        if self._held:
            self.write_held()
            self._tell_held()

    def _tell_held(self) -> None:
        held, self._held = self._held, []
        for told in held:
            told()

    def put_aside(self, write: Callable[[], object]) -> None:
        """Queue *write*, which just failed, for later."""
        self._waiting.append(write)
        self._respite_ends = time.monotonic() + _RESPITE

    def _try(self) -> bool:
        if self._together is not None and len(self._waiting) > 1 and self._try_together(self._together):
            return True
        while self._waiting:
            try:
                self._waiting[0]()
            except StoreUnusable as error:
                _log.warning("history waits with %d entries: %s", len(self._waiting), error)
                self._respite_ends = time.monotonic() + _RESPITE
                self.trouble = error
                return False
            except Exception:
                # A bug of ours must not keep services down: it is logged, and the run goes on.
                _log.exception("an entry of history was lost")
            self._waiting.popleft()
        self.trouble = None
        return True

    def _try_together(self, together: Callable[[], AbstractContextManager[None]]) -> bool:
        try:
            with together():
                for write in self._waiting:
                    write()
        except Exception as error:
            # One by one, to find the entry that cannot be written.
            _log.info("history is written entry by entry: %s", error)
            return False
        self._waiting.clear()
        self.trouble = None
        return True

    def flush(self, patience: float | None = None) -> bool:
        """Retry until the queue is empty, at most *patience* seconds; return whether everything was written.

        It gives up at once if waiting does not help.
        """
        end = time.monotonic() + (PATIENCE if patience is None else patience)
        while not self._try():
            if time.monotonic() >= end or isinstance(self.trouble, StoreDamaged):
                return False
            time.sleep(_PAUSE)
        return True

    def flush_later(self) -> None:
        """Keep retrying in the background as long as this process lives; nothing else may be written then."""
        threading.Thread(target=self.flush, args=(float("inf"),), name="history", daemon=True).start()
