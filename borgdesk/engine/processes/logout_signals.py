"""Blocks the signals sent at logout, so that the processes that put things back are not killed by them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def blocked() -> Iterator[None]:
    """Block the signals meanwhile: a process started now inherits the mask, and cannot be killed right after."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def catch() -> None:
    """Catch the blocked signals in such a process, before it starts anything.

    Blocked signals stay blocked in programs that it starts; caught ones are reset by exec, so that scripts can be
    stopped.
    """

    def stay(_number: int, _frame: FrameType | None) -> None:
        pass

    for number in _SIGNALS:
        signal.signal(number, stay)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
