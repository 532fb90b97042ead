"""Ctrl-C, SIGTERM and SIGHUP as what they mean to a run: please stop, and do what you owe."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from borgdesk.engine.cancel import Cancel

RUN = (
    "Stopping… what is owed is still done; once more leaves each script 30 seconds.",
    "Hurrying: each script that is owed has 30 seconds.",
)
"""What is said at the first signal to a run, and at the second."""

TEST = ("Stopping the script…",)
"""The same for the test of a script."""

REPOSITORY = ("Stopping…",)
"""The same while a repository is made or opened."""


@contextlib.contextmanager
def stopping(cancel: Cancel, say: Callable[[str], None], words: Sequence[str] = RUN) -> Iterator[None]:
    """Meanwhile those signals ask *cancel* to stop; a second one makes it hurry. Nothing is interrupted."""
    reader, writer = os.pipe()
    teller = threading.Thread(target=_tell, args=(reader, say, words), name="says that it stops")

    def ask(_number: int, _frame: FrameType | None) -> None:
        cancel.ask()
        # The main thread may be in the middle of writing just now: somebody else says what there is to say.
        os.write(writer, b"!")

    teller.start()
    before = {number: signal.signal(number, ask) for number in _signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writer)
        teller.join()
        os.close(reader)


def _signals() -> Sequence[signal.Signals]:
    """Under nohup(1) a terminal that goes away is no reason to stop."""
    nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM) if nohup else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _tell(reader: int, say: Callable[[str], None], words: Sequence[str]) -> None:
    left = list(words)
    while os.read(reader, 1):
        if left:
            say(left.pop(0))
