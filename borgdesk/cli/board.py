"""The screen that runs side by side share: lines that stay, and below them one that is written over."""

from __future__ import annotations

import threading

from borgdesk.cli.terminal import Screen, shortened

_MARGIN = 3
"""Columns left free: the terminal itself writes ``^C`` there, and at the last one some begin a new line."""


class Board:
    """Writes lines above whatever is just being done. Where lines cannot be written over, the latter is left out."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._lock = threading.Lock()
        self._doing: dict[object, str] = {}

    def line(self, text: str) -> None:
        """A line that stays."""
        with self._lock:
            self.screen.write(f"{self._clear}{text}\n{self._drawn()}")

    def show(self, who: object, text: str) -> None:
        """What *who* is doing now. Of several, the one who spoke last is seen."""
        with self._lock:
            self._doing.pop(who, None)
            self._doing[who] = text
            self.screen.write(self._clear + self._drawn())

    def done(self, who: object) -> None:
        """*who* does nothing any more."""
        with self._lock:
            if self._doing.pop(who, None) is not None:
                self.screen.write(self._clear + self._drawn())

    @property
    def _clear(self) -> str:
        return "\r\x1b[K" if self.screen.moves else ""

    def _drawn(self) -> str:
        if not self.screen.moves or not self._doing:
            return ""
        return shortened(next(reversed(self._doing.values())), (self.screen.width or 80) - _MARGIN)
