"""The wish to stop, as the engine polls it and waits on it."""

from __future__ import annotations

import time

_GLANCE = 0.05
"""Seconds between two looks while waiting."""


class Cancel:
    """Asked once, a run stops what may be stopped and does what it owes; asked again, it hurries.

    It is asked from other threads and from signal handlers. So it is two plain flags: a ``threading.Event`` takes a
    lock that the interrupted main thread may be holding.
    """

    def __init__(self) -> None:
        self.asked = False
        """Whether anybody asked to stop."""
        self.hurried = False
        """Whether somebody asked twice: what is owed may take 30 seconds a script."""
        self.keep_checkpoint = True
        """Whether Borg, when stopped, first saves what it has read so that the next backup need not send it again."""

    def ask(self) -> None:
        """Ask to stop; a second time, to hurry."""
        self.hurried = self.asked
        self.asked = True

    def wait(self, seconds: float) -> bool:
        """Wait until it is asked, but not longer than *seconds*; says whether it was."""
        end = time.monotonic() + seconds
        while not self.asked and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _GLANCE))
        return self.asked
