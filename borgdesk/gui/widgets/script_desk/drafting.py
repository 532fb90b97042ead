"""Keeping what is edited in a draft, so that a crash costs a second or two of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import QObject, QThreadPool, QTimer

from borgdesk.engine.drafts import Draft, Drafts
from borgdesk.engine.writing import Edited

PAUSE = 1500
"""Milliseconds after the last change before a draft is kept: what a crash can cost."""


class Drafting(QObject):
    """Writes a draft of what is on the desk when nobody has typed for a moment.

    One thread does it, so that what is kept and dropped comes to the disk in that order.
    """

    def __init__(self, drafts: Drafts, unsaved: Callable[[], Edited | None], parent: QObject | None = None) -> None:
        """*unsaved* gives what to keep; None for nothing."""
        super().__init__(parent)
        self._drafts = drafts
        self._unsaved = unsaved
        self._key = ""
        self._kept = False
        self._thread = QThreadPool(self)
        self._thread.setMaxThreadCount(1)
        self._timer = QTimer(self, singleShot=True, interval=PAUSE)
        self._timer.timeout.connect(self._keep)

    def begin(self, key: str, *, kept: bool = False) -> None:
        """Something else is on the desk; *kept* says that there is a draft of it."""
        self._timer.stop()
        self._key, self._kept = key, kept

    def touch(self) -> None:
        """Something was edited."""
        self._timer.start()

    def drop(self) -> None:
        """What was edited is saved, or is not wanted."""
        self._timer.stop()
        if self._kept:
            self._kept = False
            self._thread.start(partial(self._drafts.drop, self._key))

    def wait(self) -> None:
        """Wait until the disk has it all."""
        self._thread.waitForDone()

    def _keep(self) -> None:
        edited = self._unsaved()
        if edited is None:
            self.drop()
        else:
            self._kept = True
            self._thread.start(partial(self._drafts.keep, Draft(self._key, edited, datetime.now(UTC))))
