"""Saves edits as drafts, so that a crash loses only a second or two of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import QObject, QThreadPool, QTimer

from borgdesk.engine.scripts.drafts import Draft, Drafts
from borgdesk.engine.scripts.script_editing import Edited

PAUSE = 1500
"""Milliseconds after the last change before a draft is written, and so the most that a crash can lose."""


_PATIENCE = 1000
"""Milliseconds to wait for the last draft to be written when the window closes."""


class DraftWriter(QObject):
    """Writes a draft whenever the user pauses.

    All writes and deletions are made by one thread, so that they reach the disk in order.
    """

    def __init__(self, drafts: Drafts, unsaved: Callable[[], Edited | None], parent: QObject | None = None) -> None:
        """*unsaved* returns what to save; None if there is nothing."""
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
        """Handle that something else is shown; *kept* tells whether it has a draft."""
        self._timer.stop()
        self._key, self._kept = key, kept

    def touch(self) -> None:
        """Handle an edit."""
        self._timer.start()

    def drop(self) -> None:
        """Delete the draft, because the edits were saved or discarded."""
        self._timer.stop()
        if self._kept:
            self._kept = False
            self._thread.start(partial(self._drafts.drop, self._key))

    def wait(self) -> bool:
        """Write the present edits and wait for the disk; return whether everything was written in time."""
        self._timer.stop()
        self._keep()
        return self._thread.waitForDone(_PATIENCE)

    def _keep(self) -> None:
        edited = self._unsaved()
        if edited is None:
            self.drop()
        else:
            self._kept = True
            self._thread.start(partial(self._drafts.keep, Draft(self._key, edited, datetime.now(UTC))))
