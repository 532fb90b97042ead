"""The cancellation flag that the engine polls and waits on."""

from __future__ import annotations

import time

_GLANCE = 0.05
"""Seconds between two polls while waiting."""


class Cancel:
    """A cancellation flag. Asked once, a run stops and executes what it owes; asked again, it hurries.

    It is set from other threads and from signal handlers. So it consists of plain flags: a ``threading.Event`` takes a
    lock that the interrupted main thread may be holding.
    """

    def __init__(self) -> None:
        self.asked = False
        """Whether a stop was requested."""
        self.hurried = False
        """Whether a stop was requested twice: owed scripts may then take 30 seconds each."""
        self.by_system = False
        """Whether it was the system that requested the stop, because the session or the computer ends."""
        self.abandoned = False
        """Whether nobody waits for an orderly end any more: whatever was started is to be killed at once."""
        self.keep_checkpoint = True
        """Whether a stopped Borg first saves a checkpoint, so that the next backup need not send the data again."""
        self._children: tuple[Cancel, ...] = ()

    def child(self) -> Cancel:
        """Return a flag for one of several runs of a command: set whenever this one is, but also on its own."""
        child = Cancel()
        self._children = (*self._children, child)
        child.asked, child.hurried, child.keep_checkpoint = self.asked, self.hurried, self.keep_checkpoint
        child.by_system = self.by_system
        return child

    def ask(self, *, by_system: bool = False) -> None:
        """Request a stop; a second time, request to hurry. The first request decides whether it was *by_system*."""
        self.by_system = by_system if not self.asked else self.by_system
        self.hurried = self.asked
        self.asked = True
        for child in self._children:
            child.ask(by_system=by_system)

    def abandon(self) -> None:
        """Abort whatever a window started for a query, since the program ends. Never used for a run."""
        self.asked = self.abandoned = True

    def wait(self, seconds: float) -> bool:
        """Wait at most *seconds* for a request; return whether there was one."""
        end = time.monotonic() + seconds
        while not self.asked and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _GLANCE))
        return self.asked
