"""Keeping what is typed in a draft, so that a crash costs a second or two of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer

from borgdesk.engine.drafts import Draft, Drafts
from borgdesk.gui.background import Background

PAUSE = 1500
"""Milliseconds after the last change before a draft is kept: what a crash can cost."""


class Drafting(QObject):
    """Writes a draft when nobody has typed for a moment."""

    def __init__(
        self, drafts: Drafts, background: Background, read: Callable[[], Draft | None], parent: QObject | None = None
    ) -> None:
        """*read* gives what to keep; None for nothing."""
        super().__init__(parent)
        self._drafts = drafts
        self._background = background
        self._read = read
        self._timer = QTimer(self, singleShot=True, interval=PAUSE)
        self._timer.timeout.connect(self._keep)

    def touch(self) -> None:
        """Something was typed."""
        self._timer.start()

    def drop(self, script_id: int | None) -> None:
        """What was typed in a script is saved, or is not wanted."""
        self._timer.stop()
        self._background.do(partial(self._drafts.drop, script_id))

    def _keep(self) -> None:
        draft = self._read()
        if draft is not None:
            self._background.do(partial(self._drafts.keep, draft))
