"""The terminal screen shared by parallel runs: permanent lines, followed by status lines that are overwritten."""

from __future__ import annotations

import threading
from functools import partial

from borgdesk.cli.terminal import Screen, shortened

_MARGIN = 3
"""Columns left free: the terminal itself writes ``^C`` there, and some wrap lines at the last column."""


class LiveScreen:
    """Writes permanent lines above a status line. If lines cannot be overwritten, there is no status line."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._lock = threading.Lock()
        self._doing: dict[object, str] = {}

    def line(self, text: str) -> None:
        """Write a permanent line."""
        self.screen.offer(partial(self._line, text))

    def _line(self, text: str) -> None:
        with self._lock:
            self.screen.write(f"{self._clear}{self.screen.harmless(text)}\n{self._drawn()}")

    def show(self, who: object, text: str) -> None:
        """Show the activity of *who*. Of several, the latest is visible."""
        self.screen.offer(partial(self._show, who, text))

    def _show(self, who: object, text: str) -> None:
        with self._lock:
            self._doing.pop(who, None)
            self._doing[who] = self.screen.harmless(text)
            self.screen.write(self._clear + self._drawn())

    def done(self, who: object) -> None:
        """Remove the activity of *who*."""
        self.screen.offer(partial(self._done, who))

    def _done(self, who: object) -> None:
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
