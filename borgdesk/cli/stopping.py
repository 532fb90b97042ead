"""Ctrl-C, SIGTERM and SIGHUP as what they mean to a run: please stop, and do what you owe."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from types import FrameType

from borgdesk.cli.console import Console
from borgdesk.engine.cancel import Cancel

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def stopping(console: Console, cancels: Sequence[Cancel]) -> Iterator[None]:
    """Meanwhile those signals ask *cancels* to stop; a second one makes them hurry. Nothing is interrupted."""
    asked = 0

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        for cancel in cancels:
            cancel.ask()
        if asked == 1:
            console.say("Stopping… what is owed is still done; once more leaves each script 30 seconds.")

    before = {number: signal.signal(number, ask) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
