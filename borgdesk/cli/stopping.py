"""Turns Ctrl-C, SIGTERM and SIGHUP into requests to stop a run, which then still executes the scripts it owes."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from borgdesk.cli.console import Console
from borgdesk.cli.terminal import OutputLost
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.translation import N_, _

RUN = (
    N_("Stopping… Owed scripts still run. Press again to give each 30 seconds."),
    N_("Stopping now: each script that is owed has 30 seconds."),
)
"""Messages for the first and the second signal to a run."""

TEST = (N_("Stopping the script…"),)
"""The message for the test of a script."""

REPOSITORY = (N_("Stopping…"),)
"""The message while a repository is created or opened."""

STAYS = N_("This cannot be suspended during a run: what it stopped must be started again.")
"""The message for Ctrl-Z during a run."""

_SUSPENDING = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)

_LAST_WORD = 1.0
"""Seconds that the end of a run leaves for messages about stopping."""


_STOP, _STAY = b"!", b"z"


@contextlib.contextmanager
def stopping(cancel: Cancel, say: Callable[[str], None], words: Sequence[str] = RUN) -> Iterator[None]:
    """Let those signals set *cancel* meanwhile; a second one makes it hurry. Nothing is interrupted.

    A run cannot be suspended either: nobody would start again what it stopped. Messages are written by a thread that
    may wait for the terminal for ever, and for which nobody waits.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    teller = threading.Thread(target=_tell, args=(reader, say, words), name="says that it stops", daemon=True)

    def ask(number: int, _frame: FrameType | None) -> None:
        cancel.ask(by_system=number != signal.SIGINT)
        # The main thread may be in the middle of writing, so another thread writes the message.
        _send(writer, _STOP)

    def stay(_number: int, _frame: FrameType | None) -> None:
        _send(writer, _STAY)

    teller.start()
    before = {number: signal.signal(number, ask) for number in _signals()}
    if words is RUN:
        before |= {number: signal.signal(number, stay) for number in _SUSPENDING if _is_default(number)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writer)
        teller.join(_LAST_WORD)


@contextlib.contextmanager
def stoppable(console: Console) -> Iterator[Cancel]:
    """Provide what those signals set meanwhile, for a call of Borg or ssh that is no run."""
    cancel = Cancel()
    with stopping(cancel, console.say, REPOSITORY):
        yield cancel


def _send(writer: int, what: bytes) -> None:
    with contextlib.suppress(BlockingIOError):
        os.write(writer, what)


def _is_default(number: signal.Signals) -> bool:
    """Return whether a signal is not ignored: without job control, a shell makes its programs ignore these."""
    return signal.getsignal(number) is signal.SIG_DFL


def _signals() -> Sequence[signal.Signals]:
    """Return the signals to handle: under nohup(1), a closed terminal is no reason to stop."""
    nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM) if nohup else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _tell(reader: int, say: Callable[[str], None], words: Sequence[str]) -> None:
    left = list(words)
    while said := os.read(reader, 1):
        with contextlib.suppress(OutputLost):
            if said == _STAY:
                say(_(STAYS))
            elif left:
                say(_(left.pop(0)))
    os.close(reader)
