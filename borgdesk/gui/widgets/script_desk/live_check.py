"""Checking a text while it is written: at rest for a moment, then beside the window, never two checks at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from borgdesk.engine.checking import Report, check
from borgdesk.gui.background import Background

PAUSE = 250
"""Milliseconds after the last change before a check begins."""


class LiveCheck(QObject):
    """Checks the text as it is when nobody has typed for a moment; what changes meanwhile is checked next."""

    checked = Signal(object, int)
    """A Report, and the revision of the text it is about."""

    def __init__(
        self,
        background: Background,
        environment: Mapping[str, str],
        read: Callable[[], tuple[str, int] | None],
        parent: QObject | None = None,
    ) -> None:
        """*read* gives the text and its revision; None when there is nothing to check."""
        super().__init__(parent)
        self._read = read
        self._background = background
        self._environment = environment
        self._busy = False
        self._wanted = False
        self._revision = -1
        self._timer = QTimer(self, singleShot=True, interval=PAUSE)
        self._timer.timeout.connect(self._begin)

    def touch(self, *, now: bool = False) -> None:
        """The text was changed; *now* does not wait for a pause."""
        self._wanted = True
        self._timer.start(0 if now else PAUSE)

    def covers(self, revision: int) -> bool:
        """Whether the last check, over or under way, is of this text."""
        return revision == self._revision

    def _begin(self) -> None:
        if self._busy or not self._wanted:
            return
        self._wanted = False
        found = self._read()
        if found is None:
            return
        text, revision = found
        self._revision = revision
        self._busy = True
        self._background.ask(partial(check, text, self._environment), partial(self._finish, revision), self._fail, self)

    def _finish(self, revision: int, report: Report) -> None:
        self._busy = False
        self.checked.emit(report, revision)
        if not self._timer.isActive():
            self._begin()

    def _fail(self, error: Exception) -> None:
        self._busy = False
        raise error
