"""Thread that makes one call to the engine and delivers its events in batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QThread

from borgdesk.domain.events import Event, OutputPrinted, Tell
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs.event_delivery import Backlog
from borgdesk.engine.runs.run_log_reader import LONGEST_SHOWN, shortened
from borgdesk.gui.workers.live_run import KEPT_LINES

INTERVAL = 100
"""Milliseconds between two deliveries to the window: at most 10 per second, however much is printed."""

_KEPT_BYTES = 1024 * 1024
"""Maximum size in bytes of the lines waiting for delivery."""

EngineCall = Callable[[Tell, Cancel], object]


class Batch(Backlog):
    """Events since the last delivery, added by the engine's threads and taken by the GUI thread."""

    def __init__(self, kept: int = KEPT_LINES) -> None:
        super().__init__(kept, _KEPT_BYTES)

    def take(self) -> list[Event]:
        """Return all events since the last call, in order, with lines shortened for display."""
        return [as_shown(event) for event in super().take()]


def as_shown(event: Event) -> Event:
    """Return the event with its lines shortened for display."""
    if not isinstance(event, OutputPrinted) or all(len(line) <= LONGEST_SHOWN for line in event.lines):
        return event
    return replace(event, lines=tuple(map(shortened, event.lines)))


class EngineThread(QThread):
    """Thread that keeps the call's result or exception."""

    def __init__(self, call: EngineCall, cancel: Cancel) -> None:
        super().__init__()
        self._call = call
        self.cancel = cancel
        self.batch = Batch()
        self.result: object = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.result = self._call(self.batch, self.cancel)
        except Exception as error:
            self.error = error
