"""Works on a user's files in a thread that is left when their disk stops responding: no owed script waits for a disk.

For questions, :func:`borgdesk.engine.processes.file_probes.probe` is better: its process can be left without a trace.
A thread that hangs in the kernel keeps this process from ending until the disk responds, or is unmounted.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from threading import Lock, Thread, current_thread
from typing import Generic, TypeVar

from borgdesk.domain.errors import Stopped
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_probes import NoAnswer

T = TypeVar("T")

_log = logging.getLogger(__name__)

_GLANCE = 0.05

_STILL = 2.0
"""Seconds without progress after which a stop request does not wait any longer."""

_MEMORY = Path("/proc/meminfo")
_UNWRITTEN = (b"Dirty:", b"Writeback:", b"NFS_Unstable:")


class _Left(BaseException):
    """Raised in a thread for which nobody waits any more."""


class FileWork:
    """Pieces of work on the same files, one after the other."""

    def __init__(
        self, cancel: Cancel, limit: float, late: str, afterwards: Callable[[], object] = lambda: None
    ) -> None:
        """*limit*: seconds without progress; *late*: the message when they are over.

        *afterwards* is called once a piece of work that was left has ended after all, if this process still exists.
        """
        self._cancel, self._limit, self._late, self._afterwards = cancel, limit, late, afterwards
        self._thread: Thread | None = None
        """The one that is waited for."""
        self._moved_at = 0.0
        self.is_lost = False
        """Whether a piece of work was left: nothing else is possible with these files."""

    def step(self) -> None:
        """Report progress; called by the work before each item, in its thread.

        Raises:
            BaseException: nobody waits for this thread any more; it must not do anything else.
        """
        if current_thread() is not self._thread:
            raise _Left
        self._moved_at = time.monotonic()

    def do(
        self,
        work: Callable[[], T],
        *,
        limit: float | None = None,
        rest: Callable[[], float] | None = None,
        tidies: bool = False,
    ) -> T:
        """Return what *work* returns or raises.

        *rest* tells how much is left to do: progress is whenever that is less than ever before. Work that *tidies* is
        left only for a second stop request.

        Raises:
            NoAnswer: there was no progress for too long.
            Stopped: a stop was requested, and there is no progress.
        """
        if self.is_lost:
            raise NoAnswer(self._late)
        piece: _Piece[T] = _Piece(work, self._tidy)
        self._thread, self._moved_at = Thread(target=piece.run, name="file work", daemon=True), time.monotonic()
        try:
            self._thread.start()
        except RuntimeError:
            # Without a thread to spare, it is done all the same.
            self._thread = current_thread()
            return work()
        least = math.inf
        while not piece.is_done():
            if rest is not None and (now := rest()) < least:
                least, self._moved_at = now, time.monotonic()
            asked = self._cancel.hurried if tidies else self._cancel.asked
            patience = self._limit if limit is None else limit
            still = time.monotonic() - self._moved_at
            if still >= (min(_STILL, patience) if asked else patience) and piece.leave():
                _log.warning("nothing happened for %.0f s: %s", still, self._late)
                self._thread, self.is_lost = None, True
                raise Stopped if asked else NoAnswer(self._late)
        return piece.answer.result()

    def _tidy(self) -> None:
        try:
            self._afterwards()
        except Exception:
            _log.exception("what was left could not be removed")


class _Piece(Generic[T]):
    """One piece of work; it either ends or is left, never both."""

    def __init__(self, work: Callable[[], T], tidy: Callable[[], object]) -> None:
        self.answer: Future[T] = Future()
        self._work, self._tidy = work, tidy
        self._lock, self._is_left, self._has_ended = Lock(), False, False

    def run(self) -> None:
        try:
            result = self._work()
        except BaseException as error:
            self._end()
            self.answer.set_exception(error)
        else:
            self._end()
            self.answer.set_result(result)
        if self._is_left:
            self._tidy()

    def leave(self) -> bool:
        """Wait for it no longer; return False if it has ended."""
        with self._lock:
            self._is_left = not self._has_ended
            return self._is_left

    def is_done(self) -> bool:
        """Wait a moment; return whether its answer is there."""
        try:
            self.answer.exception(_GLANCE)
        except FutureTimeoutError:
            return False
        return True

    def _end(self) -> None:
        with self._lock:
            self._has_ended = True


def unwritten() -> float:
    """Return how many KiB wait to be written to any disk; while one is synced, they become fewer."""
    try:
        lines = _MEMORY.read_bytes().splitlines()
    except OSError:
        return math.inf
    return sum(float(line.split()[1]) for line in lines if line.startswith(_UNWRITTEN))
